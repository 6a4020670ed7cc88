import {
  abortOnLogout, cookieSession, cookieStorage, createSession, encryptedStorage, indexedDBStorage, memoryStorage, refreshTokenGrant, sessionLimits,
} from 'latchkey'
import { postJson } from './dom.js'

const apiUrl = document.querySelector('meta[name=api-url]').content

/** The refresh token is in a cookie that no script can read. Tabs that share no record take turns with it. */
const refreshByCookie = (_tokens, { fetch, signal, idempotencyKey }) =>
  navigator.locks.request('latchkey-demo.refresh-cookie', { signal }, () =>
    fetch('/oauth/cookie/token', { method: 'POST', headers: { 'Idempotency-Key': idempotencyKey }, signal }))
refreshByCookie.revoke = (_tokens, { fetch, signal }) => fetch('/oauth/cookie/revoke', { method: 'POST', keepalive: true, signal })

// Shorter than anybody would want, so that one can wait for them.
export const LIMITS = { idleTimeout: 30_000, idleWarning: 20_000, absoluteLifetime: 180_000 }

/** How the session is held: where its tokens are, or that the page has none. */
const WAYS = {
  indexeddb: () => ({ storage: indexedDBStorage() }),
  encrypted: () => ({ storage: encryptedStorage(), name: 'latchkey-encrypted' }),
  cookie: () => ({ storage: cookieStorage({ mirror: 'access_token' }) }),
  memory: () => ({ storage: memoryStorage() }),
  mixed: () => ({ storage: memoryStorage(), name: 'latchkey-mixed', refresh: refreshByCookie, resume: true }),
  backend: () => ({
    name: 'latchkey-backend',
    scheme: cookieSession({ refreshUrl: '/backend/refresh', logoutUrl: '/backend/logout', csrfCookie: 'csrf', expiryCookie: 'session_expires' }),
    refresh: undefined,
    origins: [location.origin],
  }),
}

const keyOf = (name) => `latchkey-demo.${name}`
/** One choice for all tabs, kept in localStorage. */
export const choose = (name, value) => localStorage.setItem(keyOf(name), value)
export const isOn = (name) => localStorage.getItem(keyOf(name)) === 'true'

/** An address with ?storage= makes the choice too. */
const readWay = () => {
  const address = new URL(location.href)
  const wanted = address.searchParams.get('storage')
  if (wanted !== null) {
    if (Object.hasOwn(WAYS, wanted)) choose('storage', wanted)
    address.searchParams.delete('storage')
    history.replaceState(null, '', address)
  }
  const kept = localStorage.getItem(keyOf('storage'))
  return Object.hasOwn(WAYS, kept ?? '') ? kept : 'indexeddb'
}

export const way = readWay()
/** Whether all tabs have one session between them. */
export const shared = !['memory', 'mixed'].includes(way)
/** Whether the page holds no token at all. */
export const tokenless = way === 'backend'
/** Where the calls go: to the API with a token, or to the backend with a cookie. */
export const callsUrl = tokenless ? '/backend' : `${apiUrl}/api`

export const session = createSession({
  refresh: refreshTokenGrant({ url: '/oauth/token', clientId: 'demo', revokeUrl: '/oauth/revoke' }),
  origins: [location.origin, apiUrl],
  // Shorter than the default, so that a tab that hangs is given up while one watches.
  refreshTimeout: 4000,
  extensions: [...(isOn('limits') ? [sessionLimits(LIMITS)] : []), ...(isOn('abort') ? [abortOnLogout()] : [])],
  ...WAYS[way](),
})

export const logIn = async (user, password) =>
  session.setTokens(await postJson(tokenless ? '/backend/login' : '/login', { user, password, client_id: 'demo', refresh_cookie: way === 'mixed' }))

let asked = false

/** Notes that somebody wanted this: any other sign-out has to have another reason. */
export const logOut = () => {
  asked = true
  return session.logout().finally(() => { asked = false })
}

export const wasAsked = () => asked
