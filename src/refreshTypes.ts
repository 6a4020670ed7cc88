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

/** What a server answers that keeps the tokens to itself, in cookies: see `cookieSession`. */
export interface CookieSessionResponse {
  access_token?: never
  /** Lifetime in **seconds**, counted from now. */
  expires_in?: number | string | null | undefined
  /** Decoded for `session.unverifiedClaims` when present. */
  id_token?: string | null | undefined
}

/** What a refresh function is given besides the tokens. */
export interface RefreshContext {
  /** Aborts after `refreshTimeout`. Pass it to your `fetch`. */
  signal: AbortSignal
  /** The same for every try of one refresh. Let your server answer a repeat with the first answer. */
  idempotencyKey: string
  /** The `fetch` of the session before it is wrapped: the option, else the global one without what `installFetch` put there. */
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
  (tokens: TokenSet, context: RefreshContext): Promise<TokenResponse | CookieSessionResponse | Response>
  /** Set this if it can do nothing without `tokens.refreshToken`. */
  needsRefreshToken?: boolean
  /** The default of the option `revoke`. */
  revoke?: RevokeFunction
}

/** Tells the server that a token is no longer wanted (RFC 7009). */
export type RevokeFunction = (tokens: TokenSet, context: Pick<RefreshContext, 'signal' | 'fetch' | 'origin'>) => Promise<unknown>

/** How a session shows itself to a server: bearer tokens by default, or `cookieSession()`. */
export interface Scheme {
  /** What is kept of an answer. @throws {SessionError} `invalid_response`, `invalid_token` */
  read(response: TokenResponse | CookieSessionResponse, now: number): TokenSet
  /** The headers of a call that is sent with that access token by that method. @throws {SessionError} */
  headers(accessToken: string, method: string): Record<string, string>
  /** Their names in lower case: a call that comes with one of them is the caller's own affair. */
  readonly names: readonly string[]
  /** Goes around the calls that are attached, and only those. */
  wrap?(fetch: typeof globalThis.fetch): typeof globalThis.fetch
  /** Whether the response to a refresh says that nobody is signed in. `body` is what its JSON says; `undefined` when it is none. */
  isSignedOut?(response: Response, body: unknown): boolean
  /** What to do about a refresh that is `misconfigured`, in place of what bearer tokens need. */
  readonly advice?: string
  /** `true` when there is no token in the page, so that there is none to hand out. */
  readonly tokenless?: boolean
  /** The default of the option `refresh`. */
  readonly refresh?: RefreshFunction
  /** The default of the option `revoke`. */
  readonly revoke?: RevokeFunction
}
