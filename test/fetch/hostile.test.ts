import { beforeEach, expect, it } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import { stage } from './pages.js'

type Copy = typeof Latchkey
declare global {
  var latchkey: Copy & { session?: Latchkey.Session }
  /** A session that is signed in, of one copy of the package. */
  var signIn: (copy: Copy, token: string, options?: Latchkey.SessionOptions) => Promise<Latchkey.Session>
  var bearers: () => Promise<(string | null)[]>
  var other: string
  var former: { fetch: typeof fetch; latchkey: Copy }
}

stage('A page that is not the only one at work', ['/latchkey.min.js'], (stage) => {
  beforeEach(async () => {
    await stage.page.goto(`${stage.near.url}/?other=${encodeURIComponent(stage.far.url)}`)
    await stage.page.addScriptTag({ url: '/latchkey.min.js' })
    await stage.page.evaluate(() => {
      const native = fetch.bind(globalThis)
      const { parse } = JSON
      globalThis.other = new URLSearchParams(location.search).get('other')!
      globalThis.signIn = async (copy, token, options) => {
        const session = copy.createSession({ storage: copy.memoryStorage(), ...options })
        await session.setTokens({ access_token: token, expires_in: 3600 })
        return session
      }
      globalThis.bearers = async () => {
        const seen = parse(await (await native('/control/take')).text()) as { headers: string[] }[]
        return seen.map(({ headers }) => headers.filter((header) => /^authorization:/i.test(header)).join(' & ') || null)
      }
      globalThis.former = { fetch, latchkey }
      return bearers()
    })
  })

  it('C70: two copies on a page, both installed, attach one token, and go in any order', async () => {
    await stage.page.evaluate(() => void Reflect.deleteProperty(globalThis, 'latchkey'))
    await stage.page.addScriptTag({ url: '/latchkey.min.js' })
    const results = await stage.page.evaluate(async () => {
      const results: unknown[] = [former.latchkey !== latchkey]
      for (const order of [[0, 1], [1, 0]]) {
        const sessions = [await signIn(former.latchkey, 'one'), await signIn(latchkey, 'two')]
        const undo = [former.latchkey.installFetch(sessions[0]!), latchkey.installFetch(sessions[1]!)]
        await fetch('/echo')
        undo[order[0]!]!()
        await fetch('/echo')
        undo[order[1]!]!()
        await fetch('/echo')
        results.push(await bearers())
        globalThis.fetch = former.fetch
      }
      return results
    })
    const [one, two] = ['Authorization: Bearer one', 'Authorization: Bearer two']
    expect(results).toEqual([true, [two, two, null], [two, one, null]])
  })

  it('C70 C85: install and undo in any order with a wrapper of somebody else leave theirs, and attach while installed', async () => {
    const results = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const results: unknown[] = []
      let theirs = 0
      const wrap = () => {
        const below = globalThis.fetch
        globalThis.fetch = (...args) => (theirs++, below(...args))
        return globalThis.fetch
      }
      const before = wrap()
      const undo = latchkey.installFetch(session)
      const installed = Object.getOwnPropertyDescriptor(globalThis, 'fetch')!
      results.push([fetch.name, fetch.length, installed.writable, installed.enumerable, installed.configurable])
      await fetch('/echo')
      const after = wrap()
      await fetch('/echo')
      undo()
      results.push(globalThis.fetch === after)
      await fetch('/echo')
      undo()
      globalThis.fetch = before
      latchkey.installFetch(session)()
      results.push(globalThis.fetch === before, theirs, await bearers())
      return results
    })
    const mine = 'Authorization: Bearer mine'
    expect(results).toEqual([['fetch', 1, true, true, true], true, true, 5, [mine, mine, null]])
  })

  it('2.7.7: a frozen fetch cannot be replaced: install says so, and session.fetch works', async () => {
    const result = await stage.page.evaluate(async () => {
      Object.defineProperty(globalThis, 'fetch', { value: fetch, writable: false, configurable: false })
      const session = await signIn(latchkey, 'mine')
      const before = globalThis.fetch
      try {
        latchkey.installFetch(session)
      } catch (error) {
        const { status } = await session.fetch('/echo')
        return [(error as Latchkey.SessionError).code, globalThis.fetch === before, status, await bearers()]
      }
      return 'nothing thrown'
    })
    expect(result).toEqual(['install_failed', true, 200, ['Authorization: Bearer mine']])
  })

  it('C13: a global fetch that is replaced after createSession sees no call and no token of a session that was given one', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine', { fetch: former.fetch })
      const stolen: unknown[] = []
      globalThis.fetch = async (...args) => (stolen.push(args), new Response())
      await session.fetch('/echo')
      await session.fetch(new Request('/echo', { method: 'POST', body: 'x' }))
      return [stolen.length, await bearers()]
    })
    expect(result).toEqual([0, ['Authorization: Bearer mine', 'Authorization: Bearer mine']])
  })

  it('F48: a global fetch that is replaced after createSession is called, and one that installFetch put there is not', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const undo = latchkey.installFetch(await signIn(latchkey, 'other', { name: 'other' }))
      const seen: string[] = []
      await session.fetch('/echo')
      const below = globalThis.fetch
      globalThis.fetch = (async (...args) => (seen.push(String(args[0])), below(...args))) as typeof fetch
      await session.fetch('/echo?2')
      globalThis.fetch = below
      undo()
      globalThis.fetch = (async () => new Response('stubbed')) as typeof fetch
      const text = await (await session.fetch('/echo')).text()
      globalThis.fetch = former.fetch
      return [seen, text, await bearers()]
    })
    expect(result).toEqual([[`${stage.near.url}/echo?2`], 'stubbed', Array(2).fill('Authorization: Bearer mine')])
  })

  it('C11: a polluted Object.prototype changes neither where the token goes nor what is sent', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const polluted: Record<string, unknown> = {
        headers: { 'X-Evil': '1', Authorization: 'Bearer evil' }, method: 'POST', body: 'evil', mode: 'no-cors', keepalive: true, signal: AbortSignal.abort(),
        origins: [other], allowInsecureOrigins: true, storage: {}, refresh: () => ({ access_token: 'evil' }), exp: 1, then: undefined, url: 'https://evil.test/', redirected: true,
      }
      for (const [key, value] of Object.entries(polluted)) Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
      try {
        await session.fetch('/echo')
        await session.fetch(`${other}/echo`)
        const second = await signIn(latchkey, 'second')
        await second.fetch('/echo')
        await second.fetch(`${other}/echo`)
      } finally {
        for (const key of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, key)
      }
      const seen = (await (await former.fetch.call(globalThis, '/control/take')).json()) as { line: string; headers: string[]; body: string }[]
      return seen.map(({ line, headers, body }) => [line.split(' ')[0], body, headers.filter((header) => /^(authorization|x-evil):/i.test(header)).join()])
    })
    expect(result).toEqual([
      ['GET', '', 'Authorization: Bearer mine'],
      ['GET', '', ''],
      ['GET', '', 'Authorization: Bearer second'],
      ['GET', '', ''],
    ])
  })

  it('R51 C2 C3: the browser sends the token to listed origins only, whatever a URL looks like', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const { host } = new URL(other)
      const mine = location.host
      const urls = [
        `//${host}/`, `http:\\\\${host}\\`, `http://${mine}@${host}/`, `/\\${host}/`, `\t//${host}/`, `http://127.0.0.1:${location.port}/`, `http://[::1]:${location.port}/`,
        `http://localhost.:${location.port}/`, `http://x.localhost:${location.port}/`, `ftp://${mine}/`, `blob:${location.origin}/x`, `data:,${location.origin}`, `http://${host}/#@${mine}`,
        `http://${host}?${location.origin}/`, `HTTP://LOCALHOST:${new URL(other).port}/`, `https://${mine}/`,
      ]
      await Promise.all(urls.map((url) => session.fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => {})))
      const base = document.head.appendChild(document.createElement('base'))
      base.href = `${other}/`
      await session.fetch('echo')
      base.remove()
      const elsewhere = (await bearers()).filter(Boolean)
      for (const url of ['echo', '', '?x', `HTTP://LOCALHOST:${location.port}/a`, `//${mine}/`]) await session.fetch(url, { headers: { 'X-Case': '1' } })
      return [elsewhere, await bearers()]
    })
    expect(result).toEqual([[], Array(5).fill('Authorization: Bearer mine')])
  })

  it('R52: a base that changes while a call waits for its token does not take the token along', async () => {
    const result = await stage.page.evaluate(async () => {
      let answer!: (response: Latchkey.TokenResponse) => void
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh: () => new Promise((resolve) => (answer = resolve)) })
      await session.setTokens({ access_token: 'old', expires_in: 0.001 })
      await new Promise((resolve) => setTimeout(resolve, 5))
      const call = session.fetch('echo')
      while (!answer) await new Promise((resolve) => setTimeout(resolve, 1))
      const base = document.head.appendChild(document.createElement('base'))
      base.href = `${other}/`
      answer({ access_token: 'fresh', expires_in: 3600 })
      const { url } = await call
      base.remove()
      return [url === `${location.origin}/echo`, await bearers()]
    })
    expect(result).toEqual([true, ['Authorization: Bearer fresh']])
  })

  it('S7: where a call goes is decided on the URL that the browser sends it to, whatever the Request says of itself', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const frame = document.body.appendChild(document.createElement('iframe')).contentWindow as unknown as typeof globalThis
      const lie = { url: `${location.origin}/echo` }
      class Liar extends Request {
        override get url() {
          return lie.url
        }
      }
      class Framed extends frame.Request {
        override get url() {
          return lie.url
        }
      }
      const said = new Request(`${other}/said`)
      Object.defineProperty(said, 'url', { value: lie.url })
      const liars = [new Liar(`${other}/liar`), new Framed(`${other}/framed`), said, { [Symbol.toStringTag]: 'Request', ...lie, toString: () => `${other}/ponyfill` }]
      // The browser takes a Proxy for a URL: that of the text which it makes of it.
      const proxies = [new Proxy(new Request(`${other}/proxy`), {}), new Proxy(new Request(`${location.origin}/echo`), { get: (request, name) => Reflect.get(request, name, request) })]
      for (const input of [...liars, ...proxies]) await session.fetch(input as Request).catch(() => {})
      const seen = (await (await former.fetch.call(globalThis, '/control/take')).json()) as { line: string; headers: string[] }[]
      return seen.map(({ line, headers }) => [line.split(' ')[1], headers.some((header) => /^authorization:/i.test(header)), headers.find((header) => /^host:/i.test(header))])
    })
    const [near, far] = [stage.near, stage.far].map(({ url }) => `Host: ${new URL(url).host}`)
    const sent = (result as [string, boolean, string][]).filter(([, , host]) => host === far)
    expect(sent).toEqual(['/liar', '/framed', '/said', '/ponyfill'].map((path) => [path, false, far]))
    expect((result as [string, boolean, string][]).filter(([, , host]) => host === near).map(([path]) => path)).toEqual(Array(2).fill('/[object%20Request]'))
  })

  it('C71: a page that gives a Request of another frame attaches to it, and keeps the caller’s Request as it was', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = await signIn(latchkey, 'mine')
      const frame = document.body.appendChild(document.createElement('iframe'))
      const request = new (frame.contentWindow as unknown as typeof globalThis).Request(`${location.origin}/echo`, { method: 'POST', body: 'x', headers: { 'X-A': '1' } })
      const { status } = await session.fetch(request)
      return [status, request.bodyUsed, request.headers.has('Authorization'), await bearers()]
    })
    expect(result).toEqual([200, true, false, ['Authorization: Bearer mine']])
  })

  it('C72: the underlying fetch is given a Request with every member as the native one would take it, signal included', async () => {
    const { before, after, aborted } = await stage.page.evaluate(async () => {
      const names = ['method', 'url', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive', 'destination'] as const
      const membersOf = (request: Request) => Object.fromEntries(names.map((name) => [name, request[name]]))
      const session = await signIn(latchkey, 'mine')
      const controller = new AbortController()
      const request = new Request('/members', {
        method: 'POST', body: 'x', keepalive: true, cache: 'no-store', credentials: 'include', mode: 'cors', redirect: 'error',
        referrer: `${location.href}?r`, referrerPolicy: 'unsafe-url', integrity: 'sha256-AAAA', signal: controller.signal,
      })
      const before = membersOf(new Request(request.clone()))
      let given: Request | undefined
      await session.wrapFetch(async (input) => {
        given = input as Request
        return new Response()
      })(request)
      controller.abort()
      return { before, after: membersOf(given!), aborted: given!.signal.aborted }
    })
    expect(after).toEqual(before)
    expect(before).toMatchObject({ cache: 'no-store', keepalive: true, redirect: 'error', referrerPolicy: 'unsafe-url' })
    expect(aborted).toBe(true)
  })

  for (const way of ['near', 'far'] as const) {
    it(`C83 C84: a keepalive call in pagehide reaches the ${way} server with the token`, async () => {
      await stage.page.evaluate(async (way) => {
        const session = await signIn(latchkey, 'mine', { origins: [location.origin, other] })
        addEventListener('pagehide', () => {
          void session.fetch(`${way === 'near' ? '' : other}/left`, { method: 'POST', body: 'x'.repeat(40_000), keepalive: true })
        })
      }, way)
      const { seen } = stage
      seen.length = 0
      await stage.page.goto(`${stage.near.url}/`)
      await expect.poll(() => seen.filter(({ line, body }) => line.startsWith('POST /left') && body.length === 40_000).map(({ headers }) => headers.find((header) => header.startsWith('Authorization'))), { timeout: 30_000 }).toEqual(['Authorization: Bearer mine'])
    })
  }

  it('R57 C78 C88: 8 MB are replayed byte by byte, and so is a file', async () => {
    const result = await stage.page.evaluate(async () => {
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh: async () => ({ access_token: 'fresh', expires_in: 3600 }) })
      const bytes = new Uint8Array(8e6).map((_, index) => index * 7)
      const statuses = []
      for (const make of [() => ['/echo', { method: 'PUT', body: bytes }] as const, () => [new Request('/echo', { method: 'PUT', body: new File([bytes], 'big') })] as const]) {
        await session.setTokens({ access_token: 'stale', expires_in: 3600 })
        statuses.push((await session.fetch(...make())).status)
        await session.logout()
      }
      const seen = (await (await former.fetch.call(globalThis, '/control/take')).json()) as { body: string }[]
      const intact = (body: string) => body.length === bytes.length && bytes.every((byte, index) => body.charCodeAt(index) === byte)
      return [statuses, seen.map(({ body }) => intact(body))]
    })
    expect(result).toEqual([[200, 200], [true, true, true, true]])
  })

  it('C88: the body of a 401 that is replayed is cancelled: no connection stays busy', async () => {
    const result = await stage.page.evaluate(async () => {
      let tokens = 0
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh: async () => ({ access_token: `fresh${tokens++}`, expires_in: 3600 }), unauthorizedCooldown: 1 })
      const statuses = []
      // More than the six connections that a browser has for one host.
      for (let i = 0; i < 10; i++) {
        await session.setTokens({ access_token: 'endless', expires_in: 3600 })
        statuses.push((await session.fetch('/echo')).status)
      }
      return statuses
    })
    expect(result).toEqual(Array(10).fill(200))
  })
})
