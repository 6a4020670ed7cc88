import type { RefreshError, RefreshErrorCode, SessionError, SessionErrorCode } from './errors.js'
import type { EndReason } from './recordTypes.js'

interface BaseEvent {
  /** `local`: this tab did it. `remote`: another tab did, and this one follows. */
  readonly source: 'local' | 'remote'
}

export interface SessionEvents {
  /** Signed in: there was no session, now there is; or the same `subject` signed in anew. */
  login: BaseEvent
  /** New tokens for the same session. */
  refresh: BaseEvent
  /** The session ended. */
  logout: BaseEvent & { readonly reason: EndReason }
  /**
   * Another login replaced the session without a logout in between, maybe of another user, or a renewal brought tokens of
   * another user: drop what belongs to the former.
   */
  change: BaseEvent
  /**
   * A server answered 401 or 403 and wants what no refresh can bring: another scope, or a login that is stronger or
   * more recent. `challenge` is its `WWW-Authenticate` header as it came, with `scope`, `acr_values`, `max_age`
   * (RFC 6750 §3, RFC 9470 §3). The caller of `fetch` gets the answer too.
   */
  stepup: BaseEvent & { readonly challenge: string }
  /** The session ends at `endsAt` (milliseconds since the epoch) unless somebody is active, or calls `preventDefault()`. */
  warning: BaseEvent & { readonly endsAt: number; preventDefault(): void }
  /** Something failed in the background and nobody awaits it. The session is as it was. */
  error: BaseEvent & { readonly error: SessionError | RefreshError }
}

/** What an {@link Extension} is given of the session. */
export interface SessionDoor {
  /** The session's name behind latchkey's own prefix: for names that must be unique on the origin, such as keys of localStorage. */
  readonly name: string
  now(): number
  randomId(): string
  setTimer(run: () => void, delay: number): () => void
  /** As much of it as is needed: the type `Storage` is not there in a worker's library. Absent where it is blocked. */
  readonly localStorage:
    | { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void }
    | undefined
  /** Besides the public events: `snapshot` (what is shown changed), `wake` (time may have passed unseen), `refused`, `close`. */
  on<Type extends keyof InternalEvents>(type: Type, listener: (event: InternalEvents[Type]) => void): () => void
  emit<Type extends keyof SessionEvents>(type: Type, event: SessionEvents[Type]): void
  /** When the session began, in milliseconds since the epoch; `undefined` when nobody is signed in. */
  startedAt(): number | undefined
  end(reason: EndReason): void
}

/** {@link SessionEvents}, and what only extensions hear. */
export interface InternalEvents extends SessionEvents {
  snapshot: undefined
  wake: undefined
  close: undefined
  /** A refresh brought no tokens, once for all who wait for it in this tab. */
  refused: BaseEvent & { readonly code: SessionErrorCode | RefreshErrorCode }
}

/** What not every app needs: `sessionLimits()`, `eventHistory()`, `abortOnLogout()`. */
export interface Extension {
  /** Called once, by `createSession`. */
  attach(door: SessionDoor): {
    /** Asked before a token is attached: a reason ends the session. */
    exceeded?(): EndReason | undefined
    /** Goes around the calls that are attached, and only those. */
    wrap?(fetch: typeof globalThis.fetch): typeof globalThis.fetch
    history?(): HistoryEntry[]
  }
}

/** One line of `session.history()`. Holds no token, no claim, no URL. */
export interface HistoryEntry {
  /** Milliseconds since the epoch, by the local clock. */
  readonly at: number
  /** Tells the tabs apart: random for each session object. */
  readonly tab: string
  /** `open`: a session object was made. `refused`: a refresh brought no tokens. The others are the events. */
  readonly type: 'open' | 'refused' | keyof SessionEvents
  readonly source: 'local' | 'remote'
  /** Why: of a logout, an error or a refused refresh. */
  readonly code?: EndReason | SessionErrorCode | RefreshErrorCode
}
