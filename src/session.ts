import { decodeClaims } from './claims.js'
import type { Emitter } from './emitter.js'
import { own } from './options.js'
import type { Platform } from './platform.js'
import { liveTokens, outranks } from './record.js'
import type { SessionRecord, TokenSet } from './recordTypes.js'
import { expiresAt } from './tokens.js'
import type { InternalEvents, SessionSnapshot } from './types.js'

type Source = 'local' | 'remote'

/** A set of tokens is known by its generation, never by its text: a server may prolong a token instead of replacing it. */
export interface Generation {
  id: string
  generation?: number | undefined
}

/** What a request carries, and whose it is. */
export interface Credential extends Generation {
  accessToken: string
}

export interface SessionState {
  /** What this tab knows of the stored record; `undefined` before the first read, and when there is none. */
  record: SessionRecord | undefined
  /** `false` while the record lives in this tab alone, because storage failed. */
  saved: boolean
  /** When the record was last read, on the monotonic clock; `NaN` when news may have been missed since. */
  verifiedAt: number
  /** Milliseconds until the access token expires, by the clock that says less; `Infinity` when unknown. */
  remaining(): number
  /** Takes over what is stored. Returns the announcement, to be made once it is durable and no lock is held. */
  adopt(next: SessionRecord | undefined, source: Source, saved?: boolean): () => void
  snapshot(): SessionSnapshot
}

/** Whether a record still has the tokens that were used. */
export const isCurrent = (
  { id, generation }: Generation,
  record: SessionRecord | undefined,
): record is SessionRecord & { tokens: TokenSet } => !!record?.tokens && record.id === id && record.generation === generation

/** Holds the state: loading → authenticated ⇄ anonymous. Decides nothing else. */
export const createSessionState = (platform: Platform, emitter: Emitter<InternalEvents>, onAdopt: (renewed: boolean) => void): SessionState => {
  let loaded = false
  let snapshot: SessionSnapshot | undefined
  let deadline = Infinity

  /** The event that leads from one record to another. */
  const announce = (former: SessionRecord | undefined, record: SessionRecord | undefined, source: Source) => {
    const was = liveTokens(former)
    if (!liveTokens(record)) {
      if (was) emitter.emit('logout', { source, reason: record!.endedBecause! })
    } else if (!was || !isCurrent(former!, record)) {
      const { id, subject } = own(former)
      const again = subject !== undefined && subject === record!.subject
      emitter.emit(was && id === record!.id ? 'refresh' : was && !again ? 'change' : 'login', { source })
    }
  }

  const state: SessionState = {
    record: undefined,
    saved: true,
    verifiedAt: NaN,

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
      if (next && !(former && outranks(former, next))) {
        state.record = next
        state.saved = saved
      }
      const { record } = state
      const renewed = first || record?.id !== former?.id || record?.generation !== former?.generation || !record?.tokens !== !former?.tokens
      if (renewed) {
        snapshot = undefined
        deadline = Infinity
        deadline = state.remaining() + platform.monotonic()
        emitter.emit('snapshot', undefined)
      }
      onAdopt(renewed)
      // What a page finds stored when it opens is its state, not news.
      return () => {
        if (!first || source === 'local') announce(former, record, source)
      }
    },

    snapshot() {
      const { record } = state
      const tokens = liveTokens(record)
      return (snapshot ??= Object.freeze({
        status: tokens ? 'authenticated' : loaded && !record?.tokens ? 'anonymous' : 'loading',
        expiresAt: tokens ? expiresAt(tokens, platform.now()) : undefined,
        unverifiedClaims: tokens ? (decodeClaims(tokens.idToken) ?? decodeClaims(tokens.accessToken)) : undefined,
        reason: record?.endedBecause,
      }))
    },
  }
  return state
}
