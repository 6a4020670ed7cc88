import type { RefreshErrorCode } from './errors.js'

/** What latchkey keeps of a token response. Times are milliseconds since the epoch, by the local clock. */
export interface TokenSet {
  /** Empty while it is unknown whether the server still has a session: see `resume`. */
  accessToken: string
  refreshToken?: string
  idToken?: string
  scope?: string
  /** When the response arrived. */
  receivedAt: number
  /** Milliseconds from `receivedAt` to expiry. Absent: unknown, so the token is refreshed only after a 401. */
  lifetime?: number
}

/** Why a session ended. A closed list. */
export type EndReason =
  /** `logout()` was called, in this tab or another. */
  | 'logout'
  /** The server refused the refresh token for good (`invalid_grant`, RFC 6749 §5.2). Why is not known. */
  | 'rejected'
  /** The server refused a refresh token to which an earlier answer was lost or unclear: it may have been rotated unseen. */
  | 'rotation_lost'
  /** The access token ran out, as a server confirmed with a 401, and there was nothing to refresh it with. */
  | 'expired'
  /** Nobody touched any tab for as long as `sessionLimits({ idleTimeout })` allows. */
  | 'idle'
  /** The session lasted as long as `sessionLimits({ absoluteLifetime })` allows. */
  | 'lifetime'
  /** The key that encrypted the stored tokens is gone. */
  | 'unreadable'

/** A refresh that is on its way, or the last one that failed. Holds no token. */
export interface RefreshIntent {
  /** Sent with every try of this one refresh, so that a server can answer a repeat with the first answer. */
  key: string
  /** Tries so far, this one included. */
  attempt: number
  /** When it was sent. */
  sentAt: number
  /** When the next try may be sent. Absent while an answer is awaited. */
  retryAt?: number
  /** Why the last try failed. Absent while an answer is awaited. */
  code?: RefreshErrorCode
  /** An answer to this or an earlier try was lost, or did not say what became of it: the refresh token may be spent. */
  ambiguous?: boolean
}

/** The one truth for all tabs, read and written whole. */
export interface SessionRecord {
  /** Random for each login. */
  id: string
  /** Grows with every change. */
  revision: number
  /**
   * Says which tokens these are: 0 for those of the login, then the revision that brought them. Not a count of renewals:
   * when storage fails, two tabs may each renew once, and must not call different tokens the same.
   */
  generation?: number
  /** `null` is a tombstone: the session ended, and late work can see that it did. */
  tokens: TokenSet | null
  /** When it began, by the clock of the tab in which it did. */
  startedAt?: number
  /** Who is logged in, as the app said when it called `setTokens`. */
  subject?: string
  endedBecause?: EndReason
  intent?: RefreshIntent
  /** When a 401 last caused a refresh. */
  unauthorizedAt?: number
}

/** An opened {@link TokenStorage}: where one session's record lives. */
export interface RecordStore {
  /** `false` when every document has a record of its own (memory), `true` when tabs share it. */
  readonly shared: boolean
  /** What this storage has to do without here, and what that means; told once in an `error` event. */
  readonly degraded?: string | undefined
  /** Resolves with the stored record, `undefined` when there is none; rejects when it cannot be told. */
  read(): Promise<SessionRecord | undefined>
  /**
   * Atomic read-modify-write: hands what is stored to `change` and durably stores what it returns;
   * `undefined` leaves things as they are. Rejects, with the former record intact, when that fails. What is asked for
   * later happens later.
   */
  update(change: (stored: SessionRecord | undefined) => SessionRecord | undefined): Promise<void>
  /** Only where `shared` is false: another tab has ended its session on purpose, and the one in here is to end too. */
  hear?(tombstone: SessionRecord): void
  /** Optional, for records that can change where no channel between tabs reaches: calls `listener` when this one may have. Ends with `close()`. */
  watch?(listener: () => void): void
  close(): void
}

/** Where tokens are kept: {@link indexedDBStorage}, {@link cookieStorage}, {@link memoryStorage}, or your own. */
export interface TokenStorage {
  /** Called once by `createSession`. Throws at once when this storage cannot work here by its options. */
  open(name: string): RecordStore
}
