import { describe, expect, test, vi } from 'vitest'
import { installFetch } from '../../src/installFetch.js'
import { API, bench } from './harness.js'

type Call = { args: unknown[]; task: number }

/** A session whose underlying fetch only records. `answer` gets the request that native would make of the arguments. */
const recorded = async (answer: (request: Request, count: number) => Response | Promise<Response> = () => new Response('ok'), options = {}) => {
  const b = bench()
  const calls: Call[] = []
  const requests: Request[] = []
  const opened = await b.open({ origins: ['https://app.example.com', 'https://api.example.com'], ...options })
  const underlying = async (...args: Parameters<typeof fetch>) => {
    calls.push({ args, task: b.world.time })
    const request = new Request(args[0] instanceof Request ? args[0] : new URL(String(args[0]), 'https://app.example.com/page'), args[1])
    requests.push(request.clone())
    return answer(request, requests.length)
  }
  const fetch = opened.session.wrapFetch(underlying as typeof globalThis.fetch)
  const tokens = b.server.login('alice')
  return { ...b, ...opened, fetch, calls, requests, tokens, signIn: () => b.finish(opened.session.setTokens(tokens)) }
}
const bearerOf = (request: Request | undefined) => request?.headers.get('Authorization')

describe('where the token goes', () => {
  const attached = ['/me', 'me?x=1#y', 'https://app.example.com/', 'https://app.example.com:443/a', 'HTTPS://APP.example.com/b', 'https://api.example.com/v1', '//api.example.com/v1']
  const bare = [
    'https://api.example.com.evil.test/', 'https://api.example.com@evil.test/', 'https://evil.test/https://api.example.com', 'http://api.example.com/',
    'https://api.example.com:8443/', 'https://api.example.com./', 'https://xapi.example.com/', 'https://example.com/', '//evil.test/api.example.com',
    'https:\\\\evil.test\\api.example.com', 'https://evil.test#@api.example.com/', 'https://evil.test?x=https://api.example.com/', 'data:text/plain,x',
    'blob:https://app.example.com/0b6e8b04', 'https://ap\u0456.example.com/', 'https://api.example.com%2eevil.test/', 'wss://api.example.com/',
  ]
  for (const url of attached) {
    test(`R51: ${url} gets it`, async () => {
      const b = await recorded()
      await b.signIn()
      await b.fetch(url)
      expect(bearerOf(b.requests[0])).toBe(`Bearer ${b.tokens.access_token}`)
    })
  }
  for (const url of bare) {
    test(`R51 R52 C2: ${url} gets nothing, and passes with the same arguments`, async () => {
      const b = await recorded()
      await b.signIn()
      const init = { method: 'POST', body: 'x' }
      await b.fetch(url, init).catch(() => {})
      expect(b.calls[0]!.args[0]).toBe(url)
      expect(b.calls[0]!.args[1]).toBe(init)
      expect(bearerOf(b.requests[0]) ?? null).toBeNull()
    })
  }
  describe('under an origin with a path', () => {
    const inside = ['/v1', '/v1/', '/v1/me?x=/../y', '/v1/a/../b', '/v0/../v1/me', '/./v1/me', '/v1/%61', '/%2e/v1/x', '/v1//me']
    const outside = [
      '/', '/v10', '/v1x/', '/V1/', '/v1/../admin', '/v1/%2e%2e/admin', '/v1/..%2fadmin', '/v1/%2E%2e%2Fadmin', '/v1\\..\\admin', '/v1/..%5cadmin',
      '/v1/..;/admin', '/%76%31/', '//v1/', '/v1%2fme', '/x?/v1/', '/x#/v1/',
    ]
    for (const origins of [['https://api.example.com/v1'], ['https://api.example.com/v1/']]) {
      test(`R51: ${origins[0]} is all that gets it`, async () => {
        const b = await recorded(undefined, { origins })
        await b.signIn()
        for (const path of [...inside, ...outside]) await b.fetch(`https://api.example.com${path}`)
        expect(b.requests.map((request, index) => (bearerOf(request) ? [...inside, ...outside][index] : undefined)).filter(Boolean)).toEqual(inside)
      })
    }
  })
  test('R51: with no configuration only the own origin gets it', async () => {
    const b = await recorded(undefined, { origins: undefined })
    await b.signIn()
    await b.fetch('https://api.example.com/')
    await b.fetch('/me')
    expect(b.requests.map(bearerOf)).toEqual([null, `Bearer ${b.tokens.access_token}`])
  })

  for (const [form, headers] of [
    ['an object', { authorization: 'Basic x' }], ['Headers', new Headers({ Authorization: 'Basic x' })], ['pairs', [['AUTHORIZATION', 'Basic x']] as [string, string][]],
  ] as const) {
    test(`R54 C7: an Authorization of the caller's own, as ${form}, is left alone, and its 401 too`, async () => {
      const b = await recorded(() => new Response('', { status: 401 }))
      await b.signIn()
      const init = { headers }
      expect((await b.fetch('/me', init)).status).toBe(401)
      expect(b.calls).toHaveLength(1)
      expect(b.calls[0]!.args[1]).toBe(init)
    })
  }
  test('C72: an Authorization in a Request is left alone; init.headers replaces it', async () => {
    const b = await recorded()
    await b.signIn()
    const request = new Request('https://app.example.com/me', { headers: { Authorization: 'Basic x' } })
    await b.fetch(request)
    expect(b.calls[0]!.args[0]).toBe(request)
    await b.fetch(request.clone(), { headers: { 'X-Other': '1' } })
    expect(bearerOf(b.requests[1])).toBe(`Bearer ${b.tokens.access_token}`)
    expect(b.requests[1]!.headers.get('X-Other')).toBe('1')
  })
  test('no-cors passes untouched', async () => {
    const b = await recorded()
    await b.signIn()
    await b.fetch('/me', { mode: 'no-cors' })
    expect(bearerOf(b.requests[0])).toBeNull()
  })
  test('signed out, every call passes with the same arguments, in the same task', async () => {
    const b = await recorded()
    const init = { headers: { a: 'b' } }
    void b.fetch('/me', init)
    expect(b.calls[0]!.args).toEqual(['/me', init])
    expect(b.calls[0]!.args[1]).toBe(init)
  })
})

describe('it is still fetch', () => {
  test('with a fresh token in memory the underlying fetch is called before session.fetch returns', async () => {
    const b = await recorded()
    await b.signIn()
    void b.fetch('/me')
    expect(b.calls).toHaveLength(1)
    void b.fetch(new Request('https://app.example.com/me', { method: 'POST', body: 'x' }))
    expect(b.calls).toHaveLength(2)
  })
  test('C85: name and length are those of fetch, and any `this` will do', async () => {
    const { session, fetch } = await recorded()
    for (const each of [session.fetch, fetch]) {
      expect([each.name, each.length]).toEqual(['fetch', 1])
    }
    expect((await fetch.call({}, 'https://other.test/')).status).toBe(200)
  })
  test('R57 C71: method, headers, body, credentials and cache mode arrive as given', async () => {
    const b = await recorded()
    await b.signIn()
    const init = { method: 'PUT', headers: { 'X-Mixed-Case': 'v' }, body: '{"a":1}', credentials: 'omit', cache: 'no-store', priority: 'low' } as const
    await b.fetch('/me', init)
    const sent = b.calls[0]!.args[1] as Record<string, unknown>
    expect(sent).toEqual({ ...init, headers: [['X-Mixed-Case', 'v'], ['Authorization', `Bearer ${b.tokens.access_token}`]] })
    expect(init.headers).toEqual({ 'X-Mixed-Case': 'v' })
  })
  test('C71: an init that is an instance with getters, or a Request, is understood', async () => {
    const b = await recorded()
    await b.signIn()
    class Init {
      #body = 'hidden'
      get method() {
        return 'POST'
      }
      get body() {
        return this.#body
      }
    }
    await b.fetch('/me', new Init() as RequestInit)
    expect([b.requests[0]!.method, await b.requests[0]!.text()]).toEqual(['POST', 'hidden'])
    await b.fetch('https://app.example.com/me', new Request('https://other.test/', { method: 'PATCH', headers: { a: 'b' } }) as RequestInit)
    expect([b.requests[1]!.method, b.requests[1]!.headers.get('a')]).toEqual(['PATCH', 'b'])
    expect(bearerOf(b.requests[1])).toBe(`Bearer ${b.tokens.access_token}`)
  })
  test('C71: the body of a Request is used up at once, as native does, and the Request keeps its headers', async () => {
    const b = await recorded()
    await b.signIn()
    const request = new Request('https://app.example.com/me', { method: 'POST', body: 'x' })
    const call = b.fetch(request)
    expect(request.bodyUsed).toBe(true)
    await call
    expect(request.headers.get('Authorization')).toBeNull()
    expect(await b.requests[0]!.text()).toBe('x')
  })
  for (const bad of [['http://[', {}], ['/x', { headers: { 'bad name': 'x' } }], ['/x', { method: 'bad method' }], ['/x', { method: 'GET', body: 'x' }]] as const) {
    test(`C74: ${JSON.stringify(bad)} rejects with the native error and never throws`, async () => {
      const b = await recorded()
      await b.signIn()
      const promise = b.fetch(...(bad as unknown as Parameters<typeof fetch>))
      await expect(promise).rejects.toThrow(TypeError)
    })
  }
  test('C71: headers that can be read only once arrive, and so does an init with its own prototype of none', async () => {
    const b = await recorded()
    await b.signIn()
    await b.fetch('/me', { headers: new Map([['X-A', '1']]).entries() as unknown as HeadersInit })
    await b.fetch('/me', Object.assign(Object.create(null), { method: 'PUT', body: 'x' }))
    await b.fetch('/me', Object.create({ method: 'DELETE' }))
    expect(b.requests.map(({ method }) => method)).toEqual(['GET', 'PUT', 'DELETE'])
    expect(b.requests[0]!.headers.get('X-A')).toBe('1')
    expect(b.requests.map(bearerOf)).toEqual(Array(3).fill(`Bearer ${b.tokens.access_token}`))
  })
  test('C73: headers that are null or no object are the native TypeError', async () => {
    const b = await recorded()
    await b.signIn()
    for (const headers of [null, 5, 'a: b', [['a']]]) {
      await expect(b.fetch('/me', { headers: headers as HeadersInit })).rejects.toThrow(TypeError)
    }
  })
  test('C79: what changes while a call waits for its token is sent as it was at the call', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    const bytes = new Uint8Array([1, 2])
    const init = { method: 'POST', body: bytes, headers: { 'X-A': '1' } }
    const answer = b.fetch('https://api.example.com/', init)
    bytes[0] = 9
    init.method = 'PUT'
    init.headers['X-A'] = '2'
    await b.finish(answer)
    expect([b.requests[0]!.method, b.requests[0]!.headers.get('X-A'), ...(await b.requests[0]!.bytes())]).toEqual(['POST', '1', 1, 2])
  })
  test('C74: an init that changes after the call is replayed as it was at the call', async () => {
    const b = await recorded((_, count) => new Response('', { status: count > 1 ? 200 : 401 }))
    await b.signIn()
    const init = { method: 'POST', body: 'a' }
    const answer = b.fetch('/me', init)
    Object.assign(init, { method: 'DELETE', body: 'b' })
    await b.finish(answer)
    expect(b.requests.map(({ method }) => method)).toEqual(['POST', 'POST'])
    expect(await b.requests[1]!.text()).toBe('a')
  })
  test('R52: a relative URL goes where it pointed at the time of the call', async () => {
    const b = await recorded()
    await b.signIn()
    await b.fetch('me')
    expect(b.requests[0]!.url).toBe('https://app.example.com/me')
    expect(b.calls[0]!.args[0]).toBe('https://app.example.com/me')
  })
  test('C11: a polluted Object.prototype changes no call', async () => {
    const b = await recorded()
    await b.signIn()
    const polluted = { method: 'POST', body: 'x', headers: { a: 'b' }, keepalive: true, mode: 'no-cors', signal: AbortSignal.abort(), origins: ['https://evil.test'] }
    for (const [key, value] of Object.entries(polluted)) Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
    try {
      await b.fetch('/me').catch(() => {})
      await b.fetch('https://evil.test/').catch(() => {})
    } finally {
      for (const key of Object.keys(polluted)) delete (Object.prototype as Record<string, unknown>)[key]
    }
    expect(Object.getPrototypeOf(b.calls[0]!.args[1])).toBeNull()
    expect(b.calls[0]!.args[1]).toEqual({ headers: [['Authorization', `Bearer ${b.tokens.access_token}`]] })
    expect(b.calls[1]!.args).toEqual(['https://evil.test/'])
  })
  test('C76: a stream that waits for a token is cancelled with the reason of the abort', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    const cancel = vi.fn()
    const controller = new AbortController()
    const reason = new Error('mine')
    const body = new ReadableStream({ cancel })
    const fetch = b.session.wrapFetch((request) => {
      // As native does (Fetch §5.6, abort a fetch() call).
      const { signal, body } = request as Request
      return body!.cancel(signal.reason).then(() => Promise.reject(signal.reason))
    })
    const answer = fetch('/me', { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit)
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
    expect(cancel).toHaveBeenCalledExactlyOnceWith(reason)
  })
  test('C75: a signal that is aborted already causes no refresh', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    const reason = new Error('mine')
    await expect(b.session.fetch('/api', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('R62 C76: an abort during the wait for a token rejects that call at once; the refresh goes on for others', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    const controller = new AbortController()
    const reason = new Error('mine')
    const aborted = b.session.fetch(API, { signal: controller.signal }).catch((error) => error)
    const other = b.session.fetch(API)
    await b.world.run(10)
    controller.abort(reason)
    expect(await aborted).toBe(reason)
    expect((await b.finish(other)).status).toBe(200)
    expect(b.server.tokenRequests).toHaveLength(1)
  })
})

describe('after a 401', () => {
  const stale = (token: string) => (request: Request) => new Response('', { status: bearerOf(request) === `Bearer ${token}` ? 401 : 200 })

  test('R56 C78: every call of a burst is replayed once, with one refresh', async () => {
    const b = await recorded()
    await b.signIn()
    b.server.expireAll()
    const answers = await b.finish(Promise.all(Array.from({ length: 20 }, () => b.session.fetch(API))))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(b.server.apiRequests).toHaveLength(40)
  })
  test('R55 C46: a 401 for a token that is no longer current is replayed without a refresh', async () => {
    const b = await recorded()
    await b.signIn()
    b.server.expireAll()
    const late = b.session.fetch(API)
    const { session } = await b.open()
    await b.finish(session.refresh())
    b.server.tokenRequests.length = 0
    expect((await b.finish(late)).status).toBe(200)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  const file = new File(['file'], 'a.txt', { type: 'text/plain' })
  const form = new FormData()
  form.set('a', 'b')
  form.set('f', file)
  const bodies: [string, BodyInit][] = [
    ['a string', 'text'], ['URLSearchParams', new URLSearchParams({ a: 'b c' })], ['FormData', form], ['a Blob', new Blob(['blob'])],
    ['an ArrayBuffer', new Uint8Array([1, 2, 0, 255]).buffer], ['a typed array', new Uint8Array([3, 4])],
  ]
  for (const [what, body] of bodies) {
    for (const asRequest of [false, true]) {
      test(`R57 C78: ${what} is replayed identically${asRequest ? ', from a Request' : ''}`, async () => {
        let token = ''
        const b = await recorded((request) => stale(token)(request))
        token = b.tokens.access_token
        await b.signIn()
        const init = { method: 'POST', body, headers: { 'X-A': '1' } }
        const answer = asRequest ? b.fetch(new Request('https://app.example.com/me', init)) : b.fetch('/me', init)
        expect((await b.finish(answer)).status).toBe(200)
        const [first, second] = await Promise.all(b.requests.map((request) => request.text()))
        const plain = (text: string) => text.replace(/-+formdata-undici-\d+/g, '')
        expect(plain(second!)).toBe(plain(first!))
        expect(first!.length).toBeGreaterThan(1)
        expect(b.requests.map((request) => [request.method, request.headers.get('X-A')])).toEqual(Array(2).fill(['POST', '1']))
      })
    }
  }
  test('R58 C78: a stream is never half-sent: its 401 comes back, and the next call has a new token', async () => {
    let token = ''
    const b = await recorded((request) => stale(token)(request))
    token = b.tokens.access_token
    await b.signIn()
    const body = new ReadableStream({ pull: (controller) => (controller.enqueue(new TextEncoder().encode('x')), controller.close()) })
    const answer = await b.finish(b.fetch('/me', { method: 'POST', body, duplex: 'half' } as RequestInit))
    expect(answer.status).toBe(401)
    expect(b.requests).toHaveLength(1)
    expect((await b.finish(b.fetch('/me'))).status).toBe(200)
  })
  test('R59 C44: an endpoint that answers 401 to everything costs one refresh per cooldown, and gets its 401 through', async () => {
    const b = await recorded()
    await b.signIn()
    for (let i = 0; i < 10; i++) {
      expect((await b.finish(b.session.fetch('/always401'))).status).toBe(401)
      await b.world.run(1000)
    }
    expect(b.server.tokenRequests).toHaveLength(1)
    await b.world.run(25_000)
    await b.finish(b.session.fetch('/always401'))
    expect(b.server.tokenRequests).toHaveLength(2)
  })
  test('R46 R59: a clock that was set back does not make the cooldown any longer', async () => {
    const b = await recorded()
    await b.signIn()
    await b.finish(b.session.fetch('/always401'))
    b.world.jump(-86_400_000)
    b.server.expireAll()
    expect((await b.finish(b.session.fetch('/me'))).status).toBe(200)
    expect(b.server.tokenRequests).toHaveLength(2)
  })
  for (const status of [401, 403]) {
    for (const error of ['insufficient_scope', 'insufficient_user_authentication']) {
      test(`R60: a ${status} that says ${error} is told to listeners of stepup, and causes no refresh`, async () => {
        const challenge = `Bearer error="${error}", scope="a b", max_age="5"`
        const b = await recorded(() => new Response('', { status, headers: { 'WWW-Authenticate': challenge } }))
        await b.signIn()
        const told: unknown[] = []
        b.session.on('stepup', (event) => told.push(event))
        expect((await b.finish(b.fetch('/me'))).status).toBe(status)
        expect(told).toEqual([{ source: 'local', challenge }])
        expect(b.server.tokenRequests).toHaveLength(0)
        expect(b.calls).toHaveLength(1)
      })
    }
  }
  test('R60 C45: any other 403 tells nobody', async () => {
    const b = await recorded(() => new Response('', { status: 403, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }))
    await b.signIn()
    const told = vi.fn()
    b.session.on('stepup', told)
    await b.finish(b.fetch('/me'))
    expect(told).not.toHaveBeenCalled()
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('C45: 403, 407, 419 and 500 cause no refresh', async () => {
    for (const status of [403, 407, 419, 500]) {
      const b = await recorded(() => new Response('', { status }))
      await b.signIn()
      expect((await b.finish(b.fetch('/me'))).status).toBe(status)
      expect(b.server.tokenRequests).toHaveLength(0)
    }
  })
  test('R53 C6: a 401 of another origin after a redirect causes no refresh', async () => {
    const b = await recorded(() => {
      const response = new Response('', { status: 401 })
      Object.defineProperties(response, { redirected: { value: true }, url: { value: 'https://elsewhere.test/' } })
      return response
    })
    await b.signIn()
    expect((await b.finish(b.fetch('/me'))).status).toBe(401)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('C80: a POST that failed on the network is not replayed', async () => {
    const failed = new TypeError('Failed to fetch')
    const b = await recorded(() => Promise.reject(failed))
    await b.signIn()
    await expect(b.fetch('/me', { method: 'POST', body: 'x' })).rejects.toBe(failed)
    expect(b.calls).toHaveLength(1)
  })
  test('C81 C88: the native response is returned itself, and the body of a discarded 401 is cancelled', async () => {
    const cancel = vi.fn()
    const last = new Response('ok')
    const b = await recorded((_, count) => (count > 1 ? last : new Response(new ReadableStream({ cancel }), { status: 401 })))
    await b.signIn()
    expect(await b.finish(b.fetch('/me'))).toBe(last)
    expect(cancel).toHaveBeenCalledOnce()
  })
  test('C83: a keepalive call takes what is in memory and waits for nothing', async () => {
    const b = await recorded()
    await b.signIn()
    b.world.sleep(400_000)
    void b.fetch('/beacon', { method: 'POST', body: 'x', keepalive: true })
    expect(b.calls).toHaveLength(1)
    expect(bearerOf(b.requests[0])).toBe(`Bearer ${b.tokens.access_token}`)
  })
})

describe('installFetch', () => {
  test('R63: the global fetch is wrapped, keeps its name and length, and is as before after the undo', async () => {
    const former = globalThis.fetch
    const stub = vi.fn(async (..._: Parameters<typeof fetch>) => new Response('ok'))
    globalThis.fetch = stub as typeof fetch
    try {
      const b = await recorded()
      await b.signIn()
      const undo = installFetch(b.session)
      expect([fetch.name, fetch.length]).toEqual(['fetch', 1])
      await fetch('https://api.example.com/')
      expect(new Headers(stub.mock.calls[0]![1]!.headers).get('Authorization')).toContain('Bearer')
      const above = globalThis.fetch
      globalThis.fetch = ((...args) => above(...args)) as typeof fetch
      const theirs = globalThis.fetch
      undo()
      expect(globalThis.fetch).toBe(theirs)
      await fetch('https://api.example.com/')
      expect(stub.mock.calls[1]![1]).toBeUndefined()
      globalThis.fetch = stub as typeof fetch
      installFetch(b.session)()
      expect(globalThis.fetch).toBe(stub)
    } finally {
      globalThis.fetch = former
    }
  })
  test('C70: two sessions around one fetch attach once', async () => {
    const b = await recorded()
    await b.signIn()
    const twice = b.session.wrapFetch(b.fetch)
    await twice('https://api.example.com/')
    expect(bearerOf(b.requests[0])).toBe(`Bearer ${b.tokens.access_token}`)
  })
  test('R64: what an own refresh function fetches is not wrapped', async () => {
    const b = bench()
    let wrapped: typeof fetch
    const { session } = await b.open({ refresh: () => wrapped('/oauth/token', { method: 'POST', body: new URLSearchParams({ refresh_token: b.disk.value!.tokens!.refreshToken! }) }) })
    wrapped = session.fetch
    await b.finish(session.setTokens(b.server.login('alice')))
    b.world.sleep(400_000)
    const from = b.world.time
    expect((await b.finish(session.fetch(API))).status).toBe(200)
    expect(b.world.time - from).toBeLessThan(500)
  })
})
