import { endpoint } from './endpoint.js'
import { RefreshError } from './errors.js'
import { invalidOption, own } from './options.js'
import type { TokenSet } from './recordTypes.js'
import type { RefreshContext, RefreshFunction } from './types.js'

export interface RefreshTokenGrantOptions {
  /** The token endpoint, absolute or relative to the page. */
  url: string
  /** Sent as `client_id` (RFC 6749 §3.2.1). */
  clientId?: string | undefined
  /** Asks for less than was granted (RFC 6749 §6). Default: the same scope again. */
  scope?: string | undefined
  /** Further form parameters, such as `{ audience: '…' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** The revocation endpoint (RFC 7009), called at logout: the refresh token first, then the access token. */
  revokeUrl?: string | undefined
  /**
   * Send an `Idempotency-Key` header, the same with every try of one refresh. Default: to the page's own origin
   * only, since a custom header makes a browser ask permission first, which most authorization servers refuse.
   */
  idempotencyKey?: boolean | undefined
  /** Send to plain `http:` URLs of other origins that are not loopback, where anybody on the way can read. Default: `false`. */
  allowInsecure?: boolean | undefined
}

/**
 * A refresh function for any OAuth server: the refresh token grant of RFC 6749 §6, for public clients.
 * @throws {SessionError} `invalid_option`, `insecure_context`
 */
export const refreshTokenGrant = (options: RefreshTokenGrantOptions): RefreshFunction => {
  const { url, clientId, scope, parameters, revokeUrl, idempotencyKey, allowInsecure } = own(options)
  for (const [name, value] of Object.entries({ url: url ?? null, clientId, scope, revokeUrl })) {
    if (value !== undefined && (typeof value !== 'string' || !value)) {
      throw invalidOption(`refreshTokenGrant: ${name}`, value, 'a string that is not empty')
    }
  }
  const tokenURL = endpoint('refreshTokenGrant: url', url, allowInsecure)
  const revocationURL = revokeUrl && endpoint('refreshTokenGrant: revokeUrl', revokeUrl, allowInsecure)
  const client = clientId === undefined ? {} : { client_id: clientId }

  const refresh: RefreshFunction = async ({ refreshToken }: TokenSet, { fetch, signal, origin, idempotencyKey: key }: RefreshContext) => {
    if (!refreshToken) throw new RefreshError('misconfigured', 'There is no refresh token, have the server issue one')
    const href = tokenURL(origin)
    const sameOrigin = new URL(href).origin === origin
    return fetch(href, own<RequestInit>({
      method: 'POST',
      headers: { Accept: 'application/json', ...((idempotencyKey ?? sameOrigin) && { 'Idempotency-Key': key }) },
      body: new URLSearchParams({
        ...parameters,
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        ...client,
        ...(scope && { scope }),
      }),
      signal,
      cache: 'no-store',
      // A redirect that keeps the method would carry the refresh token to wherever it leads.
      redirect: 'manual',
    }))
  }
  refresh.needsRefreshToken = true
  if (revocationURL) {
    refresh.revoke = async ({ refreshToken, accessToken }, { fetch, signal, origin }) => {
      const tell = async (token: string | undefined, token_type_hint: string) => {
        if (!token) return
        const body = new URLSearchParams({ token, token_type_hint, ...client })
        const { ok, status } = await fetch(revocationURL(origin), own<RequestInit>({ method: 'POST', body, signal, keepalive: true, redirect: 'manual' }))
        // Most servers cannot revoke an access token that is a JWT, and answer 400 (RFC 7009 §2.2.1): it expires by itself.
        if (!ok && !(token === accessToken && status === 400)) throw new RefreshError('unavailable', `The revocation was answered ${status}`, { status })
      }
      // Both at once: the page may be left before the first is answered.
      await Promise.all([tell(refreshToken, 'refresh_token'), tell(accessToken, 'access_token')])
    }
  }
  return refresh
}
