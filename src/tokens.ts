import { decodeClaims } from './claims.js'
import { SessionError } from './errors.js'
import type { TokenSet } from './recordTypes.js'
import type { TokenResponse } from './types.js'

const seconds = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN

/** NumericDates between 1973 and 5138; milliseconds by mistake, rubbish and 1e400 fall outside. */
const numericDate = (value: unknown): number | undefined => {
  const date = seconds(value)
  return date > 1e8 && date < 1e11 ? date : undefined
}

/**
 * How long from now, in milliseconds. `expires_in` first; then `exp - iat`, which a wrong local clock cannot
 * spoil; then `exp` as a hint. A token that seems to have expired on arrival tells more about the clocks than
 * about itself: unknown, so that it cannot cause a storm of refreshes.
 */
const lifetimeOf = (response: TokenResponse, now: number): number | undefined => {
  let lifetime = seconds(response.expires_in)
  if (!(lifetime > 0 && lifetime < 1e11)) {
    const claims = decodeClaims(response.access_token)
    const exp = numericDate(claims?.exp)
    if (!exp) return
    lifetime = exp - (numericDate(claims?.iat) ?? now / 1000)
  }
  return lifetime > 0 ? lifetime * 1000 : undefined
}

/**
 * Reads a token response (RFC 6749 §5.1). Its members are never quoted in an error: they may be secrets.
 * @throws {SessionError} `invalid_response`, `invalid_token`
 */
export const readTokenResponse = (response: TokenResponse, tokenType: string, now: number): TokenSet => {
  const { access_token, token_type, refresh_token, id_token, scope } = Object(response) as TokenResponse
  if (typeof access_token !== 'string' || !access_token) {
    throw new SessionError(
      'invalid_response',
      `access_token is ${access_token === '' ? 'empty' : typeof access_token}, expected a string: ` +
        'pass the token response as it came, { access_token, expires_in, refresh_token } (RFC 6749 section 5.1)',
    )
  }
  if (token_type != null && String(token_type).toLowerCase() !== tokenType.toLowerCase()) {
    throw new SessionError('invalid_response', `token_type is not ${tokenType}: have the server issue ${tokenType} tokens`)
  }
  // Checked once, here: at fetch time it would surface as a TypeError that looks like a network failure.
  if (!/^[\x21-\x7e]+$/.test(access_token)) {
    throw new SessionError(
      'invalid_token',
      'access_token has a character that no Authorization header may carry (RFC 6750 section 2.1): check how it is decoded',
    )
  }
  const lifetime = lifetimeOf(response, now)
  return {
    accessToken: access_token,
    ...(refresh_token && { refreshToken: String(refresh_token) }),
    ...(id_token && { idToken: String(id_token) }),
    ...(scope && { scope: String(scope) }),
    receivedAt: now,
    ...(lifetime && { lifetime }),
  }
}

/** What a refresh leaves out stays as it was (RFC 6749 §6). */
export const mergeTokens = (former: TokenSet, fresh: TokenSet): TokenSet => ({
  ...(former.refreshToken && { refreshToken: former.refreshToken }),
  ...(former.idToken && { idToken: former.idToken }),
  ...(former.scope && { scope: former.scope }),
  ...fresh,
})

/** In milliseconds since the epoch; `undefined` when unknown, which it becomes when the clock was set back. */
export const expiresAt = ({ receivedAt, lifetime }: TokenSet, now: number): number | undefined =>
  lifetime && now > receivedAt - 1000 ? receivedAt + lifetime : undefined
