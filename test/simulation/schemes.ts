import { sessionLimits } from '../../src/limits.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { RefreshFunction, Session, SessionOptions } from '../../src/types.js'
import type { Setup } from './history.js'

const TOKEN = '/oauth/token'
const REVOKE = '/oauth/revoke'
const post = { method: 'POST', headers: { 'X-CSRF': '1' } }

/** As docs/choosing.md writes them. */
const SCHEMES: Record<Setup['scheme'], () => SessionOptions> = {
  bearer: () => ({ refresh: refreshTokenGrant({ url: TOKEN, revokeUrl: REVOKE }) }),
  cookie: () => ({ scheme: cookieSession({ refreshUrl: TOKEN, logoutUrl: REVOKE }), resume: true }),
  mixed: () => ({
    resume: true,
    refresh: (_tokens, { fetch, signal, idempotencyKey }) =>
      fetch(TOKEN, { ...post, headers: { ...post.headers, 'Idempotency-Key': idempotencyKey }, signal }),
    revoke: (_tokens, { fetch, signal }) => fetch(REVOKE, { ...post, keepalive: true, signal }),
  }),
}

/** A client that was built on the session, and renews it. */
const ownClient = (session: () => Session, how: 'form' | 'json'): SessionOptions => {
  const { revoke } = refreshTokenGrant({ url: TOKEN, revokeUrl: REVOKE })
  const refresh: RefreshFunction = async ({ refreshToken }, { signal, idempotencyKey }) => {
    await undefined
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken! }
    const init = { method: 'POST', headers: { 'Idempotency-Key': idempotencyKey } }
    return session().fetch(TOKEN, how === 'form' ? { ...init, body: new URLSearchParams(grant), signal } : { ...init, body: JSON.stringify(grant), signal: AbortSignal.any([signal]) })
  }
  return { refresh: Object.assign(refresh, { needsRefreshToken: true, revoke }) }
}

export const optionsOf = ({ scheme, limits, field }: Setup, session: () => Session): SessionOptions => ({
  ...(field?.ownClient && scheme === 'bearer' ? ownClient(session, field.ownClient) : SCHEMES[scheme]()),
  ...(limits && { extensions: [sessionLimits(limits)] }),
})
