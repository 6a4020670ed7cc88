// One origin for every rival: the demo's authorization server behind the wire format that each library speaks.
// Every token request ends at the same endpoint, where it is counted and where the faults are.
import { createServer } from 'node:http'
import { startServer } from '../../demo/server/index.mjs'
import { bundlePage } from './bundle.mjs'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const inSeconds = (ms) => Math.floor(ms / 1000)

const html = (name) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,">
<script type="module" src="/bundle/${name}.js"></script>`

const bodyOf = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/**
 * `secrets` holds every token that was issued: what nobody else may ever see. `compiled`: V8 compiles every function of a
 * page's script as it loads, which for one that comes from its code cache is done.
 */
export const startSite = async ({ grace = 0, lifetime = 600, keepAlive = true, compiled = false } = {}) => {
  const inner = await startServer({ quiet: true, grace, lifetime })
  const secrets = new Set()
  const logins = new Map()
  /** By access token: what some sign-outs name. */
  const refreshTokens = new Map()
  let origin

  const post = (path, body, headers = FORM) => fetch(inner.url + path, { method: 'POST', body, headers })

  /** What the demo's token endpoint says to a refresh token. Throws when it hangs up. */
  const refresh = async (refreshToken, { 'idempotency-key': key } = {}) => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'demo', refresh_token: refreshToken ?? '' })
    const response = await post('/oauth/token', form, key ? { ...FORM, 'Idempotency-Key': key } : FORM)
    const answer = await response.json().catch(() => ({}))
    keep(answer)
    return { status: response.status, headers: { ...(response.headers.has('Retry-After') && { 'Retry-After': response.headers.get('Retry-After') }) }, answer }
  }
  const keep = ({ access_token, refresh_token }) => {
    for (const token of [access_token, refresh_token]) if (token) secrets.add(token)
    refreshTokens.set(access_token, refresh_token)
  }
  const login = async () => {
    const answer = await (await post('/login', JSON.stringify({ user: 'alice', password: 'wonderland' }), { 'Content-Type': 'application/json' })).json()
    keep(answer)
    logins.set(answer.refresh_token, answer)
    return answer
  }
  const revoke = (token) => post('/oauth/revoke', new URLSearchParams({ token: token || 'none' }))

  const idToken = (issuer) => {
    const now = inSeconds(Date.now())
    return `${base64({ alg: 'RS256', kid: 'bench' })}.${base64({ iss: issuer, aud: 'demo', sub: 'alice', iat: now, exp: now + 36_000 })}.c2ln`
  }

  // keycloak-js reads its refresh token as a JWT.
  const wrap = (token) => `${base64({ alg: 'none' })}.${base64({ typ: 'Refresh', jti: token })}.c2ln`
  const unwrap = (token) => JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString() || '{}').jti

  const superTokens = ({ access_token, refresh_token, expires_in }) => ({
    'st-access-token': access_token,
    'st-refresh-token': refresh_token,
    'front-token': Buffer.from(JSON.stringify({ uid: 'alice', ate: Date.now() + expires_in * 1000, up: { sub: 'alice' } })).toString('base64'),
  })

  /** Wire formats, by path. Each answers { status, answer, headers? }. */
  const routes = {
    '/login': async () => ({ status: 200, answer: await login() }),
    '/oauth/token': (body, request) => refresh(new URLSearchParams(body).get('refresh_token'), request.headers),
    '/oauth/revoke': async (body) => ({ status: (await revoke(new URLSearchParams(body).get('token'))).status }),
    '/okta/oauth2/v1/token': (body) => refresh(new URLSearchParams(body).get('refresh_token')),
    '/okta/oauth2/v1/revoke': async (body) => ({ status: (await revoke(new URLSearchParams(body).get('token'))).status }),
    '/auth0/oauth/token': async (body) => {
      const form = new URLSearchParams(body)
      const known = logins.get(form.get('subject_token'))
      const { status, answer, headers } = known ? { status: 200, answer: known } : await refresh(form.get('refresh_token'))
      return { status, headers, answer: status === 200 ? { ...answer, scope: undefined, id_token: idToken(`${origin}/auth0/`) } : answer }
    },
    '/auth0/oauth/revoke': async (body, { headers }) => {
      const isJson = headers['content-type']?.includes('json')
      return { status: (await revoke(isJson ? JSON.parse(body).token : new URLSearchParams(body).get('token'))).status }
    },
    '/supabase/token': async (body) => {
      const { status, answer, headers } = await refresh(JSON.parse(body).refresh_token)
      if (status !== 200) return { status, headers, answer: { ...answer, code: status === 400 ? 'refresh_token_not_found' : answer.error, msg: answer.error_description } }
      return { status, answer: { ...answer, token_type: 'bearer', expires_at: inSeconds(Date.now() + answer.expires_in * 1000), user: { id: 'alice', aud: 'authenticated' } } }
    },
    '/supabase/logout': async (_, { headers }) => {
      await revoke(refreshTokens.get(headers.authorization?.slice(7)))
      return { status: 204 }
    },
    '/keycloak/realms/bench/protocol/openid-connect/token': async (body) => {
      const { status, answer, headers } = await refresh(unwrap(new URLSearchParams(body).get('refresh_token')))
      return { status, headers, answer: status === 200 ? { ...answer, refresh_token: wrap(answer.refresh_token) } : answer }
    },
    '/keycloak/login': async () => {
      const answer = await login()
      return { status: 200, answer: { ...answer, refresh_token: wrap(answer.refresh_token) } }
    },
    '/keycloak/revoke': async (body) => ({ status: (await revoke(unwrap(body))).status }),
    '/supertokens/signin': async (body) => ({ status: 200, answer: { status: 'OK' }, headers: superTokens(logins.get(body)) }),
    '/supertokens/session/refresh': async (_, { headers }) => {
      const { status, answer } = await refresh(headers.authorization?.slice(7))
      // Its own servers answer 401 to a refresh token that is over, and take the tokens away.
      if (status === 400) return { status: 401, answer, headers: { 'st-access-token': '', 'st-refresh-token': '', 'front-token': 'remove' } }
      return { status, answer: status === 200 ? { status: 'OK' } : answer, headers: status === 200 ? superTokens(answer) : {} }
    },
    '/supertokens/signout': async (_, { headers }) => {
      await revoke(refreshTokens.get(headers.authorization?.slice(7)))
      return { status: 200, answer: { status: 'OK' }, headers: { 'st-access-token': '', 'st-refresh-token': '', 'front-token': 'remove' } }
    },
  }
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const send = (status, type, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...(!keepAlive && { Connection: 'close' }), ...headers })
      response.end(body)
    }
    try {
      if (request.method === 'GET' && pathname.startsWith('/page/')) return send(200, 'text/html', html(pathname.slice(6)))
      if (request.method === 'GET' && pathname.startsWith('/bundle/')) {
        return send(200, 'text/javascript', (compiled ? '//# allFunctionsCalledOnLoad\n' : '') + (await bundlePage(pathname.slice(8, -3))))
      }
      if (pathname.startsWith('/api/')) {
        const { authorization } = request.headers
        const answer = await fetch(inner.apiUrl + pathname, { headers: authorization ? { authorization } : {} })
        return send(answer.status, 'application/json', await answer.text())
      }
      const route = routes[pathname]
      if (!route) return send(404, 'text/plain', `There is nothing at ${pathname}.`)
      const { status, answer, headers } = await route(await bodyOf(request), request)
      send(status, 'application/json', status === 204 ? undefined : JSON.stringify(answer ?? {}), headers)
    } catch {
      request.socket.destroy() // as the endpoint behind it did
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  origin = `http://localhost:${port}`

  return {
    origin, secrets, login, state: inner.state,
    close: async () => {
      server.closeAllConnections()
      await Promise.all([inner.close(), new Promise((resolve) => server.close(resolve))])
    },
  }
}
