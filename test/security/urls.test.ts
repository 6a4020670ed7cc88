// S1 and S2: what latchkey sends by itself goes to where the app said, and nowhere else: no markup moves it, no redirect carries it on.
import { createServer, type IncomingMessage } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Recorder, scenes, startRecorder, type Tab } from '../support/index.js'
import { root } from '../setup.mjs'

let foreign: Recorder
let requests: string[] = []
/** Where the endpoints redirect to, and how. */
let redirect = 0
const tokens = '{"access_token":"new-SECRET","refresh_token":"new-SECRET","expires_in":300}'

/** A page without a policy, with the markup that somebody has got into it, and the endpoints of an app. */
const start = async () => {
  const answer = (request: IncomingMessage) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    if (pathname === '/latchkey.min.js') return [200, 'text/javascript', readFileSync(join(root, 'dist/latchkey.min.js'))] as const
    if (pathname.startsWith('/page')) return [200, 'text/html', `<!doctype html><head>${searchParams.get('markup') ?? ''}<script src="${site.url}/latchkey.min.js"></script>`] as const
    if (pathname === '/favicon.ico') return [204, 'image/png', ''] as const
    requests.push(pathname)
    if (redirect) return [redirect, 'text/plain', ''] as const
    return pathname === '/token' || pathname === '/own' ? ([200, 'application/json', tokens] as const) : ([204, 'text/plain', ''] as const)
  }
  const server = createServer((request, response) => {
    const [status, type, body] = answer(request)
    request.resume().on('end', () => response.writeHead(status, { 'Content-Type': type, ...(redirect && status === redirect && { Location: `${foreign.url}/stolen` }) }).end(status === 204 ? undefined : body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => (server.closeAllConnections(), void server.close())
  const site = { url: `http://localhost:${(server.address() as AddressInfo).port}`, state: { reset: () => {} }, close }
  return site as never
}

/** The life of each kind of session: what it sends by itself. `meanwhile` is what happens between its making and its use. */
const live = (tab: Tab, base?: string, kinds = ['grant', 'own', 'cookie']) =>
  tab.evaluate(async (base, kinds) => {
    document.cookie = 'csrf=value-SECRET; path=/'
    const { cookieSession, createSession, memoryStorage, refreshTokenGrant } = globalThis.latchkey
    const made = {
      grant: createSession({ name: 'grant', storage: memoryStorage(), refresh: refreshTokenGrant({ url: '/token', revokeUrl: '/revoke' }) }),
      own: createSession({
        name: 'own', storage: memoryStorage(),
        refresh: ({ refreshToken }, { fetch, signal }) => fetch('/own', { method: 'POST', body: refreshToken!, signal }),
        revoke: ({ refreshToken }, { fetch, signal }) => fetch('/own-revoke', { method: 'POST', body: refreshToken!, signal }),
      }),
      cookie: createSession({ name: 'cookie', storage: memoryStorage(), scheme: cookieSession({ refreshUrl: '/renew', logoutUrl: '/logout', csrfCookie: 'csrf', headers: {} }) }),
    }
    if (base) {
      const element = document.createElement('base')
      element.href = base
      document.head.prepend(element)
    }
    const outcomes: Record<string, string> = {}
    for (const [name, session] of Object.entries(made).filter(([name]) => kinds.includes(name))) {
      await session.setTokens((name === 'cookie' ? {} : { access_token: 'old-SECRET', refresh_token: 'old-SECRET' }) as never)
      outcomes[name] = await session.refresh().then(() => 'renewed', (error) => error.code)
      if (session.status !== 'authenticated') outcomes[name] += ' and ended'
      await session.logout()
    }
    return outcomes
  }, base, kinds)

const all = ['/logout', '/own', '/own-revoke', '/renew', '/revoke', '/revoke', '/token']

scenes('What latchkey sends by itself', (scene) => {
  beforeAll(async () => {
    // As an attacker would answer, if asked.
    foreign = await startRecorder((_, response) => response.setHeader('Content-Type', 'application/json').writeHead(400).end('{"error":"invalid_grant"}'))
  })
  afterAll(() => foreign.close())
  beforeEach(() => {
    requests = []
    foreign.requests.length = 0
    redirect = 0
  })
  const settled = async () => {
    await expect.poll(() => [...requests].sort()).toEqual(all)
    expect(foreign.requests).toEqual([])
  }

  it('S1: is not moved by a <base> that was in the page before the session', async () => {
    const tab = await scene.open({ page: `page?markup=${encodeURIComponent(`<base href="${foreign.url}/">`)}` })
    expect(await tab.evaluate(() => document.baseURI)).toContain(foreign.url)
    expect(await live(tab)).toEqual({ grant: 'renewed', own: 'renewed', cookie: 'renewed' })
    await settled()
  })

  it('S1: is not moved by a <base> that comes into the page after the session was made', async () => {
    const tab = await scene.open({ page: 'page' })
    expect(await live(tab, `${foreign.url}/`)).toEqual({ grant: 'renewed', own: 'renewed', cookie: 'renewed' })
    await settled()
  })

  it('S1: is not moved by a <base> that was in front of the script tag', async () => {
    const markup = `<base href="${foreign.url}/">`
    const tab = await scene.open({ page: `page?markup=${encodeURIComponent(markup)}` })
    const renewed = await tab.evaluate(async () => {
      const script = document.createElement('script')
      Object.assign(script.dataset, { refreshUrl: '/token', revokeUrl: '/revoke', storage: 'memory' })
      script.src = `${location.origin}/latchkey.min.js`
      await new Promise((resolve) => {
        script.onload = resolve
        document.head.append(script)
      })
      const { session } = globalThis.latchkey
      await session!.setTokens({ access_token: 'old-SECRET', refresh_token: 'old-SECRET' })
      return session!.refresh().then(() => true)
    })
    expect([renewed, requests, foreign.requests]).toEqual([true, ['/token'], []])
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`S2: does not follow a redirect (${status}) to another origin, whose answer counts for nothing`, async () => {
      const tab = await scene.open({ page: 'page' })
      redirect = status
      expect(await live(tab, undefined, ['grant', 'cookie'])).toEqual({ grant: 'misconfigured', cookie: 'misconfigured' })
      await expect.poll(() => [...requests].sort()).toEqual(['/logout', '/renew', '/revoke', '/revoke', '/token'])
      expect(foreign.requests).toEqual([])
    })
  }

  it('S2: a call that only reads takes no CSRF value to where it is redirected', async () => {
    const tab = await scene.open({ page: 'page' })
    redirect = 302
    await tab.evaluate(async () => {
      document.cookie = 'csrf=value-SECRET; path=/'
      const { cookieSession, createSession, memoryStorage } = globalThis.latchkey
      const session = createSession({ storage: memoryStorage(), scheme: cookieSession({ csrfCookie: 'csrf', headers: {} }) })
      await session.setTokens({})
      await session.fetch('/read').catch(() => {})
    })
    expect(foreign.requests.map(({ path, headers }) => [path, headers['x-csrf-token']])).toEqual([['/stolen', undefined]])
  })
}, {}, start)
