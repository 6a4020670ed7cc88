import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../../demo/server/index.mjs'

// What the demo's counters say is only worth something if they can count, and a wrong request gets a sentence.
describe('The demo server', () => {
  let site: RunningServer
  beforeAll(async () => {
    site = await startServer({ quiet: true, grace: 10, lifetime: 60 })
  })
  beforeEach(() => site.state.reset())
  afterAll(() => site.close())

  const origin = () => site.url.replace('localhost', '127.0.0.1')
  const api = () => site.apiUrl.replace('localhost', '127.0.0.1')
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${origin()}${path}`, { method: 'POST', body: new URLSearchParams(fields), headers, ...(signal && { signal }) })
  const logIn = async (user = 'alice', password = 'wonderland') =>
    (await post('/login', { user, password })).json() as Promise<{ access_token: string; refresh_token: string }>
  const refresh = (refresh_token: string, key?: string, signal?: AbortSignal) =>
    post('/oauth/token', { grant_type: 'refresh_token', client_id: 'demo', refresh_token }, key ? { 'Idempotency-Key': key } : {}, signal)
  const sidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).sid as string

  it('takes a retry with the same key for what it is, and counts a token that comes again under another key or none', async () => {
    const { refresh_token } = await logIn()
    for (const key of ['a', 'a']) expect((await refresh(refresh_token, key)).status).toBe(200)
    expect(site.state).toMatchObject({ rotations: 1, repeats: 1, spentTwice: 0 })
    for (const key of ['b', undefined]) expect((await refresh(refresh_token, key)).status).toBe(200)
    expect(site.state).toMatchObject({ rotations: 1, repeats: 3, spentTwice: 2 })
  })

  it('counts a token that comes again while the request before is still waiting, but not when that one has gone', async () => {
    site.state.faults.delayToken = 300
    const first = await logIn()
    await Promise.all([refresh(first.refresh_token, 'a'), refresh(first.refresh_token, 'a')])
    expect(site.state.spentTwice).toBe(1)

    const second = await logIn('bob', 'builder')
    const controller = new AbortController()
    const lost = refresh(second.refresh_token, 'b', controller.signal).catch(() => {})
    while (site.state.tokenRequests < 3) await new Promise(setImmediate)
    controller.abort()
    await lost
    while (!site.state.events.some(({ kind }) => kind === 'gone')) await new Promise(setImmediate)
    expect((await refresh(second.refresh_token, 'b')).status).toBe(200)
    expect(site.state.spentTwice).toBe(1)
  })

  it('counts a sign-out as wrong while it honours the session and nobody logged out', async () => {
    const { access_token, refresh_token } = await logIn()
    const sid = sidOf(access_token)
    await post('/_signed-out', { sid })
    expect(site.state.wronglySignedOut).toBe(1)
    await post('/_signed-out', { sid, asked: 'true' })
    expect(site.state.wronglySignedOut).toBe(0)

    // In memory every tab has a session of its own, and follows a logout of another.
    site.state.reset()
    await post('/_signed-out', { sid, reason: 'rejected' })
    await post('/_signed-out', { sid: 'another', reason: 'logout', asked: 'true' })
    expect(site.state.wronglySignedOut).toBe(1)
    await post('/_signed-out', { sid, reason: 'logout' })
    expect(site.state.wronglySignedOut).toBe(1)

    site.state.reset()
    await post('/oauth/revoke', { token: refresh_token })
    await post('/_signed-out', { sid })
    expect(site.state.wronglySignedOut).toBe(0)
  })

  it('revokes the family of a token that is spent again without grace', async () => {
    const strict = await startServer({ quiet: true, grace: 0 })
    try {
      const at = strict.url.replace('localhost', '127.0.0.1')
      const send = (path: string, fields: Record<string, string>) => fetch(`${at}${path}`, { method: 'POST', body: new URLSearchParams(fields) })
      const { refresh_token } = (await (await send('/login', { user: 'alice', password: 'wonderland' })).json()) as { refresh_token: string }
      const fields = { grant_type: 'refresh_token', client_id: 'demo', refresh_token }
      const next = (await (await send('/oauth/token', fields)).json()) as { refresh_token: string }
      expect((await send('/oauth/token', fields)).status).toBe(400)
      const after = await send('/oauth/token', { ...fields, refresh_token: next.refresh_token })
      expect(await after.json()).toMatchObject({ error: 'invalid_grant' })
      expect(strict.state).toMatchObject({ rotations: 1, reuses: 1, spentTwice: 1 })
    } finally {
      await strict.close()
    }
  })

  it('signs with RS256 by option, and publishes the key that verifies it', async () => {
    const { createLocalJWKSet, jwtVerify } = await import('jose')
    const rsa = await startServer({ quiet: true, alg: 'RS256' })
    try {
      const at = rsa.url.replace('localhost', '127.0.0.1')
      const body = new URLSearchParams({ user: 'bob', password: 'builder' })
      const { access_token } = (await (await fetch(`${at}/login`, { method: 'POST', body })).json()) as { access_token: string }
      const keys = createLocalJWKSet((await (await fetch(`${at}/.well-known/jwks.json`)).json()) as never)
      const { payload, protectedHeader } = await jwtVerify(access_token, keys, { issuer: rsa.url, audience: rsa.apiUrl })
      expect([protectedHeader.alg, payload.sub, payload.name]).toEqual(['RS256', 'bob', 'Bob'])
    } finally {
      await rsa.close()
    }
  })

  it('sets a cookie with every attribute, and verifies a token in a cookie as in the header', async () => {
    const cookie = {
      name: '__Secure-demo', value: 'a b', path: '/cookie', domain: 'localhost', maxAge: 60, expires: new Date(Date.now() + 60_000).toISOString(),
      sameSite: 'none', secure: true, httpOnly: true, partitioned: true,
    }
    const answer = await fetch(`${origin()}/cookie`, { method: 'POST', body: JSON.stringify(cookie), headers: { 'Content-Type': 'application/json' } })
    expect(answer.headers.get('Set-Cookie')).toMatch(
      /^__Secure-demo=a%20b; Max-Age=60; Domain=localhost; Path=\/cookie; Expires=.* GMT; HttpOnly; Secure; SameSite=None; Partitioned$/,
    )
    const { access_token } = await logIn()
    const ways: [string, HeadersInit][] = [
      ['header', { Authorization: `Bearer ${access_token}` }],
      ['cookie', { Cookie: `access_token=${access_token}` }],
    ]
    for (const [from, headers] of ways) {
      expect(await (await fetch(`${origin()}/verify`, { headers })).json()).toMatchObject({ from, claims: { sub: 'alice' } })
    }
    const broken = await fetch(`${origin()}/verify`, { headers: { Authorization: `Bearer ${access_token}x` } })
    expect([broken.status, await broken.json()]).toMatchObject([401, { error_description: 'The signature of the token is wrong.' }])
  })

  const json = (body: string) => ({ body, headers: { 'Content-Type': 'application/json' } })
  const form = (fields: Record<string, string>) => ({ body: new URLSearchParams(fields) })
  const wrong: [string, string, RequestInit, number, string][] = [
    ['GET', '/nothing', {}, 404, 'There is nothing at /nothing on this server.'],
    ['GET', '/%zz', {}, 404, 'There is nothing at /%zz on this server.'],
    ['DELETE', '/', {}, 405, '/ takes GET, not DELETE.'],
    ['GET', '/oauth/token', {}, 405, '/oauth/token takes POST, not GET.'],
    ['POST', '/login', json('{bad'), 400, 'The body is not valid JSON.'],
    ['POST', '/login', json('[]'), 400, 'The body must be a JSON object.'],
    ['POST', '/login', json('{"user":1,"password":"x"}'), 400, 'The parameter user is missing or not a string.'],
    ['POST', '/login', json(`{"user":"${'x'.repeat(70_000)}"}`), 413, 'The body is larger than 64 KB, the most this server takes.'],
    ['POST', '/login', { body: 'hello' }, 415, 'Send application/json or application/x-www-form-urlencoded.'],
    ['POST', '/login', form({ user: 'alice', password: 'guess' }), 401, 'That user and password do not go together.'],
    ['POST', '/oauth/token', form({ grant_type: 'password' }), 400, 'The only grant type here is refresh_token.'],
    ['POST', '/oauth/token', form({ grant_type: 'refresh_token', client_id: 'other', refresh_token: 'x' }), 401, 'The client other is unknown here; it is called demo.'],
    ['POST', '/oauth/token', form({ grant_type: 'refresh_token', client_id: 'demo', refresh_token: 'x' }), 400, 'The refresh token is unknown here.'],
    ['POST', '/oauth/revoke', form({ token: 'x', client_id: 'other' }), 401, 'The client other is unknown here; it is called demo.'],
    ['GET', '/verify', { headers: { Authorization: 'Basic x' } }, 401, 'The Authorization header must be: Bearer, a space, the token.'],
    ['GET', '/verify', { headers: { Authorization: 'Bearer x' } }, 401, 'That is not a token of this server.'],
    ['POST', '/cookie', json('{"name":"a","sameSite":"none"}'), 400, 'SameSite=None needs Secure: a browser drops the cookie otherwise.'],
    ['POST', '/cookie', json('{"name":"a","value":5}'), 400, 'The parameter value is missing or not a string.'],
    ['POST', '/cookie', json('{"name":"a","maxAge":"soon"}'), 400, 'The parameter maxAge must be a number from 0 to 34560000.'],
    ['POST', '/_faults', json('{"delayToken":"long"}'), 400, 'The fault delayToken must be a number of milliseconds up to 600000.'],
    ['POST', '/_faults', json('{"failToken":{"status":503,"headers":{"a b":"c"}}}'), 400, 'The fault failToken must be null or'],
  ]
  it.each(wrong)('answers %s %s with a sentence when it is wrong (%#)', async (method, path, init, status, sentence) => {
    const answer = await fetch(`${origin()}${path}`, { method, ...init })
    const text = await answer.text()
    expect(answer.status).toBe(status)
    expect(JSON.parse(text).error_description).toContain(sentence)
    expect(text).not.toMatch(/node_modules|\.mjs|at \w+ \(/)
  })

  it('answers the API from its own page only, and says what is wrong there too', async () => {
    const preflight = (from: string) =>
      fetch(`${api()}/api/me`, { method: 'OPTIONS', headers: { Origin: from, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' } })
    expect((await preflight(site.url)).headers.get('Access-Control-Allow-Origin')).toBe(site.url)
    expect((await preflight('http://evil.example')).headers.get('Access-Control-Allow-Origin')).toBeNull()
    const { access_token } = await logIn()
    const headers = { Authorization: `Bearer ${access_token}` }
    expect(await (await fetch(`${api()}/api/slow?ms=long`, { headers })).json()).toMatchObject({ error_description: 'The parameter ms must be a number from 0 to 60000.' })
    expect((await fetch(`${api()}/api/me`, { headers, method: 'DELETE' })).status).toBe(405)
    expect((await fetch(`${api()}/api/me`)).headers.get('WWW-Authenticate')).toBe('Bearer')
  })

  it('says so when what comes in is no HTTP', async () => {
    const { connect } = await import('node:net')
    const socket = connect(site.port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'))
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*That is not a request in HTTP\/1\.1/s)
  })
})
