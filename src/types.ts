import type { RefreshError, SessionError } from './errors.js'
import type { EndReason, TokenStorage } from './recordTypes.js'
import type { RefreshFunction, RevokeFunction, TokenResponse } from './refreshTypes.js'

export type { RefreshContext, RefreshFunction, RevokeFunction, TokenResponse } from './refreshTypes.js'

export interface SessionOptions {
  /**
   * How new tokens are obtained: {@link refreshTokenGrant}, or an async function of your own. Without it, a
   * session lasts until a server refuses its token.
   */
  refresh?: RefreshFunction
  /** Default: `indexedDBStorage()`. */
  storage?: TokenStorage
  /**
   * Origins that receive the token: scheme, host and port, compared exactly, e.g. `https://api.example.com`. A path
   * narrows one to what lies below it, `https://api.example.com/v1`; not after a redirect, which stays the browser's.
   * Default: the page's own origin and nothing else. When given, it replaces the default.
   */
  origins?: readonly string[]
  /** Separates sessions that share an origin: storage, locks and channels. Default: `'latchkey'`. */
  name?: string
  /** Called once at logout, after the local session is gone. Default: what `refresh` brings along, if anything. */
  revoke?: RevokeFunction
  /** Default: the global `fetch` at the time of the call to `createSession`. */
  fetch?: typeof fetch
  /** How long before expiry a refresh is due, in milliseconds; at most a third of the lifetime is used. Default: 60 000. */
  refreshBefore?: number
  /** How long one refresh request may take, in milliseconds. Default: 10 000. */
  refreshTimeout?: number
  /** The longest `Retry-After` that is honoured, in milliseconds. Default: 300 000. */
  maxRetryAfter?: number
  /** After a 401 has caused a refresh, how long further 401s cause none, in milliseconds. Default: 30 000. */
  unauthorizedCooldown?: number
  /** Attach the token to `http:` origins that are not loopback, where anybody on the way can read it. Default: `false`. */
  allowInsecureOrigins?: boolean
}

export type SessionStatus = 'loading' | 'authenticated' | 'anonymous'

/** What a user interface shows. Immutable; a new object only when something changed. */
export interface SessionSnapshot<Claims = UnverifiedClaims> {
  readonly status: SessionStatus
  /** When the access token expires, in milliseconds since the epoch by the local clock; `undefined` when unknown. */
  readonly expiresAt: number | undefined
  /** Decoded, **not verified**: for display only. */
  readonly unverifiedClaims: Claims | undefined
  /** Why the last session ended, while `status` is `anonymous`. */
  readonly reason: EndReason | undefined
}

/** Registered claims (RFC 7519 §4.1). Everything in here is hearsay until a server has verified the signature. */
export interface UnverifiedClaims {
  iss?: string
  sub?: string
  aud?: string | string[]
  exp?: number
  nbf?: number
  iat?: number
  jti?: string
  [claim: string]: unknown
}

interface BaseEvent {
  /** `local`: this tab did it. `remote`: another tab did, and this one follows. */
  readonly source: 'local' | 'remote'
}

export interface SessionEvents {
  /** Signed in: there was no session, now there is. */
  login: BaseEvent
  /** New tokens for the same session. */
  refresh: BaseEvent
  /** The session ended. */
  logout: BaseEvent & { readonly reason: EndReason }
  /** Another login replaced the session without a logout in between, maybe of another user: drop what belongs to the former. */
  change: BaseEvent
  /**
   * A server answered 401 or 403 and wants what no refresh can bring: another scope, or a login that is stronger or
   * more recent. `challenge` is its `WWW-Authenticate` header as it came, with `scope`, `acr_values`, `max_age`
   * (RFC 6750 §3, RFC 9470 §3). The caller of `fetch` gets the answer too.
   */
  stepup: BaseEvent & { readonly challenge: string }
  /** Something failed in the background and nobody awaits it. The session is as it was. */
  error: BaseEvent & { readonly error: SessionError | RefreshError }
}

export interface Session<Claims = UnverifiedClaims> {
  readonly status: SessionStatus
  /** Decoded from the id token, else the access token; **not verified**, for display only. */
  readonly unverifiedClaims: Claims | undefined
  /**
   * `fetch` with the token attached where it belongs. Bound: pass it wherever a `fetch` is expected.
   * Rejects with a {@link RefreshError} when the token has expired and cannot be refreshed now.
   */
  readonly fetch: typeof fetch
  /** The same around another fetch-like function. */
  wrapFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch
  /**
   * Starts a session with what your login answered. Resolves when it is stored.
   * @throws {SessionError} `invalid_response`, `invalid_token`, `storage_failed`; the former session stays as it was.
   */
  setTokens(response: TokenResponse, options?: { subject?: string }): Promise<void>
  /**
   * The current access token, refreshed first if it has expired; `undefined` when nobody is signed in.
   * @throws {RefreshError} when it has expired and cannot be refreshed now.
   */
  getAccessToken(options?: { signal?: AbortSignal }): Promise<string | undefined>
  /**
   * Obtains new tokens now, or joins the refresh that is under way in any tab.
   * @throws {RefreshError} when none could be had. Only code `rejected` means that the session is over.
   */
  refresh(options?: { signal?: AbortSignal }): Promise<void>
  /** Signs every tab out, offline too. Resolves when storage is clear; revocation goes on behind it. */
  logout(): Promise<void>
  /** Adds a listener; returns the function that removes it. An aborted `signal` removes it too. */
  on<Type extends keyof SessionEvents>(
    type: Type,
    listener: (event: SessionEvents[Type]) => void,
    options?: { signal?: AbortSignal },
  ): () => void
  /** Calls `listener` whenever {@link Session.getSnapshot} would answer something new. Returns the unsubscriber. */
  subscribe(listener: () => void): () => void
  getSnapshot(): SessionSnapshot<Claims>
  /** Resolves when the stored session has been read: `status` is no longer `loading`. */
  readonly ready: Promise<void>
  /** Releases every timer, listener, channel and lock. The stored session stays. */
  close(): void
}
