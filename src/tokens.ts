import { decodeClaims } from './claims.js'
import { SessionError } from './errors.js'
import { own } from './options.js'
import { compact } from './record.js'
import type { TokenSet } from './recordTypes.js'
import type { TokenResponse } from './types.js'

/** A number of seconds, also as a string; milliseconds by mistake, rubbish and 1e400 fall outside. */
export const seconds = (value: unknown, above: number): number | undefined => {
  const number = /number|string/.test(typeof value) && value !== '' ? Number(value) : NaN
  return number > above && number < 1e11 ? number : undefined
}

/** A NumericDate after 1973. */
export const date = (value: unknown): number | undefined => seconds(value, 1e8)

/**
 * How long from now, in milliseconds. What `expires_in` says counts, and 0 or less means that it is over. A `guess` in seconds,
 * made with the help of a clock, that says so tells more about the clocks: unknown.
 */
export const lifetimeOf = (expiresIn: unknown, guess: number): number | undefined => {
  const lifetime = seconds(expiresIn, -Infinity) ?? (guess > 0 ? guess : undefined)
  return lifetime === undefined ? lifetime : Math.max(lifetime, 0) * 1000
}

const text = (value: unknown) => (value ? String(value) : undefined)

/**
 * Reads a token response (RFC 6749 §5.1). Its members are never quoted in an error: they may be secrets.
 * @throws {SessionError} `invalid_response`, `invalid_token`
 */
export const readTokenResponse = (response: TokenResponse, tokenType: string, now: number): TokenSet => {
  const { access_token, token_type, expires_in, refresh_token, id_token, scope } = own(response)
  if (!access_token || typeof access_token !== 'string') {
    // Names of words alone, so that none can be a secret, and no more than a line of them.
    const names = Object.keys(Object(response)).filter((name) => /^[a-z_]{1,24}$/i.test(name))
    throw new SessionError('invalid_response', `access_token is no string, there is [${names.slice(0, 9)}], pass the token response as it came`)
  }
  if (!RegExp(`^${tokenType}$`, 'i').test(token_type ?? tokenType)) {
    throw new SessionError('invalid_response', `token_type is not ${tokenType}, have the server issue such a token`)
  }
  // Checked once, here: at fetch time it would surface as a TypeError that looks like a network failure.
  if (!/^[\x21-\x7e]+$/.test(access_token)) {
    throw new SessionError('invalid_token', 'access_token has characters that no header may carry, check how it is decoded')
  }
  const { exp, iat } = own(decodeClaims(access_token))
  return compact<TokenSet>({
    accessToken: access_token,
    refreshToken: text(refresh_token),
    idToken: text(id_token),
    scope: text(scope),
    receivedAt: now,
    // A wrong local clock cannot spoil `exp - iat`.
    lifetime: lifetimeOf(expires_in, date(exp)! - (date(iat) ?? now / 1000)),
  })
}

/** What a refresh leaves out stays as it was (RFC 6749 §6), except for what it says of whom. */
export const mergeTokens = ({ lifetime: _, idToken, ...former }: TokenSet, fresh: TokenSet, sameSubject: boolean): TokenSet => ({
  ...former,
  ...(sameSubject && idToken && { idToken }),
  ...fresh,
})

/**
 * Whether a renewal is for somebody else: another `sub` of the same `iss` (OIDC Core §12.2). Like is compared with like, and
 * id tokens count first: an access token may name the same user otherwise. What cannot be compared is no other.
 */
export const isForAnother = (former: TokenSet, fresh: TokenSet): boolean => {
  for (const name of ['idToken', 'accessToken'] as const) {
    const was = own(decodeClaims(former[name]))
    const is = own(decodeClaims(fresh[name]))
    if (was.sub && is.sub && was.iss === is.iss) return was.sub !== is.sub
  }
  return false
}

/** In milliseconds since the epoch; `undefined` when unknown, which it becomes when the clock was set back. */
export const expiresAt = ({ receivedAt, lifetime }: TokenSet, now: number): number | undefined =>
  lifetime! >= 0 && now > receivedAt - 1000 ? receivedAt + lifetime! : undefined
