import axios from 'axios'
import ky from 'ky'
import { afterEach, describe, expect, test } from 'vitest'
import { axiosConfig } from '../../src/axios.js'
import { installFetch } from '../../src/installFetch.js'
import { browserPlatform } from '../../src/platform.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { RefreshContext, RefreshFunction, Session, SessionOptions } from '../../src/types.js'
import { API, bench } from './harness.js'

const PAGE = 'https://app.example.com/page'
const former = globalThis.fetch
afterEach(() => {
  globalThis.fetch = former
})

/** A session around a fetch that writes down its arguments; `answer` gets the number of the call. */
const recorded = async (answer: (count: number) => Response = () => new Response('ok'), options: Partial<SessionOptions> = {}) => {
  const b = bench()
  const calls: { input: RequestInfo | URL; init: any; sent: Request }[] = []
  const opened = await b.open(options)
  const underlying = async (input: RequestInfo | URL, init?: RequestInit) => {
    const sent = new Request(input instanceof Request ? input.clone() : new URL(String(input), PAGE), init)
    calls.push({ input, init, sent })
    return answer(calls.length)
  }
  const fetch = opened.session.wrapFetch(underlying as typeof globalThis.fetch)
  return { ...b, ...opened, calls, fetch, signIn: () => b.finish(opened.session.setTokens(b.server.login('alice'))) }
}

const next = { revalidate: 5 }
const dispatcher = { dispatch: () => true }

describe('F15: members of init that fetch does not know reach the underlying fetch', () => {
  const inits: Record<string, RequestInit & Record<string, unknown>> = {
    'a plain init': { method: 'POST', body: 'x', next, dispatcher },
    'an init without a prototype': Object.assign(Object.create(null), { method: 'POST', body: 'x', next, dispatcher }),
    'an init with a body that can change': { method: 'POST', body: new URLSearchParams({ a: 'b' }), next, dispatcher },
  }
  for (const [form, init] of Object.entries(inits)) {
    for (const target of ['/me', new Request('https://app.example.com/me')]) {
      const what = `${form} ${typeof target === 'string' ? '' : ' beside a Request'}`
      const isOn = ({ init }: { init: any }) => init?.next === next
      test(`with a fresh token, ${what}`, async () => {
        const b = await recorded()
        await b.signIn()
        await b.fetch(typeof target === 'string' ? target : target.clone(), init)
        expect(b.calls.map(isOn)).toEqual([true])
        expect(b.calls[0]!.sent.method).toBe('POST')
      })
      test(`when the call waits, ${what}`, async () => {
        const b = await recorded()
        await b.signIn()
        b.world.sleep(400_000)
        expect((await b.finish(b.fetch(typeof target === 'string' ? target : target.clone(), init))).status).toBe(200)
        expect(b.calls.map(isOn)).toEqual([true])
        expect(b.calls[0]!.sent.headers.get('Authorization')).toMatch(/^Bearer /)
        // What the Request holds already would, said again, reset its referrer and more.
        expect(b.calls[0]!.init).not.toHaveProperty('method')
      })
      test(`when it is replayed, ${what}`, async () => {
        const b = await recorded((count) => new Response('', { status: count > 1 ? 200 : 401 }))
        await b.signIn()
        expect((await b.finish(b.fetch(typeof target === 'string' ? target : target.clone(), init))).status).toBe(200)
        expect(b.calls.map(isOn)).toEqual([true, true])
        expect(b.calls.map(({ sent }) => sent.method)).toEqual(['POST', 'POST'])
      })
    }
  }
  test('when it waits in vain, because nobody is signed in after all, or it is aborted', async () => {
    const b = await recorded(undefined, { resume: true, refresh: async () => new Response('{"error":"invalid_grant"}', { status: 400 }) })
    expect((await b.finish(b.fetch('/me', inits['a plain init']))).status).toBe(200)
    expect(b.calls[0]!.init.next).toBe(next)
  })
  test('with cookies, beside the credentials that the scheme asks for', async () => {
    const b = await recorded(undefined, { scheme: cookieSession({ refreshUrl: '/renew' }), refresh: async () => ({ expires_in: 300 }) })
    await b.finish(b.session.setTokens({ expires_in: 1 }))
    b.world.sleep(5000)
    await b.finish(b.fetch('/me', { next } as RequestInit))
    expect(b.calls[0]!.init).toMatchObject({ next, credentials: 'include' })
  })
  test('and what changes while the call waits is sent as it was, whatever else the init holds', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    const body = new URLSearchParams({ a: '1' })
    const headers = new Headers({ 'X-A': '1' })
    const form = new FormData()
    form.set('a', '1')
    const answers = [b.fetch('/1', { method: 'POST', body, headers, next } as RequestInit), b.fetch('/2', { method: 'POST', body: form, next } as RequestInit)]
    body.set('a', '2')
    headers.set('X-A', '2')
    form.set('a', '2')
    await b.finish(Promise.all(answers))
    expect(await b.calls[0]!.sent.text()).toBe('a=1')
    expect(b.calls[0]!.sent.headers.get('X-A')).toBe('1')
    expect(await b.calls[1]!.sent.text()).toMatch(/\r\n1\r\n/)
  })
})

describe('F43: a token request is never attached, and never waits', () => {
  const exchange = { grant_type: 'authorization_code', code: 'c', code_verifier: 'v' }
  const bodies: [string, BodyInit][] = [
    ['URLSearchParams', new URLSearchParams(exchange)],
    ['a form', String(new URLSearchParams(exchange))],
    ['a form in another order', 'code=c&redirect_uri=https%3A%2F%2Fapp.example.com%2F&grant_type=authorization_code'],
    ['a form that begins otherwise', 'redirect_uri=https://app.example.com/cb?x=1&grant_type=authorization_code'],
  ]
  for (const [form, body] of bodies) {
    test(`as ${form}`, async () => {
      const b = await recorded()
      await b.signIn()
      const init = { method: 'POST', body }
      await b.fetch('/oauth/token', init)
      expect(b.calls[0]!.init).toBe(init)
      expect(b.calls[0]!.sent.headers.has('Authorization')).toBe(false)
      b.world.sleep(400_000)
      void b.fetch('/oauth/token', init)
      expect(b.calls).toHaveLength(2)
      expect(b.calls[1]!.init).toBe(init)
    })
  }
  test('in a Request, which can be read only while the call waits: it goes out while every refresh fails', async () => {
    const b = await recorded(undefined, { refresh: async () => new Response('', { status: 500 }) })
    await b.signIn()
    b.world.sleep(400_000)
    const request = new Request('https://app.example.com/oauth/token', { method: 'POST', body: new URLSearchParams(exchange) })
    // Its body is read in turns of the real event loop.
    expect((await b.fetch(request)).status).toBe(200)
    expect(await b.calls[0]!.sent.text()).toContain('grant_type=authorization_code')
    expect(b.calls[0]!.sent.headers.has('Authorization')).toBe(false)
  })
  for (const body of ['{"grant_type":"x"}', '"&grant_type=x"', 'see a&grant_type=x', 'not_grant_type=x', 'a=b&x_grant_type=y', 'a=grant_type']) {
    test(`any other body is attached: ${body}`, async () => {
      const b = await recorded()
      await b.signIn()
      await b.fetch('/me', { method: 'POST', body })
      expect(b.calls[0]!.sent.headers.get('Authorization')).toMatch(/^Bearer /)
    })
  }
  test('a sign-in through the installed global fetch gets through while the refresh fails', async () => {
    const b = await recorded(undefined, { refresh: async () => new Response('', { status: 500 }) })
    await b.signIn()
    b.world.sleep(400_000)
    const seen: (string | null)[] = []
    globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
      seen.push(new Request(input, init).headers.get('Authorization'))
      return Response.json(b.server.login('alice'))
    }) as typeof fetch
    const undo = installFetch(b.session)
    const response = await b.finish(fetch('https://app.example.com/oauth/token', { method: 'POST', body: new URLSearchParams(exchange) }))
    await b.finish(b.session.setTokens(await response.json()))
    undo()
    expect(seen).toEqual([null])
    expect(b.session.status).toBe('authenticated')
  })
})

describe('F6: a refresh function that calls through its own session does not wait for itself', () => {
  const later = (b: { world: { schedule: any } }, tab: unknown) => new Promise<void>((resolve) => b.world.schedule(tab, 5, resolve))
  type Way = (parts: { session: Session; refreshToken: string; context: RefreshContext; pause(): Promise<void> }) => Promise<unknown>
  const form = (refreshToken: string) => new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
  const ways: Record<string, Way> = {
    'session.fetch at once, with nothing that tells it': ({ session, refreshToken }) => session.fetch('/oauth/token', { method: 'POST', body: form(refreshToken) }),
    'session.fetch after a pause, with a form': async ({ session, refreshToken, pause }) => {
      await pause()
      return session.fetch('/oauth/token', { method: 'POST', body: form(refreshToken) })
    },
    'session.fetch after a pause, with JSON': async ({ session, refreshToken, pause }) => {
      await pause()
      return session.fetch('/json/token', { method: 'POST', body: JSON.stringify({ refreshToken }) })
    },
    'session.fetch after a pause, with a Request': async ({ session, refreshToken, pause }) => {
      await pause()
      return session.fetch(new Request('https://app.example.com/json/token', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ refreshToken }) }))
    },
    'session.fetch after a pause, with the signal and nothing else': async ({ session, context, pause }) => {
      await pause()
      return session.fetch('/cookie/token', { method: 'POST', signal: context.signal })
    },
    'axios with an interceptor': async ({ session, refreshToken }) => {
      const client = axios.create({ baseURL: 'https://app.example.com', ...axiosConfig(session) })
      client.interceptors.request.use(async (config) => (await null, config))
      return (await client.post('/json/token', { refreshToken })).data
    },
    'axios after a pause': async ({ session, refreshToken, pause }) => {
      await pause()
      return (await axios.create({ baseURL: 'https://app.example.com', ...axiosConfig(session) }).post('/oauth/token', form(refreshToken))).data
    },
    ky: async ({ session, refreshToken, pause }) => {
      await pause()
      return ky.post('https://app.example.com/json/token', { fetch: session.fetch, json: { refreshToken }, retry: 0, timeout: false }).json()
    },
    'the installed global fetch': async ({ session, refreshToken, pause }) => {
      const undo = installFetch(session)
      await pause()
      try {
        return await fetch('https://app.example.com/oauth/token', { method: 'POST', body: form(refreshToken) })
      } finally {
        undo()
      }
    },
  }
  for (const [way, call] of Object.entries(ways)) {
    test(way, async () => {
      const b = bench()
      const sent: { url: string; token: string | null }[] = []
      // A server with more ways to ask for a token than the simulated one has.
      const fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
        const request = new Request(input instanceof Request ? input : new URL(String(input), PAGE), init)
        sent.push({ url: new URL(request.url).pathname, token: request.headers.get('Authorization') })
        await later(b, opened.tab)
        const answer = request.url.endsWith('/token') ? { access_token: 'fresh', expires_in: 300 } : {}
        return Response.json(answer)
      }) as typeof globalThis.fetch
      globalThis.fetch = fetch
      const refresh: RefreshFunction = async ({ refreshToken }, context) =>
        call({ session: opened.session, refreshToken: refreshToken!, context, pause: () => later(b, opened.tab) }) as never
      const opened = await b.open({ refresh, fetch })
      await b.finish(opened.session.setTokens(b.server.login('alice')))
      b.world.sleep(400_000)
      const from = b.world.time
      const calls = [opened.session.fetch(API), opened.session.fetch(API, { method: 'POST', body: '{"a":1}' })]
      // Other calls of the app while the function runs are none of its.
      b.world.schedule(opened.tab, 2, () => calls.push(opened.session.fetch('/other', { method: 'POST', body: 'a=b' })))
      // Clients of npm take turns of the real event loop.
      for (let i = 0; i < 40 && b.world.time - from < 7000; i++) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        await b.world.run(10)
      }
      expect((await b.finish(Promise.all(calls))).map(({ status }) => status)).toEqual([200, 200, 200])
      expect(b.world.time - from).toBeLessThan(3000)
      const [first, ...others] = sent
      expect(first).toEqual({ url: expect.stringMatching(/token$/), token: null })
      expect(others.map(({ token }) => token)).toEqual(Array(3).fill('Bearer fresh'))
    })
  }
  test('what nothing tells from any other call is named when the time is up, with the fix', async () => {
    const b = bench()
    const refresh: RefreshFunction = async () => {
      await later(b, opened.tab)
      return opened.session.fetch('/cookie/token', { method: 'POST' })
    }
    const opened = await b.open({ refresh })
    await b.finish(opened.session.setTokens(b.server.login('alice')))
    b.world.sleep(400_000)
    const error = await b.finish(opened.session.refresh().catch((error) => error))
    expect(error).toMatchObject({ code: 'unanswered', message: expect.stringContaining('context.fetch'), cause: { name: 'AbortError' } })
  })
})

describe('F48: the global fetch is looked up at each call', () => {
  const stub = (name: string, seen: string[]) => (async () => (seen.push(name), new Response(name))) as unknown as typeof fetch
  test('what replaces it later is called', async () => {
    const seen: string[] = []
    globalThis.fetch = stub('first', seen)
    const platform = browserPlatform()
    globalThis.fetch = stub('second', seen)
    await platform.fetch('https://app.example.com/')
    expect(seen).toEqual(['second'])
  })
  test('what installFetch put there is not: neither one wrapper nor several, also of another copy', async () => {
    const seen: string[] = []
    globalThis.fetch = stub('native', seen)
    const platform = browserPlatform()
    const wrapFetch = (name: string) => (below: typeof fetch) => ((...args: Parameters<typeof fetch>) => (seen.push(name), below(...args))) as typeof fetch
    const undo = [installFetch({ wrapFetch: wrapFetch('one') }), installFetch({ wrapFetch: wrapFetch('two') })]
    await platform.fetch('https://app.example.com/')
    expect(seen).toEqual(['native'])
    await fetch('https://app.example.com/')
    expect(seen.splice(0)).toEqual(['native', 'two', 'one', 'native'])
    undo[1]!()
    undo[0]!()
    await fetch('https://app.example.com/')
    expect(seen).toEqual(['native'])
  })
  for (const way of ['at once', 'after a while']) {
    test(`a refresh gets through, when somebody has wrapped what installFetch put there and calls it ${way}`, async () => {
      const b = bench()
      const platform = browserPlatform()
      const opened = await b.open({ fetch: platform.fetch })
      const sent: (string | null)[] = []
      globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
        const request = new Request(input instanceof Request ? input : new URL(String(input), PAGE), init)
        sent.push(request.headers.get('Authorization'))
        return opened.tab.platform.fetch(request)
      }) as typeof fetch
      const undo = installFetch(opened.session)
      const below = globalThis.fetch
      globalThis.fetch = (async (...args: Parameters<typeof fetch>) => {
        if (way !== 'at once') await new Promise<void>((resolve) => b.world.schedule(opened.tab, 1, resolve))
        return below(...args)
      }) as typeof fetch
      await b.finish(opened.session.setTokens(b.server.login('alice')))
      b.world.sleep(400_000)
      expect((await b.finish(fetch(API))).status).toBe(200)
      undo()
      expect(sent).toEqual([null, expect.stringMatching(/^Bearer /)])
    })
  }
})
