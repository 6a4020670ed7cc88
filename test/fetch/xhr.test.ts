import { beforeAll, expect, it } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import type * as Adapter from '../../dist/xhr.js'
import { stage } from './pages.js'

declare global {
  var authorizeXHR: typeof Adapter.authorizeXHR
  var play: (XHR: typeof XMLHttpRequest, kind: string) => Promise<unknown[]>
  /** The class for a session that is signed in with this token. */
  var authorized: (token: string) => Promise<typeof XMLHttpRequest>
  /** The same, where the token has expired and another comes after so many milliseconds, or never. */
  var waiting: (after?: number) => Promise<typeof XMLHttpRequest>
  /** Sends, and answers with status and response. */
  var load: (xhr: XMLHttpRequest, body?: XMLHttpRequestBodyInit) => Promise<[number, string]>
  var taken: () => Promise<{ line: string; headers: string[] }[]>
}

const KINDS = ['GET', 'POST', 'listeners', '404', 'json', 'rubbish', 'timeout', 'abort', 'abort early', 'twice', 'reopened', 'wrong method', 'wrong order', 'far', 'sync']

stage('R63: XMLHttpRequest with a token', ['/latchkey.min.js'], (stage) => {
  beforeAll(async () => {
    await stage.page.addScriptTag({ url: '/clients.js', type: 'module' })
    await stage.page.waitForFunction(() => globalThis.authorizeXHR)
    await stage.page.evaluate(async () => {
      const far = new URLSearchParams(location.search).get('other')!
      globalThis.authorized = async (token) => {
        const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, far], refresh: async () => ({ access_token: 'fresh', expires_in: 3600 }) })
        await session.setTokens({ access_token: token, expires_in: 3600 })
        return authorizeXHR(session, XMLHttpRequest)
      }
      globalThis.waiting = async (after) => {
        const refresh = () => new Promise<{ access_token: string; expires_in: number }>((resolve) => after && setTimeout(resolve, after, { access_token: 'fresh', expires_in: 3600 }))
        const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, far], refresh })
        await session.setTokens({ access_token: 'old', expires_in: 0.001 })
        await new Promise((resolve) => setTimeout(resolve, 5))
        return authorizeXHR(session, XMLHttpRequest)
      }
      globalThis.load = (xhr, body) =>
        new Promise((resolve) => {
          xhr.onloadend = () => resolve([xhr.status, xhr.responseText])
          xhr.send(body)
        })
      globalThis.taken = async () => (await (await fetch('/control/take')).json()) as { line: string; headers: string[] }[]
      globalThis.play = async (XHR, kind) => {
        const seen: unknown[] = []
        const xhr = new XHR()
        const tell = ({ type, target }: Event, where = '') => seen.push(`${where}${type} ${(target as XMLHttpRequest).readyState ?? ''}`)
        for (const type of ['readystatechange', 'loadstart', 'load', 'loadend', 'error', 'abort', 'timeout'] as const) {
          if (kind === 'listeners') xhr.addEventListener(type, (event) => void tell(event))
          else (xhr as unknown as Record<string, unknown>)[`on${type}`] = tell
        }
        if (kind === 'POST') for (const type of ['loadstart', 'load', 'loadend'] as const) xhr.upload.addEventListener(type, () => void seen.push(`upload ${type}`))
        const ended = () => new Promise((resolve) => xhr.addEventListener('loadend', resolve, { once: true }))
        try {
          if (kind === 'wrong order') xhr.send()
          xhr.open(kind === 'wrong method' ? 'bad method' : kind === 'POST' ? 'POST' : 'GET', kind === 'far' ? `${far}/echo` : kind === '404' ? '/status/404' : kind === 'rubbish' ? '/rubbish' : /timeout|abort/.test(kind) ? '/hang' : '/echo', kind !== 'sync')
          xhr.setRequestHeader('X-A', '1')
          if (kind === 'json') xhr.responseType = 'json'
          if (kind === 'timeout') xhr.timeout = 50
          if (kind === 'sync') xhr.send()
          else {
            let end = ended()
            xhr.send(kind === 'POST' ? 'body' : null)
            if (kind === 'abort early') xhr.abort()
            if (kind === 'abort') {
              await (await fetch('/control/arrived')).text()
              xhr.abort()
            }
            if (kind === 'reopened') {
              xhr.open('GET', '/echo?again')
              xhr.send()
            }
            await end
            if (kind === 'twice') {
              xhr.open('PUT', '/echo?again')
              end = ended()
              xhr.send('again')
              await end
            }
          }
        } catch (error) {
          seen.push((error as Error).name)
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
        const requests = (await (await fetch('/control/take')).json()) as { line: string; headers: string[] }[]
        seen.push(xhr.status, xhr.readyState, xhr.response, xhr.responseURL, xhr.getResponseHeader('X-Exposed'), xhr instanceof XMLHttpRequest)
        seen.push(...requests.filter(({ line, headers }) => !line.startsWith('OPTIONS') && !headers.includes('Authorization: Bearer stale')).map(({ line }) => line))
        return seen
      }
      await (await fetch('/control/take')).text()
    })
  })

  for (const kind of KINDS) {
    it(`fires the events of native, in the same order: ${kind}`, async () => {
      const [native, ours] = await stage.page.evaluate(async (kind) => [await play(XMLHttpRequest, kind), await play(await authorized('fresh'), kind)], kind)
      if (/abort early|reopened/.test(kind)) for (const list of [native!, ours!]) list.splice(0, list.length, ...list.filter((one) => !/ HTTP\//.test(String(one)))) // sent or not
      expect(ours).toEqual(native)
      expect(native!.length).toBeGreaterThan(5)
    })
  }
  for (const kind of ['GET', 'listeners', '404', 'json', 'far', 'twice']) {
    it(`shows listeners nothing of a 401 that is replayed: ${kind}`, async () => {
      const [native, ours] = await stage.page.evaluate(async (kind) => [await play(XMLHttpRequest, kind), await play(await authorized('stale'), kind)], kind)
      expect(ours).toEqual(native)
    })
  }
  for (const kind of ['GET', 'listeners', 'json', 'far', 'twice', 'rubbish', 'reopened', 'wrong order']) {
    it(`fires the events of native when it has to wait for its token: ${kind}`, async () => {
      const [native, ours] = await stage.page.evaluate(async (kind) => [await play(XMLHttpRequest, kind), await play(await waiting(20), kind)], kind)
      if (kind === 'reopened') for (const list of [native!, ours!]) list.splice(0, list.length, ...list.filter((one) => !/ HTTP\//.test(String(one)))) // sent or not
      expect(ours).toEqual(native)
    })
  }
  it('S16: aborted while it waits for its token, it ends as native does, with readyState 4 and then 0', async () => {
    const [native, ours] = await stage.page.evaluate(async () => {
      const both = []
      for (const XHR of [XMLHttpRequest, await waiting()]) {
        const seen = await play(XHR, 'abort early')
        const xhr = new XHR()
        xhr.open('GET', '/hang')
        xhr.send()
        xhr.onabort = () => void seen.push(xhr.readyState, 'in the event')
        xhr.abort()
        seen.push(xhr.readyState)
        try {
          xhr.send()
        } catch (error) {
          seen.push((error as Error).name)
        }
        // A listener that opens it again finds it open.
        xhr.open('GET', '/hang')
        xhr.send()
        xhr.onabort = () => xhr.open('GET', '/again')
        xhr.abort()
        seen.push(xhr.readyState)
        both.push(seen)
        // What native has sent before it was aborted may arrive late.
        await new Promise((resolve) => setTimeout(resolve, 100))
        await taken()
      }
      return both
    })
    // Native may have sent it; while there is no token, nothing is sent.
    expect(ours).toEqual(native!.filter((one) => !/ HTTP\//.test(String(one))))
    expect(ours).toContain('in the event')
  })
  it('S16: aborted between a 401 and the replay, it ends with abort, and nothing is sent again', async () => {
    const seen = await stage.page.evaluate(async () => {
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh: () => new Promise(() => {}) })
      await session.setTokens({ access_token: 'stale', expires_in: 3600 })
      const xhr = new (authorizeXHR(session, XMLHttpRequest))()
      const seen: unknown[] = []
      for (const type of ['readystatechange', 'load', 'loadend', 'error', 'abort'] as const) xhr.addEventListener(type, () => void seen.push(`${type} ${xhr.readyState}`))
      xhr.open('GET', '/echo')
      xhr.send()
      while (xhr.readyState < 4) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 20))
      xhr.abort()
      return [...seen, xhr.readyState, (await taken()).length]
    })
    expect(seen).toEqual(['readystatechange 1', 'readystatechange 4', 'abort 4', 'loadend 4', 0, 1])
  })
  it('a refresh that fails while it waits ends it as a network error does', async () => {
    const [native, ours] = await stage.page.evaluate(async () => {
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh: () => Promise.reject(new latchkey.RefreshError('misconfigured', 'no')) })
      await session.setTokens({ access_token: 'old', expires_in: 0.001 })
      await new Promise((resolve) => setTimeout(resolve, 5))
      const both = []
      for (const [XHR, url] of [[XMLHttpRequest, 'http://localhost:1/'], [authorizeXHR(session, XMLHttpRequest), '/echo']] as const) {
        const seen: unknown[] = []
        const xhr = new XHR()
        for (const type of ['readystatechange', 'loadstart', 'load', 'error', 'abort'] as const) xhr.addEventListener(type, () => void seen.push(`${type} ${xhr.readyState}`))
        xhr.open('GET', url)
        await load(xhr)
        both.push([...seen, xhr.readyState, xhr.status])
      }
      return both
    })
    expect(ours).toEqual(native)
  })
  for (const [what, change] of Object.entries({
    'history.pushState': 'history.pushState(0, "", "/elsewhere/below/")',
    'a base': 'document.head.appendChild(document.createElement("base")).href = far + "/evil/"',
    'a URL object that is changed': 'url.href = far + "/evil"',
    'an object that says something else each time': 'url.next = far + "/evil"',
  })) {
    for (const token of ['stale', 'waits'] as const) {
      it(`S1: what it sent, or would have sent, goes to the URL of the call, whatever the page does meanwhile: ${what}, ${token}`, async () => {
        const seen = await stage.page.evaluate(
          async (what, change, token) => {
            const far = new URLSearchParams(location.search).get('other')!
            const page = location.href
            const XHR = token === 'stale' ? await authorized('stale') : await waiting(30)
            const xhr = new XHR()
            const url = what.includes('says') ? { next: '/echo', toString() { return this.next } } : what.includes('URL object') ? new URL('/echo', location.href) : 'echo'
            xhr.open('GET', url as string)
            const answer = load(xhr)
            new Function('far', 'url', change)(far, url)
            const result = await answer
            document.querySelector('base')?.remove()
            history.replaceState(0, '', page)
            return [result, (await taken()).map(({ line, headers }) => [line, headers.find((header) => /^host:/i.test(header))])]
          },
          what, change, token,
        )
        const host = `Host: ${new URL(stage.near.url).host}`
        expect(seen).toEqual([[200, 'GET /echo'], Array(token === 'stale' ? 2 : 1).fill(['GET /echo HTTP/1.1', host])])
      })
    }
  }
  it('F3: with a cookie session it gets every header of the scheme, and the cookies', async () => {
    const [near, far, own, after] = await stage.page.evaluate(async () => {
      const far = new URLSearchParams(location.search).get('other')!
      document.cookie = 'csrf=secret; path=/'
      const scheme = latchkey.cookieSession({ headers: { 'X-CSRF': '1', 'X-App': 'demo' }, csrfCookie: 'csrf' })
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), scheme, origins: [location.origin, far] })
      await session.setTokens({ expires_in: 3600 })
      const XHR = authorizeXHR(session, XMLHttpRequest)
      const xhr = new XHR()
      const call = async (url: string, header?: [string, string]) => {
        xhr.open('POST', url)
        if (header) xhr.setRequestHeader(...header)
        await load(xhr, 'x')
        const [{ headers } = { headers: [] }] = (await taken()).filter(({ line }) => line.startsWith('POST'))
        return headers.filter((header) => /^(x-|cookie)/i.test(header)).map((header) => header.toLowerCase()).sort()
      }
      const seen = [await call('/echo'), await call(`${far}/echo`), await call('/echo', ['X-App', 'mine'])]
      await session.logout()
      seen.push(await call(`${far}/echo`))
      document.cookie = 'csrf=; path=/; max-age=0'
      return seen
    })
    const cookie = expect.stringContaining('csrf=secret')
    expect(near).toEqual([cookie, 'x-app: demo', 'x-csrf-token: secret', 'x-csrf: 1'])
    expect(far).toEqual(near)
    // A header of the scheme that the caller has set makes the call its own affair.
    expect(own).toEqual([cookie, 'x-app: mine'])
    // Credentials that the scheme lent are not kept for calls that are not attached.
    expect(after).toEqual([])
  })
  it('F3: with a cookie session it waits for a renewal, and has headers and cookies then', async () => {
    const sent = await stage.page.evaluate(async () => {
      const far = new URLSearchParams(location.search).get('other')!
      document.cookie = 'mine=1; path=/'
      const session = latchkey.createSession({
        storage: latchkey.memoryStorage(), origins: [far], scheme: latchkey.cookieSession(),
        refresh: () => new Promise((resolve) => setTimeout(resolve, 20, { expires_in: 3600 })),
      })
      await session.setTokens({ expires_in: 0.001 })
      await new Promise((resolve) => setTimeout(resolve, 5))
      const xhr = new (authorizeXHR(session, XMLHttpRequest))()
      xhr.open('GET', `${far}/echo`)
      await load(xhr)
      document.cookie = 'mine=; path=/; max-age=0'
      return (await taken()).filter(({ line }) => line.startsWith('GET')).map(({ headers }) => headers.filter((header) => /^(x-csrf|cookie)/i.test(header)).join().toLowerCase())
    })
    expect(sent).toEqual([expect.stringMatching(/mine=1.*x-csrf: 1|x-csrf: 1.*mine=1/)])
  })
  it('F3: with a cookie session it is replayed after a 401, and listeners hear of one answer', async () => {
    const result = await stage.page.evaluate(async () => {
      let renewed = 0
      const session = latchkey.createSession({
        storage: latchkey.memoryStorage(), scheme: latchkey.cookieSession({ headers: {} }), refresh: async () => (renewed++, {}),
      })
      await session.setTokens({})
      const xhr = new (authorizeXHR(session, XMLHttpRequest))()
      const seen: string[] = []
      for (const type of ['readystatechange', 'load', 'loadend'] as const) xhr.addEventListener(type, () => void seen.push(`${type} ${xhr.readyState} ${xhr.status}`))
      xhr.open('GET', '/status/401')
      await load(xhr)
      return [renewed, seen.filter((one) => /^load/.test(one)), (await taken()).length, xhr.withCredentials]
    })
    expect(result).toEqual([1, ['load 4 401', 'loadend 4 401'], 2, true])
  })
  it('F3: and with a scheme of one’s own, whose header is none of the known ones', async () => {
    const tokens = await stage.page.evaluate(async () => {
      const scheme: Latchkey.Scheme = {
        names: ['x-key'],
        headers: (key) => ({ 'X-Key': key }),
        read: (response, now) => ({ accessToken: (response as { access_token: string }).access_token, receivedAt: now }),
      }
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), scheme })
      await session.setTokens({ access_token: 'k1' })
      const xhr = new (authorizeXHR(session, XMLHttpRequest))()
      xhr.open('GET', '/echo')
      await load(xhr)
      return (await taken()).map(({ headers }) => headers.filter((header) => /^(x-key|authorization)/i.test(header)))
    })
    expect(tokens).toEqual([['X-Key: k1']])
  })
  it('F43: a token request goes out as it came', async () => {
    const sent = await stage.page.evaluate(async () => {
      const results = []
      for (const XHR of [await authorized('fresh'), await waiting()]) {
        const xhr = new XHR()
        xhr.open('POST', '/echo')
        results.push(await load(xhr, new URLSearchParams({ grant_type: 'authorization_code', code: 'c' })))
      }
      return [results, (await taken()).map(({ headers }) => headers.some((header) => /^authorization/i.test(header)))]
    })
    expect(sent).toEqual([Array(2).fill([200, 'POST /echo']), [false, false]])
  })
  it('leaves the global one as it is', async () => {
    expect(await stage.page.evaluate(async () => {
      const before = XMLHttpRequest
      const XHR = await authorized('fresh')
      return [XMLHttpRequest === before, XHR !== before, XHR.prototype instanceof before]
    })).toEqual([true, true, true])
  })
})
