import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../../demo/server/index.mjs'

// The two ways in which the demo's server keeps something from the page: all of it, or the refresh token.
describe('The cookies of the demo server', () => {
  let site: RunningServer
  beforeAll(async () => {
    site = await startServer({ quiet: true, grace: 0, lifetime: 60 })
  })
  beforeEach(async () => {
    await control('/_revoke-all')
    site.state.reset()
  })
  afterAll(() => site.close())

  /** Keeps cookies as a browser does, as far as these need it. */
  const visitor = () => {
    const jar = new Map<string, string>()
    const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit) => {
      const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
      const answer = await fetch(`${site.url.replace('localhost', '127.0.0.1')}${path}`, { method, body: body ?? null, headers: { ...headers, Cookie: cookie } })
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        if (/Max-Age=0/.test(line)) jar.delete(name!)
        else jar.set(name!, value!)
      }
      return answer
    }
    const meant = () => ({ 'X-CSRF': '1', 'X-CSRF-Token': jar.get('csrf') ?? '' })
    const logIn = (path: string, fields: Record<string, string> = {}) => send('POST', path, {}, new URLSearchParams({ user: 'alice', password: 'wonderland', ...fields }))
    return { jar, send, meant, logIn }
  }
  const control = (path: string) => fetch(`${site.url}${path}`, { method: 'POST' })
  const sentence = async (answer: Response) => [answer.status, ((await answer.json()) as { error_description: string }).error_description]

  it('R71: the backend keeps the session in an HttpOnly cookie, and gives script the other two', async () => {
    const { logIn, send, meant } = visitor()
    const answer = await logIn('/backend/login')
    expect(await answer.json()).toEqual({ expires_in: 60 })
    const lines = answer.headers.getSetCookie()
    expect(lines.filter((line) => /HttpOnly/.test(line)).map((line) => line.split('=')[0])).toEqual(['session'])
    expect(lines.map((line) => line.split('=')[0])).toEqual(['session', 'csrf', 'session_expires'])
    for (const line of lines) expect(line).toMatch(/Path=\/;.*SameSite=Strict/)
    expect(await (await send('GET', '/backend/me', meant())).json()).toMatchObject({ user: 'alice', name: 'Alice' })
  })

  it('R71: a renewal counts, and sets no session cookie, which a late answer would put in the place of another', async () => {
    const { logIn, send, meant } = visitor()
    await logIn('/backend/login')
    await control('/_expire-all')
    expect((await send('GET', '/backend/me', meant())).status).toBe(401)
    const renewed = await send('POST', '/backend/refresh', meant())
    expect(renewed.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['session_expires'])
    expect((await send('GET', '/backend/me', meant())).status).toBe(200)
    expect(site.state).toMatchObject({ logins: 1, sessionRefreshes: 1, unauthorized: 1, tokenRequests: 0 })
    site.state.reset()
    expect(site.state.sessionRefreshes).toBe(0)
  })

  it('R37: a logout ends the session and deletes its cookies; so does a login of somebody else', async () => {
    const { jar, logIn, send, meant } = visitor()
    await logIn('/backend/login')
    const alices = jar.get('session')!
    await logIn('/backend/login', { user: 'bob', password: 'builder' })
    const bobs = jar.get('session')!
    expect((await send('POST', '/backend/logout', meant())).status).toBe(204)
    expect([...jar]).toEqual([])
    for (const session of [alices, bobs]) {
      jar.set('session', session)
      expect((await send('POST', '/backend/refresh', meant())).status).toBe(401)
    }
  })

  it('R71: says in a sentence what a request to the backend lacks', async () => {
    const { logIn, send, meant } = visitor()
    expect(await sentence(await send('GET', '/backend/me'))).toEqual([403, 'Send the header X-CSRF: another site could not.'])
    expect(await sentence(await send('GET', '/backend/me', { 'X-CSRF': '1' }))).toEqual([401, 'There is no session: log in.'])
    expect(await sentence(await send('GET', '/backend/login'))).toEqual([405, '/backend/login takes POST, not GET.'])
    expect(await sentence(await logIn('/backend/login', { password: 'guess' }))).toEqual([401, 'That user and password do not go together.'])
    await logIn('/backend/login')
    expect(await sentence(await send('POST', '/backend/refresh', { 'X-CSRF': '1' }))).toEqual([403, 'Send the value of the cookie csrf in the header X-CSRF-Token.'])
    await control('/_expire-all')
    expect(await sentence(await send('GET', '/backend/me', meant()))).toEqual([401, 'The session has to be renewed.'])
    await control('/_revoke-all')
    expect(await sentence(await send('POST', '/backend/refresh', meant()))).toEqual([401, 'There is no session: log in.'])
    expect(site.state.events.map(({ sentence }) => sentence)).toContain('The server ended 1 session.')
  })

  it('R71: a refresh token can stay in an HttpOnly cookie, is rotated there, and never shown', async () => {
    const { jar, logIn, send } = visitor()
    const answer = await logIn('/login', { refresh_cookie: 'true' })
    expect(answer.headers.get('Set-Cookie')).toMatch(/^refresh_token=[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(Object.keys((await answer.json()) as object)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
    const first = jar.get('refresh_token')
    const refreshed = await send('POST', '/oauth/cookie/token')
    expect(Object.keys((await refreshed.json()) as object)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
    expect(jar.get('refresh_token')).not.toBe(first)
    expect(site.state).toMatchObject({ tokenRequests: 1, rotations: 1, spentTwice: 0 })
    expect((await send('POST', '/oauth/cookie/revoke')).status).toBe(200)
    expect([...jar]).toEqual([])
    expect(await sentence(await send('POST', '/oauth/cookie/token'))).toEqual([400, 'There is no cookie refresh_token: log in.'])
  })

  it('R43: a login of somebody else ends the session whose refresh token the cookie held', async () => {
    const { jar, logIn, send } = visitor()
    await logIn('/login', { refresh_cookie: 'true' })
    const alices = jar.get('refresh_token')!
    await logIn('/login', { refresh_cookie: 'true', user: 'bob', password: 'builder' })
    jar.set('refresh_token', alices)
    expect(await sentence(await send('POST', '/oauth/cookie/token'))).toEqual([400, 'The session of this refresh token was ended.'])
  })
})
