import { expect, it } from 'vitest'
import { scenes, SECRET, type Tab, until } from './support.js'
import { ask, control, enter, hold, openWay, reload, waitForStatus, type Way } from './ways.js'

// What each way of holding a session promises of a reload, of other tabs, and of a private window.
scenes('Ways to hold a session', (scene) => {
  const kept: [Way, string, 'authenticated' | 'anonymous', number][] = [
    ['indexeddb', 'is kept', 'authenticated', 0],
    ['encrypted', 'is kept', 'authenticated', 0],
    ['cookie', 'is kept', 'authenticated', 0],
    ['backend', 'is kept', 'authenticated', 0],
    ['memory', 'is lost', 'anonymous', 0],
    ['mixed', 'is had again by one refresh for ten calls', 'authenticated', 1],
  ]
  it.each(kept)('R71: after a reload a session held by %s %s', async (way, _, status, refreshes) => {
    const { state } = scene.site
    const tab = await openWay(scene, way)
    await enter(tab)
    expect(await ask(tab)).toEqual(['alice'])
    state.tokenRequests = 0 // mixed had asked before the login
    expect(await reload(scene, tab, way)).toBe(status)
    expect(await ask(tab, 10)).toEqual(Array(10).fill(status === 'anonymous' ? 401 : 'alice'))
    expect(state.tokenRequests + state.sessionRefreshes).toBe(refreshes)
    expect(tab.problems).toEqual([])
  })

  it('R71: mixed, three tabs that are loaded at once take turns with the cookie, and no refresh token is spent twice', async () => {
    const { state } = scene.site
    const tabs = [await openWay(scene, 'mixed')]
    await enter(tabs[0]!)
    state.tokenRequests = 0
    tabs.push(await scene.open(), await scene.open())
    await tabs[0]!.goto(`${scene.site.url}/session.html`)
    await tabs[0]!.waitFor(() => globalThis.loaded)
    const answers = await Promise.all(tabs.map(async (tab: Tab) => {
      await hold(tab, 'mixed')
      return ask(tab, 10)
    }))
    expect(answers.flat()).toEqual(Array(30).fill('alice'))
    expect(state).toMatchObject({ tokenRequests: 3, rotations: 3, spentTwice: 0, reuses: 0 })
    expect(await tabs[0]!.evaluate(() => dump())).not.toMatch(SECRET)
  })

  it('R71: mixed, with the access token in IndexedDB, other tabs need no request at all, and one refresh serves all', async () => {
    const { state } = scene.site
    const options = { storage: 'indexeddb' } as const
    const tabs = [await openWay(scene, 'mixed', options)]
    await enter(tabs[0]!)
    state.tokenRequests = 0
    for (let more = 0; more < 2; more++) tabs.push(await openWay(scene, 'mixed', options))
    expect((await Promise.all(tabs.map((tab) => ask(tab, 5)))).flat()).toEqual(Array(15).fill('alice'))
    expect(state.tokenRequests).toBe(0)
    await control(scene, '/_expire-all')
    expect((await Promise.all(tabs.map((tab) => ask(tab, 5)))).flat()).toEqual(Array(15).fill('alice'))
    expect(state).toMatchObject({ tokenRequests: 1, spentTwice: 0 })
  })

  it('R71 R32: mixed, a logout ends all tabs and the family of the cookie, and a reload asks nobody', async () => {
    const { state } = scene.site
    const tabs = [await openWay(scene, 'mixed')]
    await enter(tabs[0]!)
    tabs.push(await openWay(scene, 'mixed'))
    expect(await ask(tabs[1]!)).toEqual(['alice'])
    const { tokenRequests } = state
    await tabs[1]!.evaluate(() => session.logout())
    for (const tab of tabs) await waitForStatus(tab, 'anonymous')
    await until(() => state.events.some(({ sentence }) => /^Alice logged out/.test(sentence)), 'the server ends the session')
    expect(await reload(scene, tabs[0]!, 'mixed')).toBe('anonymous')
    expect(await ask(tabs[0]!)).toEqual([401])
    expect(state.tokenRequests).toBe(tokenRequests)
    const { cookies } = await (await tabs[0]!.cdp!()).send('Network.getCookies')
    expect(cookies.filter(({ value }) => SECRET.test(value))).toEqual([])
  })

  it.each(['encrypted', 'mixed', 'backend'] as const)('C67: in a private window a session held by %s works, and is its own', async (way) => {
    const tab = await openWay(scene, way)
    await enter(tab)
    const elsewhere = await scene.engine.newContext()
    try {
      const other = await elsewhere.newTab()
      await other.goto(`${scene.site.url}/session.html`)
      await other.waitFor(() => globalThis.loaded)
      await hold(other, way)
      await waitForStatus(other, 'anonymous')
      await enter(other, 'bob')
      expect([await ask(tab), await ask(other)]).toEqual([['alice'], ['bob']])
      await other.evaluate(() => session.logout())
      await waitForStatus(other, 'anonymous')
      expect(await ask(tab)).toEqual(['alice'])
    } finally {
      await elsewhere.close()
    }
  })
}, { quiet: true })
