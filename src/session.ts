import { decodeClaims } from './claims.js'
import type { Emitter } from './emitter.js'
import type { Platform } from './platform.js'
import { expiresAt } from './tokens.js'
import type { SessionRecord, TokenSet } from './recordTypes.js'
import type { SessionEvents, SessionSnapshot, UnverifiedClaims } from './types.js'

type Source = 'local' | 'remote'

export interface SessionState {
  /** What this tab knows of the stored record; `undefined` before the first read, and when there is none. */
  record: SessionRecord | undefined
  /** `false` while the record lives in this tab alone, because storage failed. */
  saved: boolean
  /** `false` until the record was read, and again after every moment in which news may have been missed. */
  verified: boolean
  /** When it last was verified, on the monotonic clock. */
  verifiedAt: number
  /** Milliseconds until the access token expires, by the clock that says less; `Infinity` when unknown. */
  remaining(): number
  /** Takes over what is stored. Returns the announcement, to be made once it is durable and no lock is held. */
  adopt(next: SessionRecord | undefined, source: Source, saved?: boolean): () => void
  confirm(): void
  snapshot(): SessionSnapshot
  subscribe(listener: () => void): () => void
}

/** Holds the state: loading → authenticated ⇄ anonymous. Decides nothing else. */
export const createSessionState = (
  platform: Platform,
  emitter: Emitter<SessionEvents>,
  subscribers: Emitter<{ change: undefined }>,
  onAdopt: () => void,
): SessionState => {
  let loaded = false
  let snapshot: SessionSnapshot | undefined
  let deadline = Infinity

  const announcement = (former: SessionRecord | undefined, source: Source): (() => void) => {
    const { record } = state
    const was = former?.tokens
    const is = record?.tokens
    if (was && !is) return () => emitter.emit('logout', { source, reason: record!.endedBecause! })
    if (!is || was?.accessToken === is.accessToken) return () => {}
    if (former && was && former.id === record.id) return () => emitter.emit('refresh', { source })
    const replaced = was && (former!.subject === undefined || former!.subject !== record.subject)
    return () => emitter.emit(replaced ? 'change' : 'login', { source })
  }

  const state: SessionState = {
    record: undefined,
    saved: true,
    verified: false,
    verifiedAt: 0,

    remaining() {
      const tokens = state.record?.tokens
      if (!tokens) return 0
      const now = platform.now()
      // The wall clock knows of sleep, the monotonic one of a wall clock that was set back.
      return Math.min((expiresAt(tokens, now) ?? Infinity) - now, deadline - platform.monotonic())
    },

    adopt(next, source, saved = true) {
      const former = state.record
      const first = !loaded
      loaded = true
      const stale =
        !next || (former && (next.revision < former.revision || (former.id === next.id && !former.tokens && next.tokens)))
      if (!stale) {
        state.record = next
        state.saved = saved
      }
      const { record } = state
      if (first || (record && (record.id !== former?.id || record.tokens?.accessToken !== former.tokens?.accessToken))) {
        snapshot = undefined
        const now = platform.now()
        const expiry = record?.tokens ? expiresAt(record.tokens, now) : undefined
        deadline = platform.monotonic() + (expiry ?? Infinity) - now
        subscribers.emit('change', undefined)
      }
      onAdopt()
      // What a page finds stored when it opens is its state, not news.
      return first && source === 'remote' ? () => {} : announcement(former, source)
    },

    confirm() {
      state.verified = true
      state.verifiedAt = platform.monotonic()
    },

    snapshot() {
      const tokens: TokenSet | null | undefined = state.record?.tokens
      return (snapshot ??= Object.freeze({
        status: loaded ? (tokens ? 'authenticated' : 'anonymous') : 'loading',
        expiresAt: tokens ? expiresAt(tokens, platform.now()) : undefined,
        unverifiedClaims: tokens
          ? (((tokens.idToken && decodeClaims(tokens.idToken)) || decodeClaims(tokens.accessToken)) as UnverifiedClaims)
          : undefined,
        reason: state.record?.endedBecause,
      }))
    },

    subscribe: (listener) => subscribers.on('change', listener),
  }
  return state
}
