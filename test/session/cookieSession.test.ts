import { beforeEach, describe, expect, test } from 'vitest'
import { createSessionOn } from '../../src/createSession.js'
import { cookieSession, type CookieSessionOptions } from '../../src/schemes/cookieSession.js'
import type { Session, SessionOptions } from '../../src/types.js'
import { createBrowser, createTab, type Tab } from '../simulation/platform.js'
import { createDisk, diskStorage } from '../simulation/store.js'
import { createWorld } from '../simulation/world.js'

const APP = 'https://app.example.com'

/** A backend that keeps the tokens of one browser in its HttpOnly cookie: what `cookie` stands for. */
const bench = (options: CookieSessionOptions = {}) => {
  const world = createWorld()
  const browser = createBrowser(world)
  const disk = createDisk()
  const backend = {
    /** The generation of the cookies the browser holds; 0 is signed out. */
    cookie: 0,
    expiresAt: 0,
    lifetime: 300_000,
    answer: undefined as object | undefined,
    seen: [] as { path: string; method: string; csrf: string | null; token: string | null; credentials: RequestCredentials; authorization: string | null; status: number }[],
  }
  const handle = (tab: Tab, request: Request) =>
    new Promise<Response>((resolve, reject) => {
      const { pathname, origin } = new URL(request.url)
      const respond = (status: number, body: string | null = null) => {
        backend.seen.push({
          path: pathname, method: request.method, status, credentials: request.credentials,
          csrf: request.headers.get('X-CSRF'), token: request.headers.get('X-CSRF-Token'), authorization: request.headers.get('Authorization'),
        })
        world.schedule(tab, 20, () => resolve(new Response(body, { status })))
      }
      request.signal.addEventListener('abort', () => reject(request.signal.reason))
      world.schedule(undefined, 20, () => {
        const withCookies = request.credentials === 'include' || origin === APP
        if (!request.headers.get('X-CSRF')) return respond(403)
        if (!withCookies || !backend.cookie) return respond(401)
        if (pathname === '/session/refresh') {
          backend.cookie++
          backend.expiresAt = world.time + backend.lifetime
          return respond(backend.answer ? 200 : 204, backend.answer ? JSON.stringify(backend.answer) : null)
        }
        if (pathname === '/session/logout') {
          backend.cookie = 0
          return respond(204)
        }
        respond(world.time < backend.expiresAt ? 200 : 401)
      })
    })
  const login = () => {
    backend.cookie++
    backend.expiresAt = world.time + backend.lifetime
  }
  const settled = async <Result>(promise: Promise<Result>) => {
    let outcome: { value: Result } | { error: unknown } | undefined
    promise.then((value) => (outcome = { value }), (error) => (outcome = { error }))
    await world.runUntil(() => !!outcome, 60_000)
    if (!outcome) throw new Error('Not settled within a minute')
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
  const open = async (more: Partial<SessionOptions> = {}): Promise<{ tab: Tab; session: Session; events: string[] }> => {
    const tab = createTab(browser, 'tab', handle)
    const session = createSessionOn(tab.platform, {
      scheme: cookieSession({ refreshUrl: '/session/refresh', logoutUrl: '/session/logout', ...options }),
      storage: diskStorage(disk, tab),
      ...more,
    })
    const events: string[] = []
    for (const type of ['login', 'refresh', 'change', 'logout'] as const) {
      session.on(type, (event) => events.push([type, event.source, ...('reason' in event ? [event.reason] : [])].join(':')))
    }
    if (!more.resume) await settled(session.ready)
    return { tab, session, events }
  }
  const refreshes = () => backend.seen.filter(({ path }) => path === '/session/refresh').length
  return { world, disk, backend, login, open, settled, refreshes }
}

describe('cookieSession', () => {
  let b: ReturnType<typeof bench>
  beforeEach(() => {
    b = bench()
  })

  test('R71: calls carry the cookies and the CSRF header, and no Authorization', async () => {
    const { session } = await b.open({ origins: [APP, 'https://api.example.com'] })
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await b.settled(session.fetch(`${APP}/api`))
    await b.settled(session.fetch('https://api.example.com/things', { method: 'POST', body: 'x' }))
    expect(b.backend.seen).toMatchObject([
      { path: '/api', csrf: '1', authorization: null, status: 200 },
      { path: '/things', csrf: '1', authorization: null, credentials: 'include', status: 200 },
    ])
  })
  test('R71 R51: other origins get neither', async () => {
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await b.settled(session.fetch('https://elsewhere.example/'))
    expect(b.backend.seen).toMatchObject([{ csrf: null, credentials: 'same-origin' }])
  })
  test('R71: credentials and headers that the caller set are left alone', async () => {
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await b.settled(session.fetch('/api', { credentials: 'omit', headers: { 'X-CSRF': 'mine' } }))
    expect(b.backend.seen).toMatchObject([{ csrf: 'mine', credentials: 'omit' }])
  })
  test('R71: there is no token in the page, and none to hand out', async () => {
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    expect(session.status).toBe('authenticated')
    expect(await b.settled(session.getAccessToken())).toBeUndefined()
  })
  test('R71 R2: twenty tabs with expired cookies send one refresh', async () => {
    const tabs = []
    for (let i = 0; i < 20; i++) tabs.push(await b.open())
    b.login()
    await b.settled(tabs[0]!.session.setTokens({ expires_in: 300 }))
    b.backend.expiresAt = 0
    await b.world.run(100)
    const answers = await b.settled(Promise.all(tabs.map(({ session }) => session.fetch('/api'))))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(b.refreshes()).toBe(1)
  })
  test('R71: is refreshed before it expires, as the answer said', async () => {
    b.backend.answer = { expires_in: 300 }
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await b.world.run(3_600_000)
    expect(session.status).toBe('authenticated')
    expect(b.refreshes()).toBeGreaterThan(10)
    expect(b.refreshes()).toBeLessThan(20)
    expect(b.backend.seen.every(({ status }) => status < 300)).toBe(true)
  })
  test('R46 R71: without a word on expiry it is refreshed after a 401, and the call replayed', async () => {
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({}))
    b.backend.expiresAt = 0
    expect((await b.settled(session.fetch('/api'))).status).toBe(200)
    expect(b.backend.seen.map(({ path, status }) => [path, status])).toEqual([['/api', 401], ['/session/refresh', 204], ['/api', 200]])
  })
  test('R71 R35: a logout reaches every tab, and the server once', async () => {
    const one = await b.open()
    const two = await b.open()
    b.login()
    await b.settled(one.session.setTokens({ expires_in: 300 }))
    await b.world.run(100)
    await b.settled(one.session.logout())
    await b.world.run(500)
    expect(two.events).toEqual(['login:remote', 'logout:remote:logout'])
    expect(b.backend.seen.map(({ path }) => path)).toEqual(['/session/logout'])
    expect(b.backend.cookie).toBe(0)
  })
  test('R71 G7: a 401 of the refresh ends the session everywhere, with the reason', async () => {
    const one = await b.open()
    const two = await b.open()
    b.login()
    await b.settled(one.session.setTokens({ expires_in: 300 }))
    await b.world.run(100)
    b.backend.cookie = 0
    await expect(b.settled(one.session.refresh())).rejects.toMatchObject({ code: 'rejected', status: 401 })
    await b.world.run(500)
    expect(two.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'rejected' })
  })
  test('R71: a page that is loaded later finds the session without asking', async () => {
    const one = await b.open()
    b.login()
    await b.settled(one.session.setTokens({ expires_in: 300 }))
    const two = await b.open()
    expect(two.session.status).toBe('authenticated')
    expect(b.refreshes()).toBe(0)
  })
})

describe('a logout that the server is told', () => {
  test('R71 R36: a late answer to the question of resume does not end the session that began meanwhile', async () => {
    const b = bench()
    b.login()
    const { session } = await b.open({ resume: true })
    await b.world.runUntil(() => b.refreshes() === 1, 5000)
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await b.world.run(5000)
    expect(b.backend.seen.map(({ path }) => path)).toEqual(['/session/refresh'])
    expect((await b.settled(session.fetch('/api'))).status).toBe(200)
  })
  test('R71 R43: a late refresh for one user does not end the session of the next', async () => {
    const b = bench()
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }, { subject: 'ada' }))
    const refresh = session.refresh().catch(() => {})
    await b.world.runUntil(() => b.refreshes() === 1, 5000)
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }, { subject: 'bob' }))
    await b.settled(refresh)
    await b.world.run(5000)
    expect((await b.settled(session.fetch('/api'))).status).toBe(200)
    expect(b.backend.seen.map(({ path }) => path)).toEqual(['/session/refresh', '/api'])
  })
  test('R71 R36: a refresh that is answered after a logout is ended at the server as well', async () => {
    const b = bench()
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    const refresh = session.refresh().catch(() => {})
    await b.world.runUntil(() => b.refreshes() === 1, 5000)
    await b.settled(session.logout())
    await b.settled(refresh)
    await b.world.run(5000)
    expect(b.backend.cookie).toBe(0)
  })
})

describe('the cookies that script can read', () => {
  const withCookies = (text: string) => Object.defineProperty(globalThis, 'document', { configurable: true, value: Object.create({ cookie: text }) })

  test('R71 S2: csrfCookie goes back in csrfHeader, with calls that change something and with the refresh', async () => {
    withCookies('XSRF-TOKEN=abc; other=1')
    const b = bench({ csrfCookie: 'XSRF-TOKEN' })
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'get']) await b.settled(session.fetch('/api', { method }))
    await b.settled(session.fetch(new Request(`${APP}/api`, { method: 'POST' })))
    await b.settled(session.refresh())
    expect(b.backend.seen.map(({ token }) => token)).toEqual(['abc', 'abc', 'abc', 'abc', null, null, null, null, 'abc', 'abc'])
  })
  for (const [sent, expected] of [['a%3Db%2F%2B', 'a=b/+'], ['100%', '100%'], ['%E2%82%AC', '%E2%82%AC'], ['a%0D%0AX-Evil%3A1', 'a%0D%0AX-Evil%3A1']] as const) {
    test(`S14: the value ${sent} goes back as ${expected}`, async () => {
      withCookies(`XSRF-TOKEN=${sent}`)
      const b = bench({ csrfCookie: 'XSRF-TOKEN' })
      const { session } = await b.open()
      b.login()
      await b.settled(session.setTokens({ expires_in: 300 }))
      await b.settled(session.fetch('/api', { method: 'POST' }))
      expect(b.backend.seen).toMatchObject([{ token: expected }])
    })
  }
  test('a csrfCookie that is not there is an error that names it, and nothing is sent', async () => {
    withCookies('')
    const b = bench({ csrfCookie: 'XSRF-TOKEN' })
    const { session } = await b.open()
    b.login()
    await b.settled(session.setTokens({ expires_in: 300 }))
    await expect(b.settled(session.fetch('/api', { method: 'POST' }))).rejects.toMatchObject({ code: 'csrf_cookie_missing', message: expect.stringContaining('XSRF-TOKEN') })
    await expect(b.settled(session.refresh())).rejects.toMatchObject({ code: 'misconfigured', message: expect.stringContaining('XSRF-TOKEN') })
    expect(b.backend.seen).toEqual([])
    expect(session.status).toBe('authenticated')
  })
  test('R71: with resume, a visitor who never signed in has no csrfCookie, and is anonymous', async () => {
    withCookies('')
    const b = bench({ csrfCookie: 'XSRF-TOKEN' })
    const { session } = await b.open({ resume: true })
    await b.world.run(1000)
    expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: undefined })
    expect(b.backend.seen).toEqual([])
  })
  test('R71: expiryCookie says when the session expires, and rubbish in it says nothing', async () => {
    for (const [text, lifetime] of [['1800000120', 120_000], ['soon', undefined], ['', undefined], ['1800000120000', undefined], ['1', undefined]] as const) {
      withCookies(`expires=${text}`)
      const tokens = cookieSession({ expiryCookie: 'expires' }).read({}, 1_800_000_000_000)
      expect(tokens).toEqual({ accessToken: 'cookie', receivedAt: 1_800_000_000_000, ...(lifetime && { lifetime }) })
    }
  })
})

describe('bad options', () => {
  for (const options of [{ refreshUrl: '' }, { logoutUrl: 7 }, { csrfCookie: 'a b' }, { csrfHeader: 'a:b' }, { expiryCookie: ';' }, { headers: { 'a b': 'x' } }]) {
    test(`${JSON.stringify(options)} is an invalid_option that names the option`, () => {
      expect(() => cookieSession(options as never)).toThrow(
        expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(`cookieSession: ${Object.keys(options)[0]}`) }),
      )
    })
  }
})
