import { expect, test } from 'vitest'
import { API, bench } from './harness.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { SessionOptions } from '../../src/types.js'

/** An API that takes the newest token and answers any other as `refusal` says. */
const signedIn = async (refusal: () => Response, options: Partial<SessionOptions> = {}) => {
  const b = bench()
  const opened = await b.open(options)
  await b.finish(opened.session.setTokens(b.server.login('alice')))
  let stale = await b.finish(opened.session.getAccessToken())
  const seen: string[] = []
  const api = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    const token = request.headers.get('Authorization')?.slice(7)
    seen.push(token === stale ? 'stale' : token ? 'fresh' : 'none')
    return token && token !== stale ? Response.json({ data: 'yours' }) : refusal()
  }
  return { ...b, ...opened, seen, api, call: opened.session.wrapFetch(api), isStale: (token: string | undefined) => (stale = token) }
}
const graphql = () => Response.json({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
const says = async (response: Response) => {
  if (!response.headers.get('Content-Type')?.startsWith('application/json')) return false
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] }
  return errors?.[0]?.extensions.code === 'UNAUTHENTICATED'
}

test('F25: a 200 with a code in its body refreshes and replays, when the app says that it means 401', async () => {
  const b = await signedIn(graphql, { unauthorized: says })
  expect(await (await b.finish(b.call(API, { method: 'POST', body: '{me}' }))).json()).toEqual({ data: 'yours' })
  expect(b.seen).toEqual(['stale', 'fresh'])
  expect(b.server.tokenRequests).toHaveLength(1)
})

test('F25: the app reads a copy: the answer reaches the caller whole', async () => {
  const b = await signedIn(() => Response.json({ errors: [] }), { unauthorized: says })
  expect(await (await b.finish(b.call(API))).json()).toEqual({ errors: [] })
  expect(b.server.tokenRequests).toHaveLength(0)
})

for (const status of [403, 419]) {
  test(`F25: a ${status} refreshes and replays, when the app says that it means 401`, async () => {
    const b = await signedIn(() => new Response(null, { status }), { unauthorized: (response) => response.status === status })
    expect((await b.finish(b.call(API))).status).toBe(200)
    expect(b.seen).toEqual(['stale', 'fresh'])
  })
  test(`F25: a ${status} does nothing of the kind by default`, async () => {
    const b = await signedIn(() => new Response(null, { status }))
    expect((await b.finish(b.call(API))).status).toBe(status)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
}

test('F24: a client opts out: the token goes along, and its 401 comes back as it is', async () => {
  const b = await signedIn(() => new Response('wrong current password', { status: 401 }))
  const call = b.session.wrapFetch(b.api, { unauthorized: () => false })
  const response = await b.finish(call(API, { method: 'POST', body: 'old=1&new=2' }))
  expect([response.status, await response.text()]).toEqual([401, 'wrong current password'])
  expect(b.seen).toEqual(['stale'])
  expect(b.server.tokenRequests).toHaveLength(0)
})

test('F24: what one client says does not hold for the others, and outweighs what the session says', async () => {
  const b = await signedIn(() => new Response(null, { status: 403 }), { unauthorized: (response) => response.status === 403 })
  await b.finish(b.session.wrapFetch(b.api, { unauthorized: () => false })(API))
  expect(b.server.tokenRequests).toHaveLength(0)
  expect((await b.finish(b.call(API))).status).toBe(200)
})

test('F25: a function that throws decides nothing: a 401 is one, a 200 is none', async () => {
  const b = await signedIn(() => new Response('<p>', { status: 401 }), { unauthorized: async (response) => (await response.json()).errors.length > 0 })
  expect((await b.finish(b.call(API))).status).toBe(200)
  expect(b.server.tokenRequests).toHaveLength(1)
  await b.finish(b.session.wrapFetch(async () => new Response('<p>'))(API))
  expect(b.server.tokenRequests).toHaveLength(1)
})

test('F25: what always says unauthorized costs one refresh per cooldown, and one replay per call', async () => {
  const b = await signedIn(graphql, { unauthorized: () => true })
  for (let i = 0; i < 5; i++) await b.finish(b.call(API))
  expect(b.server.tokenRequests).toHaveLength(1)
})

/** Nothing to renew with: an opaque token that no refresh replaces. */
const withoutRenewal = (refusal: () => Response, options: Partial<SessionOptions> = {}) => signedIn(refusal, { refresh: undefined, ...options })

test('F13: without renewal, a plain 401 does not end the session: an API may say it of one call', async () => {
  const b = await withoutRenewal(() => new Response(null, { status: 401 }))
  for (let i = 0; i < 3; i++) expect((await b.finish(b.call(API))).status).toBe(401)
  expect(b.session.status).toBe('authenticated')
})

test('F13: without renewal, invalid_token ends it', async () => {
  const b = await withoutRenewal(() => new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }))
  expect((await b.finish(b.call(API))).status).toBe(401)
  expect(b.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'expired' })
})

test('F13: without renewal, a plain 401 ends it once the token has run out by the clock', async () => {
  const b = await withoutRenewal(() => new Response(null, { status: 401 }))
  await b.world.run(301_000)
  await b.finish(b.call(API))
  expect(b.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'expired' })
})

test('F13: without renewal, the word of the app ends it', async () => {
  const b = await withoutRenewal(() => new Response(null, { status: 401 }), { unauthorized: (response) => response.status === 401 })
  await b.finish(b.call(API))
  expect(b.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'expired' })
})

for (const [what, unauthorized, status] of [
  ['outlasts plain 401s', undefined, 'authenticated'],
  ['ends by a 401 when the app says that it means the session', (response: Response) => response.status === 401, 'anonymous'],
] as const) {
  test(`F13: a cookie session without refreshUrl ${what}`, async () => {
    const b = bench()
    const { session } = await b.open({ scheme: cookieSession(), refresh: undefined, ...(unauthorized && { unauthorized }) })
    await b.finish(session.setTokens({}))
    const call = session.wrapFetch(async () => new Response(null, { status: 401 }))
    for (let i = 0; i < 3; i++) await b.finish(call(API))
    expect(session.status).toBe(status)
  })
}

test('F25: a client that has no Response to copy, such as XMLHttpRequest, goes by status 401', async () => {
  const b = await signedIn(() => new Response(null, { status: 403 }), { unauthorized: () => true })
  const bare = async (input: RequestInfo | URL, init?: RequestInit) => {
    const { status, headers } = await b.api(input, init)
    return { status, headers, redirected: false } as Response
  }
  expect((await b.finish(b.session.wrapFetch(bare)(API))).status).toBe(403)
  expect(b.server.tokenRequests).toHaveLength(0)
})
