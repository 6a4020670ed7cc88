import type { TokenSet } from './recordTypes.js'

/**
 * A token response as the token endpoint sent it, wire names and all (RFC 6749 §5.1).
 * Members that are not listed here are ignored.
 */
export interface TokenResponse {
  /** The token to attach. Opaque to latchkey: a JWT is as good as any other string (RFC 9068 §6). */
  access_token: string
  /** Must match the session's scheme, in any case (default scheme: `Bearer`). Absent counts as matching. */
  token_type?: string | undefined
  /** Lifetime in **seconds**, counted from now. The one place where a duration is not in milliseconds. */
  expires_in?: number | string | null | undefined
  /** Absent on a refresh means: the former one stays valid (RFC 6749 §6). */
  refresh_token?: string | null | undefined
  /** Decoded for {@link Session.unverifiedClaims} when present; never sent to anybody. */
  id_token?: string | null | undefined
  scope?: string | null | undefined
  [member: string]: unknown
}

/** What a refresh function is given besides the tokens. */
export interface RefreshContext {
  /** Aborts after `refreshTimeout`. Pass it to your `fetch`. */
  signal: AbortSignal
  /** The same for every try of one refresh. Let your server answer a repeat with the first answer. */
  idempotencyKey: string
  /** The `fetch` that latchkey found at start, never the wrapped one. */
  fetch: typeof fetch
  /** The page's own origin. */
  origin: string | undefined
}

/**
 * Obtains new tokens. Resolve with the token response, or with the `Response` of your `fetch`, of which status
 * and body are then read as RFC 6749 §5.1 and §5.2 say. To say that the session is over, throw
 * `new RefreshError('rejected', …)`. Anything else that is thrown keeps the session.
 */
export interface RefreshFunction {
  (tokens: TokenSet, context: RefreshContext): Promise<TokenResponse | Response>
  /** Set this if it can do nothing without `tokens.refreshToken`. */
  needsRefreshToken?: boolean
  /** The default of the option `revoke`. */
  revoke?: RevokeFunction
}

/** Tells the server that a token is no longer wanted (RFC 7009). */
export type RevokeFunction = (tokens: TokenSet, context: Pick<RefreshContext, 'signal' | 'fetch'>) => Promise<unknown>
