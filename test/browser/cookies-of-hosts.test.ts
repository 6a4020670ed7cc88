import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import { root } from '../setup.mjs'
import { scenes, type Tab } from './support.js'

// Cookies that two hosts of one domain share, and cookies of one name that hide each other.
scenes('Cookies across hosts', (scene) => {
  let server: Server
  /** Loopback whatever it is called, so that Web Locks and cookieStore are there. */
  const host = (name: string) => `http://${name}.app.localhost:${(server.address() as AddressInfo).port}/folder/page`
  beforeAll(async () => {
    const script = readFileSync(join(root, 'dist/latchkey.min.js'), 'utf8')
    server = createServer((request, response) => {
      const isScript = request.url === '/latchkey.min.js'
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? script : '<!doctype html><title>A host of a domain</title><script src="/latchkey.min.js"></script>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const open = async (name: string) => {
    const tab = await scene.context.newTab({})
    await tab.goto(host(name))
    return tab
  }
  const start = (tab: Tab, options: Latchkey.CookieStorageOptions) =>
    tab.evaluate(async (options) => {
      globalThis.session?.close()
      globalThis.session = latchkey.createSession({ name: 'auth', storage: latchkey.cookieStorage(options), origins: [location.origin] })
      globalThis.events = []
      session.on('error', ({ error }) => events.push({ type: 'error', source: error.message, code: error.code, at: 0 }))
      await session.ready
      return session.status
    }, options)
  const enter = (tab: Tab, user: string) =>
    tab.evaluate(async (user) => session.setTokens({ access_token: `token-of-${user}`, expires_in: 600 }, { subject: user }), user)
  const stored = (tab: Tab) => tab.evaluate(() => decodeURIComponent(document.cookie))

  it('F5: of two hosts that share a cookie by its domain, each hears at once of a login and a logout of the other, and of what they do not share', async () => {
    const tabs = [await open('one'), await open('two')]
    for (const tab of tabs) expect(await start(tab, { domain: 'app.localhost' })).toBe('anonymous')
    await enter(tabs[0]!, 'alice')
    await tabs[1]!.waitFor(() => session.status === 'authenticated')
    expect(await tabs[1]!.evaluate(() => session.getAccessToken())).toBe('token-of-alice')
    await tabs[1]!.evaluate(() => session.logout())
    await tabs[0]!.waitFor(() => session.status === 'anonymous')
    expect(await tabs[0]!.evaluate(() => session.getAccessToken().then(String))).toBe('undefined')
    for (const tab of tabs) {
      const told = await tab.evaluate(() => events.map(({ code, source }) => [code, source]))
      expect(told).toEqual([['degraded', expect.stringContaining('share no lock')]])
    }
  })

  it('F4: after a release that turns a host-only cookie into one of the domain, a login works, nothing of the former stays, and a logout outlasts a reload', async () => {
    const tab = await open('one')
    await start(tab, { prefix: '' })
    await enter(tab, 'alice')
    expect(await start(tab, { domain: 'app.localhost' })).toBe('authenticated')
    await enter(tab, 'bob')
    expect(await tab.evaluate(() => session.getAccessToken())).toBe('token-of-bob')
    expect(await stored(tab)).not.toContain('alice')
    await tab.evaluate(() => session.logout())
    await tab.goto(host('one'))
    expect(await start(tab, { domain: 'app.localhost' })).toBe('anonymous')
    expect(await stored(tab)).not.toMatch(/token-of/)
    expect(await tab.evaluate(() => events.filter(({ code }) => code === 'cookie_rejected'))).toEqual([])
  })

  it.each(['/folder', '/folder/', '/folder/page'])('F4: a logout right after a release that gives up the path %s ends what the former one had stored', async (path) => {
    const tab = await open('one')
    await start(tab, { path })
    await enter(tab, 'alice')
    expect(await start(tab, {})).toBe('authenticated')
    await tab.evaluate(() => session.logout())
    expect(await stored(tab)).not.toMatch(/token-of/)
    expect(await start(tab, {})).toBe('anonymous')
  })
})
