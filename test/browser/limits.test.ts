import { expect, it } from 'vitest'
import { scenes, until } from './support.js'
import { ask, enter, hold, openWay, reload, waitForStatus, type Way } from './ways.js'

// By real clocks and real keys. Each test waits for what it is about, however long this machine takes.
scenes('Session limits', (scene) => {
  const reason = () => session.getSnapshot().reason

  it('R49: warns every tab before the idle time is over, then ends the session in all, with the reason idle', async () => {
    const limits = { idleTimeout: 6000, idleWarning: 4000 }
    const tabs = [await openWay(scene, 'indexeddb', { limits }), await openWay(scene, 'indexeddb', { limits })]
    await enter(tabs[0]!)
    for (const tab of tabs) {
      await waitForStatus(tab, 'anonymous')
      expect(await tab.evaluate(reason)).toBe('idle')
      // It is told when it is stored.
      await tab.waitFor(() => events.some(({ type }) => type === 'logout'))
      expect(await tab.evaluate(() => [warnings.length, events.filter(({ type }) => type === 'logout').length])).toEqual([1, 1])
    }
    await until(() => scene.site.state.events.some(({ sentence }) => /^Alice logged out/.test(sentence)), 'the server hears of it')
    expect(await ask(tabs[1]!)).toEqual([401])
  })

  it('R49: a warning that is answered in one tab keeps the session in all; so does a key that is pressed', async () => {
    const limits = { idleTimeout: 10_000, idleWarning: 8000 }
    const tabs = [await openWay(scene, 'cookie', { limits }), await openWay(scene, 'cookie', { limits })]
    await tabs[0]!.evaluate(() => {
      session.on('warning', ({ preventDefault }) => Object.assign(globalThis, { stay: preventDefault }))
    })
    await enter(tabs[0]!)
    // Each tab times its warning by itself. One of them is answered, when both are there.
    const first = await tabs[1]!.waitFor(() => warnings[0])
    await tabs[0]!.waitFor(() => warnings[0])
    await tabs[0]!.evaluate(() => (globalThis as unknown as { stay(): void }).stay())
    await tabs[1]!.waitFor(() => warnings.length === 2)
    expect(await tabs[1]!.evaluate(() => warnings[1])).toBeGreaterThan(first)
    await tabs[1]!.click('html') // what a person does, who moves and presses
    const answered = await tabs[0]!.evaluate(() => Number(localStorage.getItem('latchkey.activity')))
    expect(answered).toBeGreaterThan(first - limits.idleWarning)
    await tabs[0]!.waitFor((endsAt) => Date.now() > endsAt, await tabs[1]!.evaluate(() => warnings[1]!))
    expect([await ask(tabs[0]!), await ask(tabs[1]!)]).toEqual([['alice'], ['alice']])
  })

  it('R49: idle time goes on while no page is open, and no token is sent when one comes back', async () => {
    const limits = { idleTimeout: 2000 }
    const tab = await openWay(scene, 'indexeddb', { limits })
    await enter(tab)
    const endsAt = Date.now() + limits.idleTimeout
    await tab.goto(`${scene.site.url}/empty.html`)
    await until(() => Date.now() > endsAt)
    await tab.goto(`${scene.site.url}/session.html`)
    await tab.waitFor(() => globalThis.loaded)
    await hold(tab, 'indexeddb', { limits })
    expect(await ask(tab)).toEqual([401])
    expect(await tab.evaluate(reason)).toBe('idle')
    expect(scene.site.state.log.filter(({ path, headers }) => path === '/api/me' && headers.authorization)).toEqual([])
  })

  it('R50: a session lasts as long as it may, over reload, renewal and activity, in all tabs, with tokens or without', async () => {
    const limits = { absoluteLifetime: 10_000 }
    const { state } = scene.site
    const last = async (way: Way) => {
      const options = { limits, name: way }
      const tabs = [await openWay(scene, way, options), await openWay(scene, way, options)]
      await enter(tabs[0]!)
      await tabs[0]!.evaluate(() => session.refresh())
      expect(await reload(scene, tabs[1]!, way, options)).toBe('authenticated')
      // A tab that is hidden cannot be clicked.
      await tabs[1]!.evaluate(() => void dispatchEvent(new PointerEvent('pointermove')))
      for (const tab of tabs) {
        await waitForStatus(tab, 'anonymous')
        expect(await tab.evaluate(reason)).toBe('lifetime')
      }
      expect(await reload(scene, tabs[0]!, way, options)).toBe('anonymous')
    }
    await Promise.all([last('indexeddb'), last('backend')])
    expect([state.tokenRequests, state.sessionRefreshes]).toEqual([1, 1])
  })

  it('R50 R71: mixed, a reload neither ends a session that has time left, nor gives it more', async () => {
    const limits = { absoluteLifetime: 10_000 }
    const tab = await openWay(scene, 'mixed', { limits })
    const endsAt = Date.now() + limits.absoluteLifetime
    await enter(tab)
    await reload(scene, tab, 'mixed', { limits })
    expect(await ask(tab)).toEqual(['alice'])
    const loaded = Date.now()
    await waitForStatus(tab, 'anonymous')
    expect(await tab.evaluate(reason)).toBe('lifetime')
    const { at } = await tab.waitFor(() => events.find(({ type }) => type === 'logout'))
    expect(at - loaded).toBeLessThan(limits.absoluteLifetime)
    expect(at).toBeGreaterThanOrEqual(endsAt)
  })

  it('R49 R50: limits that make no sense are an invalid_option that says which; one that is shorter than the lead works', async () => {
    const tab = await openWay(scene, 'memory')
    const attempts = await tab.evaluate(() =>
      [{ idleTimeout: -1 }, { absoluteLifetime: 0 }, { idleTimeout: NaN }, { idleTimeout: 1000, idleWarning: 1000 }, {}, { idleTimeout: '5' }].map((options) => {
        try {
          latchkey.sessionLimits(options as never)
          return 'taken'
        } catch (error) {
          const { code, message } = error as { code: string; message: string }
          return `${code} ${message.split(' ').slice(0, 2).join(' ')}`
        }
      }))
    expect(attempts).toEqual([
      'invalid_option sessionLimits: idleTimeout', 'invalid_option sessionLimits: absoluteLifetime', 'invalid_option sessionLimits: idleTimeout',
      'invalid_option sessionLimits: idleWarning', 'invalid_option sessionLimits: idleTimeout', 'invalid_option sessionLimits: idleTimeout',
    ])
    const short = await openWay(scene, 'memory', { limits: { absoluteLifetime: 1000 }, refreshBefore: 60_000, name: 'short' })
    await enter(short)
    await waitForStatus(short, 'anonymous')
    expect(await short.evaluate(reason)).toBe('lifetime')
  })
}, { quiet: true })
