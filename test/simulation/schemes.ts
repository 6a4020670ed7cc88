import { sessionLimits } from '../../src/limits.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { SessionOptions } from '../../src/types.js'
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

export const optionsOf = ({ scheme, limits }: Setup): SessionOptions => ({
  ...SCHEMES[scheme](),
  ...(limits && { extensions: [sessionLimits(limits)] }),
})
