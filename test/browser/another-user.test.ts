import { expect, it } from 'vitest'
import { scenes, until } from './support.js'
import { ask, enter, openWay, waitForStatus, type Way } from './ways.js'

// Bob logs in where Alice is signed in, while her tokens are being refreshed and calls of hers wait for them.
scenes('Another user', (scene) => {
  const meetings: Way[] = ['encrypted', 'cookie', 'backend']
  it.each(meetings)('R43: held by %s, a login is a change in other tabs; calls that waited are rejected, never sent as the other user', async (way) => {
    const { state } = scene.site
    const requests = () => state.tokenRequests + state.sessionRefreshes
    const [tab, other] = [await openWay(scene, way), await openWay(scene, way)]
    state.faults.lifetime = 1
    await enter(tab)
    await waitForStatus(other, 'authenticated')
    state.faults.delayToken = 7000
    await until(() => requests() === 1, 'the refresh that is due is under way')
    await other.waitFor(() => session.getSnapshot().expiresAt! < Date.now())
    await other.evaluate(() => { pending = globalThis.ask(3) })
    state.faults.lifetime = 600
    const { length } = state.log
    await enter(tab, 'bob')
    expect(await other.evaluate(() => pending)).toEqual(Array(3).fill('session_changed'))
    await other.waitFor(() => events.some(({ type, source }) => type === 'change' && source === 'remote'))
    expect(state.log.slice(length).filter(({ path }) => /\/me$/.test(path))).toEqual([])

    // Her refresh is answered now: what it brought is given back where it has a worth of its own.
    if (way === 'backend') await until(() => state.log.find(({ path }) => path === '/backend/refresh')?.status === 200)
    else await until(() => state.events.some(({ sentence }) => /^Alice logged out/.test(sentence)), 'the server hears that her tokens are not wanted')
    state.faults.delayToken = 0
    expect([await ask(tab), await ask(other)]).toEqual([['bob'], ['bob']])
    for (const each of [tab, other]) {
      expect(await each.evaluate(() => events.filter(({ type }) => type === 'logout' || type === 'refresh'))).toEqual([])
    }
    expect(state.events.filter(({ sentence }) => /^Bob logged out/.test(sentence))).toEqual([])
  })
}, { quiet: true })
