import { expect, it } from 'vitest'
import { scenes, SECRET, type Tab, until } from './support.js'
import { ask, control, enter, openWay, reload, waitForStatus } from './ways.js'

// The page holds no token; the demo's backend keeps the session in an HttpOnly cookie. Otherwise all is as with tokens.
scenes('A cookie session', (scene) => {
  const openTabs = async (count: number) => {
    const tabs: Tab[] = []
    while (tabs.length < count) tabs.push(await openWay(scene, 'backend'))
    return tabs
  }
  const storm = async (tabs: Tab[]) => (await Promise.all(tabs.map((tab) => ask(tab, 10)))).flat()

  it('R71 R2: five tabs, then twenty, with ten calls each and a session that has expired, send one renewal', async () => {
    const { state } = scene.site
    const tabs = await openTabs(5)
    await enter(tabs[0]!)
    for (const tab of tabs) await waitForStatus(tab, 'authenticated')
    await control(scene, '/_expire-all')
    expect(await storm(tabs)).toEqual(Array(50).fill('alice'))
    expect(state).toMatchObject({ sessionRefreshes: 1, tokenRequests: 0 })

    tabs.push(...(await openTabs(15)))
    await enter(tabs[7]!)
    const marks = async () => new Set(await Promise.all(tabs.map((tab) => tab.evaluate(() => session.getSnapshot().expiresAt))))
    await until(async () => (await marks()).size === 1, 'all tabs know of the new login')
    state.sessionRefreshes = 0
    await control(scene, '/_expire-all')
    expect(await storm(tabs)).toEqual(Array(200).fill('alice'))
    expect(state.sessionRefreshes).toBe(1)
  })

  it('R71 R56: a call that was refused is replayed after the renewal, body and all, with the CSRF headers', async () => {
    const { state } = scene.site
    const tab = await openWay(scene, 'backend')
    await enter(tab)
    await control(scene, '/_expire-all')
    expect(await tab.evaluate(async () => (await session.fetch('/backend/me', { method: 'POST', body: 'x' })).status)).toBe(200)
    const sent = state.log.filter(({ path, method }) => path.startsWith('/backend/') && method === 'POST' && path !== '/backend/login')
    expect(sent.map(({ path, status, headers }) => [path, status, headers['x-csrf'], !!headers['x-csrf-token'], headers.authorization])).toEqual([
      ['/backend/me', 401, '1', true, undefined],
      ['/backend/refresh', 200, '1', true, undefined],
      ['/backend/me', 200, '1', true, undefined],
    ])
    expect(await tab.evaluate(() => session.getAccessToken())).toBeUndefined()
  })

  it('R71 R42: is renewed before it expires, once for all tabs', async () => {
    const { state } = scene.site
    state.faults.lifetime = 5
    const tabs = await openTabs(3)
    await enter(tabs[0]!)
    await until(() => state.sessionRefreshes === 2, 'two renewals that nobody asked for')
    for (const tab of tabs) await waitForStatus(tab, 'authenticated')
    expect(await ask(tabs[1]!)).toEqual(['alice'])
    expect(state.unauthorized).toBe(0)
    state.faults.lifetime = null
  })

  it('R71 R35 R37: a logout ends every tab and, once, the session at the server, whose cookies are gone', async () => {
    const { state } = scene.site
    const tabs = await openTabs(3)
    await enter(tabs[0]!)
    for (const tab of tabs) await waitForStatus(tab, 'authenticated')
    await tabs[1]!.evaluate(() => session.logout())
    for (const tab of tabs) await waitForStatus(tab, 'anonymous')
    await until(() => state.revocations === 1, 'the server ends the session')
    await tabs[2]!.waitFor(() => !document.cookie.includes('csrf'))
    const { cookies } = await (await tabs[0]!.cdp!()).send('Network.getCookies')
    expect(cookies).toEqual([])
    expect(await reload(scene, tabs[0]!, 'backend')).toBe('anonymous')
    expect(state.revocations).toBe(1)
    expect(await tabs[2]!.evaluate(() => dump())).not.toMatch(SECRET)
  })

  it('R78: a session that the server ended is over everywhere, and the reason is rejected', async () => {
    const tabs = await openTabs(2)
    await enter(tabs[0]!)
    await waitForStatus(tabs[1]!, 'authenticated')
    await control(scene, '/_revoke-all')
    expect(await ask(tabs[0]!)).toEqual([401])
    for (const tab of tabs) {
      await waitForStatus(tab, 'anonymous')
      expect(await tab.evaluate(() => session.getSnapshot().reason)).toBe('rejected')
    }
    expect(scene.site.state.sessionRefreshes).toBe(1)
  })

  it('R71: keeps every token, and the session cookie, out of what script can read', async () => {
    const tab = await openWay(scene, 'backend')
    await enter(tab)
    expect(await tab.evaluate(() => dump())).not.toMatch(/eyJ|session=/)
    const { cookies } = await (await tab.cdp!()).send('Network.getCookies')
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]).sort()).toEqual([
      ['csrf', false, 'Strict'], ['session', true, 'Strict'], ['session_expires', false, 'Strict'],
    ])
  })

  it('R71: a CSRF cookie of a wrong name is csrf_cookie_missing for a call that changes something, misconfigured for a renewal, and ends nothing', async () => {
    const tab = await openWay(scene, 'backend', { cookies: { csrfCookie: 'xsrf' } })
    await enter(tab)
    const post = () => session.fetch('/backend/me', { method: 'POST' }).then(({ status }) => status, ({ code }) => code)
    expect(await tab.evaluate(post)).toBe('csrf_cookie_missing')
    const error = await tab.evaluate(() => session.refresh().catch(({ code, message }) => ({ code, message })))
    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('xsrf') })
    expect(await tab.evaluate(() => session.status)).toBe('authenticated')
    expect(scene.site.state.log.filter(({ path }) => path === '/backend/me' || path === '/backend/refresh')).toEqual([])
  })

  it('R46 R71: reads the expiry from the hint cookie; when that is rubbish it is unknown, and a 401 tells', async () => {
    const { state } = scene.site
    state.faults.omitExpiresIn = true
    const tab = await openWay(scene, 'backend')
    await enter(tab)
    expect(await tab.evaluate(() => session.getSnapshot().expiresAt! > Date.now())).toBe(true)

    for (const rubbish of ['soon', '-1', '1e400', '%00', '']) {
      await tab.evaluate(async (rubbish) => {
        document.cookie = `session_expires=${rubbish};path=/;samesite=strict`
        await session.setTokens({})
      }, rubbish)
      expect([rubbish, await tab.evaluate(() => session.getSnapshot().expiresAt)]).toEqual([rubbish, undefined])
    }
    await control(scene, '/_expire-all')
    expect(await ask(tab)).toEqual(['alice'])
    expect(state.sessionRefreshes).toBe(1)
  })

  it('R71: takes a visitor without any cookie for anonymous, and asks nobody', async () => {
    const tab = await openWay(scene, 'backend', { resume: true })
    expect(await tab.evaluate(() => [session.status, session.getSnapshot().reason ?? 'none', events.length])).toEqual(['anonymous', 'none', 0])
    expect(scene.site.state.sessionRefreshes).toBe(0)
  })

  it('R71: asks once after a login that came by redirect, in a page that knows of none', async () => {
    const { state } = scene.site
    const tab = await scene.open()
    await tab.evaluate(async () => void (await fetch('/backend/login', { method: 'POST', body: new URLSearchParams({ user: 'bob', password: 'builder' }) })))
    const seen = await tab.evaluate(async () => {
      await load('/ways.js')
      globalThis.hold('backend', { resume: true })
      return [session.status, ...(await globalThis.ask(5)), session.status]
    })
    expect(seen).toEqual(['loading', ...Array(5).fill('bob'), 'authenticated'])
    expect(state.sessionRefreshes).toBe(1)
  })
}, { quiet: true })
