import type { RefreshError } from './errors.js'
import type { Extension, HistoryEntry, SessionEvents } from './eventTypes.js'
import type { EndReason, TokenStorage } from './recordTypes.js'
import type { CookieSessionResponse, RefreshFunction, RevokeFunction, Scheme, TokenResponse } from './refreshTypes.js'

export type { Extension, HistoryEntry, InternalEvents, SessionDoor, SessionEvents } from './eventTypes.js'
export type { CookieSessionResponse, RefreshContext, RefreshFunction, RevokeFunction, Scheme, TokenResponse } from './refreshTypes.js'

export interface SessionOptions {
  /**
   * How new tokens are obtained: {@link refreshTokenGrant}, or an async function of your own. Without it, a
   * session lasts until an API answers 401 and either the token has run out or the answer says `invalid_token`; or
   * until `unauthorized` says so.
   */
  refresh?: RefreshFunction | undefined
  /** Default: `indexedDBStorage()`. */
  storage?: TokenStorage | undefined
  /**
   * Origins that receive the token: scheme, host and port, compared exactly, e.g. `https://api.example.com`. A path
   * narrows one to what lies below it, `https://api.example.com/v1`; not after a redirect, which stays the browser's.
   * Default: the page's own origin and nothing else. When given, it replaces the default.
   */
  origins?: readonly string[] | undefined
  /** Separates sessions that share an origin: storage, locks and channels. Default: `'latchkey'`. */
  name?: string | undefined
  /** Called once at logout, after the local session is gone. Default: what `refresh` brings along, if anything. */
  revoke?: RevokeFunction | undefined
  /** How calls show whose they are. Default: bearer tokens; `cookieSession()` for a server that keeps them to itself. */
  scheme?: Scheme | undefined
  /**
   * When nothing is stored, ask `refresh` once whether there is a session all the same: for refresh tokens in an
   * HttpOnly cookie, which outlasts a reload while an access token in memory does not. `status` stays `loading`
   * until that is known, also while the browser is offline or the endpoint fails. Default: `false`.
   */
  resume?: boolean | undefined
  /** What not every app needs: `sessionLimits()`, `abortOnLogout()`. Default: none besides the history. */
  extensions?: readonly Extension[] | undefined
  /** Keep the last 200 events for {@link Session.history}. Default: `true` in `latchkey`; `latchkey/core` leaves it to `eventHistory()`. */
  history?: boolean | undefined
  /** Default: the global `fetch`, looked up at each call. */
  fetch?: typeof fetch | undefined
  /** How long before expiry a refresh is due, in milliseconds; at most a third of the lifetime is used. Default: 60 000. */
  refreshBefore?: number | undefined
  /**
   * How long one refresh request may take, in milliseconds. Longer than a server lets a spent refresh token be
   * presented again, and the answer that a dying tab lost costs the session. Default: 8 000.
   */
  refreshTimeout?: number | undefined
  /** The longest `Retry-After` that is honoured, in milliseconds. Default: 300 000. */
  maxRetryAfter?: number | undefined
  /** After a 401 has caused a refresh, how long further 401s cause none, in milliseconds. Default: 30 000. */
  unauthorizedCooldown?: number | undefined
  /** Attach the token to `http:` origins that are not loopback, where anybody on the way can read it. Default: `false`. */
  allowInsecureOrigins?: boolean | undefined
  /**
   * Whether an answer to an attached call means that its token is no good, which costs one refresh and one replay. For
   * APIs that say it by 403 or 419, or by 200 and a code in the body: it is given a copy to read. When it throws, and
   * by default, status 401 means it.
   */
  unauthorized?: ((response: Response) => boolean | Promise<boolean>) | undefined
  /**
   * Act also where there is no page, such as in a script of one user. Without it a session on a server is inert: it stays
   * `loading`, reads and sends nothing, since all requests of the process share it. Default: `false`.
   */
  onServer?: boolean | undefined
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

export interface Session<Claims = UnverifiedClaims> {
  readonly status: SessionStatus
  /** Decoded from the id token, else the access token; **not verified**, for display only. */
  readonly unverifiedClaims: Claims | undefined
  /**
   * `fetch` with the token attached where it belongs. Bound: pass it wherever a `fetch` is expected.
   * Rejects with a {@link RefreshError} when the token has expired and cannot be refreshed now.
   */
  readonly fetch: typeof fetch
  /**
   * The same around another fetch-like function. With `{ unauthorized: () => false }` the token goes along, and every
   * answer comes back as it is: for calls whose 401 means something else, such as a wrong current password.
   */
  wrapFetch(fetch: typeof globalThis.fetch, options?: Pick<SessionOptions, 'unauthorized'>): typeof globalThis.fetch
  /**
   * Starts a session with what your login answered. Resolves when it is stored.
   * @throws {SessionError} `invalid_response`, `invalid_token`, `cookie_too_large`, `cookie_rejected`; the former
   * session stays as it was. Storage that fails is no reason to throw: the session goes on in memory, see `error`.
   */
  setTokens(response: TokenResponse | CookieSessionResponse, options?: { subject?: string | undefined }): Promise<void>
  /**
   * The current access token, refreshed first if it has expired; `undefined` when nobody is signed in, and when the
   * server keeps the tokens to itself.
   * @throws {RefreshError} when it has expired and cannot be refreshed now.
   */
  getAccessToken(options?: { signal?: AbortSignal | undefined }): Promise<string | undefined>
  /**
   * Obtains new tokens now: what this tab has asked for before the call does not count. Joins a refresh that is not sent yet,
   * and one that another tab has under way.
   * @throws {RefreshError} when none could be had. Only code `rejected` means that the session is over.
   */
  refresh(options?: { signal?: AbortSignal | undefined }): Promise<void>
  /** Signs every tab out, offline too. Resolves when storage is clear; revocation goes on behind it. */
  logout(): Promise<void>
  /** Adds a listener; returns the function that removes it. An aborted `signal` removes it too. */
  on<Type extends keyof SessionEvents>(
    type: Type,
    listener: (event: SessionEvents[Type]) => void,
    options?: { signal?: AbortSignal | undefined },
  ): () => void
  /** Calls `listener` whenever {@link Session.getSnapshot} would answer something new. Returns the unsubscriber. */
  subscribe(listener: () => void): () => void
  getSnapshot(): SessionSnapshot<Claims>
  /**
   * The last 200 events of all tabs, oldest first, with their reasons: why was this user signed out? Empty without
   * `eventHistory()`, which `latchkey` brings along unless told `history: false`, and `latchkey/core` does not.
   */
  history(): HistoryEntry[]
  /** Resolves when it is known who is signed in: `status` has left `loading`. Never rejects; on a server it stays pending. */
  readonly ready: Promise<void>
  /** Releases every timer, listener, channel and lock. The stored session stays. */
  close(): void
}
