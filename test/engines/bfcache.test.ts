import { expect, it } from 'vitest'
import { resume, scenes, SECRET, signIn, storeExpired, tokensUsed, type Tab, until } from '../support/index.js'

scenes('The back/forward cache', (scene) => {
  const leave = (tab: Tab) => tab.goto(`${scene.site.url}/empty.html`)

  /** Goes back, and answers with what pages/session.js saw and did in the event that brought it back. */
  const comeBack = async (tab: Tab) => {
    await tab.back()
    return tab.waitFor(() => globalThis.loaded && globalThis.returns?.[0]?.answer !== undefined && returns[0])
  }

  it('R76 C56: an idle page with a session comes back from the cache, and works', async () => {
    const tab = await scene.open()
    await signIn(tab)
    expect(await tab.evaluate(() => call())).toEqual([200])
    await leave(tab)
    expect(await comeBack(tab)).toEqual({ status: 'authenticated', answer: 200 })
  })

  it('R36 C54 C57: a cached page is not thrown out by a logout elsewhere, and attaches nothing when it comes back', async () => {
    const tab = await scene.open()
    await signIn(tab)
    expect(await tab.evaluate(() => call())).toEqual([200])
    await leave(tab)

    const other = await scene.open()
    expect(await resume(other)).toBe('authenticated')
    await other.evaluate(() => session.logout())

    const { log } = scene.site.state
    const before = tokensUsed(log).length
    expect(await comeBack(tab)).toMatchObject({ answer: 401 })
    await tab.waitFor(() => session.status === 'anonymous')
    expect(tokensUsed(log).slice(before)).toEqual([undefined])
    expect(await tab.evaluate(() => events.at(-1))).toMatchObject({ type: 'logout', source: 'remote', reason: 'logout' })
    expect(await tab.evaluate(() => dump())).not.toMatch(SECRET)
  })

  it('C54: a cached page sends nothing under the user who signed in elsewhere before it has seen the change', async () => {
    const tab = await scene.open()
    await signIn(tab)
    await leave(tab)

    const other = await scene.open()
    await other.evaluate(async () => {
      await begin().setTokens(await login('bob', 'builder'))
    })
    const token = await other.evaluate(() => session.getAccessToken())

    const { log } = scene.site.state
    const before = tokensUsed(log).length
    await comeBack(tab)
    await tab.waitFor(() => session.unverifiedClaims?.sub === 'bob')
    expect(await tab.evaluate(() => events.at(-1))).toMatchObject({ type: 'change', source: 'remote' })
    for (const used of tokensUsed(log).slice(before)) expect([undefined, `Bearer ${token}`]).toContain(used)
  })

  it('S10: a keepalive call in the event that brings the page back takes no token of the former user along', async () => {
    const tab = await scene.open()
    await signIn(tab)
    await tab.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => {
        if (persisted) void session.fetch(`${api}/api/beacon`, { method: 'POST', body: 'x', keepalive: true }).catch(() => {})
      })
    })
    await leave(tab)

    const other = await scene.open({ inWindow: true })
    await other.evaluate(async () => {
      await begin().setTokens(await login('bob', 'builder'))
    })
    await comeBack(tab)
    const beacons = () => scene.site.state.log.filter(({ method, path }) => method === 'POST' && path.startsWith('/api/beacon'))
    await until(() => beacons().length === 1)
    expect(tokensUsed(beacons())).toEqual([undefined])
  })

  it('C55: a page that left during a refresh and came back does not wait for it for ever', async () => {
    const tab = await scene.open()
    await storeExpired(tab, 'indexeddb')
    scene.site.state.faults.delayTokenBefore = 4000
    await tab.evaluate(() => {
      void begin().refresh().catch(() => {})
    })
    await until(() => scene.site.state.tokenRequests === 1)
    await leave(tab)
    scene.site.state.faults.delayTokenBefore = 0
    await tab.back()
    await tab.waitFor(() => globalThis.loaded && (globalThis.session ?? begin()))
    expect(await tab.evaluate(() => call())).toEqual([200])
  })
}, { grace: 30 })
