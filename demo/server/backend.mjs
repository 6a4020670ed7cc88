import { randomBytes } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { withFaults } from './faults.mjs'
import { readInput, text } from './input.mjs'
import { Refusal, route } from './refusal.mjs'
import { findUser } from './users.mjs'

const SESSION = 'session'
const CSRF = 'csrf'
const EXPIRES = 'session_expires'
const random = () => randomBytes(24).toString('base64url')

/**
 * A backend for the frontend: the session is a cookie that no script can read, and the page holds no token. Two
 * more cookies are there for script: one proves that a call comes from a page that may read this site's cookies,
 * the other says when the session has to be renewed.
 */
export const mountBackend = (app, { state }) => {
  /** value of the cookie → { user, expiresAt, endsAt } */
  const sessions = new Map()

  // Secure is left out on plain http only: WebKit takes no Secure cookie there, loopback or not.
  const options = (c, httpOnly) => ({ path: '/', sameSite: 'Strict', httpOnly, secure: new URL(c.req.url).protocol === 'https:' })

  const refuse = (error, sentence) => {
    state.unauthorized++
    state.note('refused', `401 of the backend. ${sentence}`)
    return new Refusal(401, error, sentence)
  }

  /** Cookies come by themselves, so the headers have to say that the page meant it. */
  const guard = (c) => {
    if (!c.req.header('X-CSRF')) throw new Refusal(403, 'csrf', 'Send the header X-CSRF: another site could not.')
    const csrf = getCookie(c, CSRF)
    if (csrf && c.req.method !== 'GET' && c.req.header('X-CSRF-Token') !== csrf) throw new Refusal(403, 'csrf', `Send the value of the cookie ${CSRF} in the header X-CSRF-Token.`)
  }

  const find = (c) => {
    const session = sessions.get(getCookie(c, SESSION))
    if (!session || session.endsAt < Date.now()) throw refuse('no_session', 'There is no session: log in.')
    return session
  }

  /**
   * Never sets the cookie of the session: an answer that is late would put a session that is over in the place of
   * the one that began meanwhile.
   */
  const renew = (c, session) => {
    const lifetime = state.faults.lifetime ?? state.lifetime
    session.expiresAt = Date.now() + lifetime * 1000
    setCookie(c, EXPIRES, String(session.expiresAt / 1000), options(c, false))
    c.header('Cache-Control', 'no-store')
    return c.json(state.faults.omitExpiresIn ? {} : { expires_in: lifetime })
  }

  const login = async (c) => {
    const input = await readInput(c.req.raw)
    const user = findUser(text(input, 'user'), text(input, 'password'))
    if (!user) throw new Refusal(401, 'wrong_credentials', 'That user and password do not go together.')
    sessions.delete(getCookie(c, SESSION)) // whoever was here before is gone
    const id = random()
    const session = { user, endsAt: Date.now() + state.refreshLifetime * 1000 }
    sessions.set(id, session)
    setCookie(c, SESSION, id, options(c, true))
    setCookie(c, CSRF, random(), options(c, false))
    state.logins++
    state.note('login', `${user.name} logged in at the backend, which keeps the tokens.`)
    return renew(c, session)
  }

  const refresh = async (c) => {
    state.sessionRefreshes++
    return withFaults(c, state.faults, async () => {
      guard(c)
      const session = find(c)
      state.note('refresh', `The backend renewed the session of ${session.user.name}.`)
      return renew(c, session)
    })
  }

  const logout = (c) => {
    guard(c)
    const id = getCookie(c, SESSION)
    const session = sessions.get(id)
    if (session) {
      sessions.delete(id)
      state.revocations++
      state.note('revoke', `${session.user.name} logged out at the backend.`)
    }
    for (const name of [SESSION, CSRF, EXPIRES]) deleteCookie(c, name, options(c, name === SESSION))
    c.header('Cache-Control', 'no-store')
    return c.body(null, 204)
  }

  const me = (c) => {
    guard(c)
    const { user, expiresAt } = find(c)
    if (expiresAt < Date.now()) throw refuse('session_expired', 'The session has to be renewed.')
    c.header('Cache-Control', 'no-store')
    return c.json({ user: user.id, name: user.name, sessionExpires: new Date(expiresAt).toISOString() })
  }

  route(app, '/backend/login', { POST: login })
  route(app, '/backend/refresh', { POST: refresh })
  route(app, '/backend/logout', { POST: logout })
  route(app, '/backend/me', { GET: me, POST: me })

  return {
    expireAll() {
      for (const session of sessions.values()) session.expiresAt = 0
    },
    endAll() {
      const { size } = sessions
      sessions.clear()
      return size
    },
  }
}
