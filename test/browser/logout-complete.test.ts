import { expect, it } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import { scenes, SECRET, type Tab, until } from './support.js'
import { ask, enter, openWay, reload, waitForStatus } from './ways.js'

// What is left in the browser after a logout, whatever stood in its way.
scenes('A logout', (scene) => {
  const cookiesOf = async (tab: Tab) => (await (await tab.cdp!()).send('Network.getCookies')).cookies

  const variants: Latchkey.CookieStorageOptions[] = [
    {},
    { maxAge: 600_000 },
    { secure: true, sameSite: 'none' },
    { secure: true, sameSite: 'none', partitioned: true },
    { domain: 'localhost' },
    { path: '/session.html' },
  ]
  it('R33 C22: leaves no token in any variant of the cookies it wrote, Partitioned and those of a path and a domain included', async () => {
    const tab = await scene.open()
    await tab.evaluate(async (variants) => {
      const refresh = latchkey.refreshTokenGrant({ url: '/oauth/token', clientId: 'demo' })
      const sessions = variants.map((options, index) =>
        latchkey.createSession({ refresh, storage: latchkey.cookieStorage({ ...options, mirror: `token${index}` }), origins: [api], name: `session${index}` }))
      for (const session of sessions) await session.setTokens(await login())
      Object.assign(globalThis, { logOut: () => Promise.all(sessions.map((session) => session.logout())) })
    }, variants)
    const names = (kind: string) => variants.map((_, index) => `${kind}${index}`)
    const written = (await cookiesOf(tab)).sort((a, b) => a.name.localeCompare(b.name))
    expect(written.map(({ name }) => name)).toEqual([...names('session'), ...names('token')])
    expect(written.every(({ value }) => SECRET.test(value))).toBe(true)
    expect(written.slice(0, variants.length).map(({ partitionKey, secure, path }) => [!!partitionKey, secure, path])).toEqual(
      variants.map(({ partitioned = false, secure = false, path = '/' }) => [partitioned, secure, path]))

    await tab.evaluate(() => (globalThis as unknown as { logOut(): Promise<void[]> }).logOut())
    const left = await cookiesOf(tab)
    expect(left.map(({ name }) => name).sort()).toEqual(names('session')) // tombstones
    expect(left.filter(({ value }) => SECRET.test(value))).toEqual([])
  })

  it.each(['encrypted', 'cookie', 'mixed', 'backend'] as const)('R32 R34: held by %s, is complete while the network is gone, in every tab, and stays so after a reload', async (way) => {
    const tabs = [await openWay(scene, way)]
    await enter(tabs[0]!)
    tabs.push(await openWay(scene, way))
    await waitForStatus(tabs[1]!, 'authenticated')
    for (const tab of tabs) await tab.setOffline!(true)
    await tabs[0]!.evaluate(() => session.logout())
    for (const tab of tabs) await waitForStatus(tab, 'anonymous')
    expect(await tabs[1]!.evaluate(() => dump())).not.toMatch(/eyJ|sealed/)
    expect(await ask(tabs[1]!)).toEqual(['TypeError'])
    await tabs[0]!.waitFor(() => events.some(({ code }) => code === 'revocation_failed'))
    for (const tab of tabs) await tab.setOffline!(false)
    expect(await reload(scene, tabs[1]!, way)).toBe('anonymous')
    expect(scene.site.state.log.filter(({ path, headers }) => /\/me$/.test(path) && headers.authorization)).toEqual([])
  })

  it.each(['indexeddb', 'encrypted'] as const)('R40: held by %s, clears memory though storage throws, and storage when it works again', async (way) => {
    const tab = await openWay(scene, way)
    await enter(tab)
    await tab.evaluate(() => {
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('No space left', 'QuotaExceededError')
      }
      Object.assign(globalThis, { mend: () => (IDBObjectStore.prototype.put = put) })
    })
    await tab.evaluate(() => session.logout())
    expect(await tab.evaluate(() => [session.status, events.filter(({ code }) => code === 'storage_failed').length])).toEqual(['anonymous', 1])
    expect(await ask(tab)).toEqual([401])
    await tab.evaluate(() => {
      ;(globalThis as unknown as { mend(): void }).mend()
      dispatchEvent(new Event('focus')) // somebody looks at the page again
    })
    await tab.waitFor(async () => !/eyJ|sealed/.test(await dump()))
    expect(await reload(scene, tab, way)).toBe('anonymous')
  })

  it('R32: aborts calls that are under way, by option, in every tab, and leaves those alone that are not its own', async () => {
    const tabs = [await openWay(scene, 'indexeddb', { abort: true }), await openWay(scene, 'indexeddb', { abort: true })]
    await enter(tabs[0]!)
    await waitForStatus(tabs[1]!, 'authenticated')
    await tabs[1]!.evaluate(() => {
      globalThis.pending = Promise.all([
        session.fetch(`${api}/api/slow?ms=30000`).then(({ status }) => status, ({ code }) => code as string),
        fetch('/empty.html').then(({ status }) => status),
      ])
    })
    await until(() => scene.site.state.log.some(({ path, method }) => path === '/api/slow' && method === 'GET'), 'the call is under way')
    await tabs[0]!.evaluate(() => session.logout())
    expect(await tabs[1]!.evaluate(() => pending)).toEqual(['session_ended', 200])
    expect(scene.site.state.log.filter(({ path, method }) => path === '/api/slow' && method === 'GET')).toHaveLength(1)
  })
}, { quiet: true })
