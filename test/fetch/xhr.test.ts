import { beforeAll, expect, it } from 'vitest'
import type * as Adapter from '../../dist/xhr.js'
import { stage } from './pages.js'

declare global {
  var authorizeXHR: typeof Adapter.authorizeXHR
  var play: (XHR: typeof XMLHttpRequest, kind: string) => Promise<unknown[]>
  /** The class for a session that is signed in with this token. */
  var authorized: (token: string) => Promise<typeof XMLHttpRequest>
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
  it('leaves the global one as it is', async () => {
    expect(await stage.page.evaluate(async () => {
      const before = XMLHttpRequest
      const XHR = await authorized('fresh')
      return [XMLHttpRequest === before, XHR !== before, XHR.prototype instanceof before]
    })).toEqual([true, true, true])
  })
})
