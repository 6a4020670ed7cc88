import { beforeEach, expect, it } from 'vitest'
import type { Page } from 'puppeteer-core'
import type * as Latchkey from '../../dist/index.js'
import type { Stage } from './pages.js'

export interface Answer {
  status: number
  text: string
}
/** What every client of a session comes down to. */
export type Client = (url: string, init?: RequestInit) => Promise<Answer>

declare global {
  var clients: Record<string, (session: Latchkey.Session) => Client>
  var latchkey: typeof Latchkey & { session?: Latchkey.Session }
  /** A client of its own session, signed in with this token, which refreshes to `fresh1`, `fresh2` … */
  var open: (token?: string, options?: Latchkey.SessionOptions & { expired?: boolean }) => Promise<{ session: Latchkey.Session; call: Client; refreshes: () => number }>
  var take: () => Promise<{ line: string; token: string | null; headers: string[]; body: string }[]>
  var control: (name: string) => Promise<unknown>
  var far: string
}

/** Makes `open` of a page open sessions for this client. */
async function prepare(page: Page, client: string): Promise<void> {
  await page.evaluate((name) => {
    const native = fetch.bind(globalThis)
    globalThis.far = new URLSearchParams(location.search).get('other')!
    globalThis.control = async (name) => (await native(`/control/${name}`)).json()
    globalThis.take = async () => {
      const seen = (await control('take')) as { line: string; headers: string[]; body: string }[]
      return seen
        .filter(({ headers }) => !headers.some((header) => /^access-control-request-method:/i.test(header)))
        .map((one) => ({ ...one, token: one.headers.find((header) => /^authorization:/i.test(header))?.slice('Authorization: '.length) ?? null }))
    }
    globalThis.open = async (token, { expired = false, ...options } = {}) => {
      let refreshes = 0
      const refresh = async () => ({ access_token: `fresh${++refreshes}`, expires_in: 3600 })
      const session = latchkey.createSession({ storage: latchkey.memoryStorage(), refresh, ...options })
      await session.ready
      if (token) await session.setTokens({ access_token: token, expires_in: expired ? 0.001 : 3600 })
      if (expired) await new Promise((resolve) => setTimeout(resolve, 5))
      return { session, call: clients[name]!(session), refreshes: () => refreshes }
    }
  }, client)
}

/** The manners of a client, whichever it is (R63). */
export function behaves(stage: Stage, client: string): void {
  const inPage = <Result>(run: () => Promise<Result>): Promise<Result> => stage.page.evaluate(run)
  beforeEach(async () => {
    await prepare(stage.page, client)
    await inPage(() => take())
  })

  it('R51 C1: attaches the token to the own origin, and to no other', async () => {
    expect(await inPage(async () => {
      const { call } = await open('mine')
      const answers = [await call('/echo'), await call(`${far}/echo`)]
      return [answers, (await take()).map(({ token }) => token)]
    })).toEqual([[{ status: 200, text: 'GET /echo' }, { status: 200, text: 'GET /echo' }], ['Bearer mine', null]])
  })
  it('R51: attaches it to a listed origin, and keeps method, headers and body', async () => {
    const [seen] = await inPage(async () => {
      const { call } = await open('mine', { origins: [far] })
      await call(`${far}/echo`, { method: 'PATCH', headers: { 'X-A': '1', 'Content-Type': 'text/odd' }, body: 'body' })
      return take()
    })
    expect(seen).toMatchObject({ line: 'PATCH /echo HTTP/1.1', token: 'Bearer mine', body: 'body' })
    expect(seen!.headers.join('\n')).toMatch(/^x-a: 1$/im)
    expect(seen!.headers.join('\n')).toMatch(/^content-type: text\/odd$/im)
  })
  it('C87: sends without a token when nobody is signed in', async () => {
    expect(await inPage(async () => {
      const { call } = await open()
      return [await call('/echo'), (await take()).map(({ token }) => token)]
    })).toEqual([{ status: 200, text: 'GET /echo' }, [null]])
  })
  it('R54 C7: leaves an Authorization of the caller alone, and its 401 too', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('mine')
      const { status } = await call('/status/401', { headers: { Authorization: 'Bearer stale' } })
      return [status, (await take()).map(({ token }) => token), refreshes()]
    })).toEqual([401, ['Bearer stale'], 0])
  })
  it('R43: gets a new token first when the old one has expired, once for all calls', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('old', { expired: true })
      const answers = await Promise.all([1, 2, 3].map((n) => call(`/echo?${n}`, { method: 'POST', body: `body ${n}` })))
      return [answers.map(({ status }) => status), (await take()).map(({ token, body }) => [token, body]).sort(), refreshes()]
    })).toEqual([[200, 200, 200], [1, 2, 3].map((n) => ['Bearer fresh1', `body ${n}`]), 1])
  })
  it('R56: a burst of 401s causes one refresh, and every call is sent again once', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('stale')
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => call(`/echo?${n}`)))
      const seen = await take()
      return [answers.map(({ text }) => text), seen.filter(({ token }) => token === 'Bearer fresh1').length, seen.length, refreshes()]
    })).toEqual([Array.from({ length: 12 }, (_, n) => `GET /echo?${n}`), 12, 24, 1])
  })
  it('R55: a 401 for a token that is no longer current is sent again with the current one, without a refresh', async () => {
    expect(await inPage(async () => {
      const { session, call, refreshes } = await open('stale')
      const answer = call('/late')
      await control('arrived')
      await session.refresh()
      await control('release')
      return [(await answer).status, (await take()).map(({ token }) => token), refreshes()]
    })).toEqual([200, ['Bearer stale', 'Bearer fresh1'], 1])
  })
  it('R57 C78: sends every kind of body again byte by byte', async () => {
    const seen = await inPage(async () => {
      const form = new FormData()
      form.set('a', 'b')
      form.set('f', new File([new Uint8Array([0, 1, 255])], 'f.bin'))
      const bodies = ['text ü', new URLSearchParams({ a: 'b c' }), form, new Blob(['blob'], { type: 'text/odd' }), new Uint8Array([1, 2, 0, 255]).buffer, new Uint8Array([3, 4])]
      for (const body of bodies) await (await open('stale')).call('/echo', { method: 'PUT', body, headers: { 'X-A': '1' } })
      return take()
    })
    expect(seen.map(({ token }) => token)).toEqual(Array(6).fill(['Bearer stale', 'Bearer fresh1']).flat())
    const plain = ({ line, headers, body }: (typeof seen)[number]) => {
      const boundary = /----WebKitFormBoundary\w+/g
      return { line, body: body.replace(boundary, ''), headers: headers.filter((header) => !/^authorization/i.test(header)).map((header) => header.replace(boundary, '')).sort() }
    }
    for (let i = 0; i < seen.length; i += 2) {
      expect(plain(seen[i + 1]!)).toEqual(plain(seen[i]!))
      expect(seen[i]!.body.length).toBeGreaterThan(1)
    }
  })
  it('R59 C44: gives the 401 back of what answers 401 to everything, for one refresh per cooldown', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('mine')
      const answers = []
      for (let i = 0; i < 4; i++) answers.push(await call('/status/401'))
      return [answers, (await take()).map(({ token }) => token), refreshes()]
    })).toEqual([Array(4).fill({ status: 401, text: 'status 401' }), ['Bearer mine', ...Array(4).fill('Bearer fresh1')], 1])
  })
  it('R60: tells of a challenge that no refresh can meet, and gives the answer back', async () => {
    expect(await inPage(async () => {
      const { session, call, refreshes } = await open('mine')
      const told: string[] = []
      session.on('stepup', ({ challenge }) => told.push(challenge))
      const answers = [await call('/challenge/401'), await call('/challenge/403')]
      return [answers, told, refreshes(), (await take()).length]
    })).toEqual([[{ status: 401, text: 'more' }, { status: 403, text: 'more' }], Array(2).fill('Bearer error="insufficient_scope"'), 0, 2])
  })
  it('C45: refreshes for no other status', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('mine')
      const statuses = []
      for (const status of [403, 404, 409, 419, 500, 503]) statuses.push((await call(`/status/${status}`)).status)
      return [statuses, refreshes(), (await take()).length]
    })).toEqual([[403, 404, 409, 419, 500, 503], 0, 6])
  })
  it('R53 C5 C6: carries no token across a redirect to another origin, and gives its 401 back without a refresh', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('mine')
      const { status } = await call(`/redirect/307/${encodeURIComponent(`${far}/status/401`)}`)
      return [status, (await take()).map(({ token }) => token), refreshes()]
    })).toEqual([401, ['Bearer mine', null], 0])
  })
  it('C80: sends nothing again that failed on the network', async () => {
    expect(await inPage(async () => {
      const { call, refreshes } = await open('mine')
      const failed = await call('/rubbish', { method: 'POST', body: 'x' }).then(() => false, () => true)
      return [failed, (await take()).map(({ token }) => token), refreshes()]
    })).toEqual([true, ['Bearer mine'], 0])
  })
  it('R62 C76: an abort while it waits for a token ends that call at once, and the refresh goes on for others', async () => {
    expect(await inPage(async () => {
      let finish!: () => void
      const gate = new Promise<void>((resolve) => (finish = resolve))
      const { call } = await open('old', { expired: true, refresh: () => gate.then(() => ({ access_token: 'late', expires_in: 3600 })) })
      const controller = new AbortController()
      const aborted = call('/echo?1', { method: 'POST', body: 'x', signal: controller.signal }).then(() => 'sent', () => 'aborted')
      const other = call('/echo?2')
      await new Promise((resolve) => setTimeout(resolve, 10))
      controller.abort()
      const first = await aborted
      finish()
      return [first, (await other).status, (await take()).map(({ line, token }) => [line, token])]
    })).toEqual(['aborted', 200, [['GET /echo?2 HTTP/1.1', 'Bearer late']]])
  })
  it('C77: an abort in flight ends the call', async () => {
    expect(await inPage(async () => {
      const { call } = await open('mine')
      const controller = new AbortController()
      const answer = call('/hang', { signal: controller.signal }).then(() => 'answered', () => 'aborted')
      await control('arrived')
      controller.abort()
      return answer
    })).toBe('aborted')
  })
  it('R17: fails when the token has expired and cannot be refreshed; after a 401 it gives that back', async () => {
    expect(await inPage(async () => {
      const refresh = () => Promise.reject(new latchkey.RefreshError('misconfigured', 'down'))
      const expired = await (await open('old', { expired: true, refresh })).call('/echo').then(() => 'sent', () => 'failed')
      const { status } = await (await open('stale', { refresh })).call('/echo')
      return [expired, status, (await take()).map(({ token }) => token)]
    })).toEqual(['failed', 401, ['Bearer stale']])
  })
  it('C86: leaves no rejection behind that nobody handles', async () => {
    expect(await inPage(async () => {
      const unhandled: string[] = []
      const listen = (event: PromiseRejectionEvent) => {
        event.preventDefault()
        unhandled.push(String(event.reason))
      }
      addEventListener('unhandledrejection', listen)
      const { call } = await open('stale', { refresh: () => Promise.reject(new latchkey.RefreshError('misconfigured', 'down')) })
      await Promise.all(['/echo', '/rubbish', 'http://localhost:1/', '/echo'].map((url) => call(url, { method: 'POST', body: 'x' }).catch(() => {})))
      const controller = new AbortController()
      const answer = call('/hang', { signal: controller.signal }).catch(() => {})
      controller.abort()
      await answer
      await new Promise((resolve) => setTimeout(resolve, 20))
      removeEventListener('unhandledrejection', listen)
      return unhandled
    })).toEqual([])
  })
}
