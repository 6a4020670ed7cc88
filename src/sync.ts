import type { Platform } from './platform.js'
import { outranks } from './record.js'
import type { SessionState } from './session.js'
import type { RecordStore, SessionRecord, TokenSet } from './recordTypes.js'

/** What storage could not take or tell is tried again after this time, in milliseconds. */
const PAUSE = 10_000
/** A read that takes longer, in milliseconds, may have been answered before the page was stopped. */
const STALE = 1000

export interface Sync {
  /**
   * Makes memory and storage agree: reads the record and adopts it, or puts back what storage has lost or never
   * got. Never rejects: what cannot be read is not a logout, so memory stands. `anew`: a read that runs already
   * will not do.
   */
  sync(anew?: boolean): Promise<void>
  /** The same, unless memory is at that revision already; 0 is any. */
  follow(revision: number, anew?: boolean): Promise<void>
  /** Again in a while: something failed. */
  later(): void
  close(): void
}

export const createSync = (
  { monotonic, setTimer }: Platform,
  store: RecordStore,
  state: SessionState,
  onFailure: (error: unknown) => void,
  /** Storage has again what it had lost, or never got. */
  onRestore: (record: SessionRecord) => void,
  /** What this tab alone had ended with the session of another. */
  onLoss: (tokens: TokenSet) => void,
  /** What to go by instead of what is stored when the page opens, if anything. */
  suppose: (stored: SessionRecord | undefined) => SessionRecord | undefined,
): Sync => {
  let closed = false
  let known = false
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let asked: number
  let failure: unknown
  let restored: string | undefined

  const once = async () => {
    const before = failure
    // What is answered to a page that was stopped meanwhile is as old as the question.
    asked = monotonic()
    failure = undefined
    let stored: SessionRecord | undefined
    try {
      stored = await store.read()
      const mine = state.record
      // A record that vanishes again and again is put back once (R40).
      if (mine && outranks(mine, stored) && (stored || restored !== mine.id)) {
        const wiped = !stored
        await store.update((now) =>
          outranks(mine, now) ? { ...mine, revision: Math.max(mine.revision, (now?.revision ?? 0) + 1) } : undefined,
        )
        if (wiped) restored = mine.id
        stored = await store.read()
        owing = true
      }
      if (owing && stored) onRestore(stored)
      owing = false
      // Without a refresh token of its own it is in a cookie, which by now may be that of whoever has signed in since.
      if (!store.shared && mine?.tokens?.refreshToken && stored?.tokens === null) onLoss(mine.tokens)
    } catch (error) {
      // What is thrown at once would be ahead of the parts that are still being made in this task.
      await undefined
      failure = error
    }
    // In one step with the read: a guard that watches `status` must see nobody signed out who is asked for yet.
    const supposed = known || state.record ? undefined : suppose(stored)
    known = true
    // Nor can it be trusted once there is news.
    state.verifiedAt = next ? NaN : asked
    state.adopt(supposed ?? stored, 'remote', !supposed)()
    if (failure && !before) onFailure(failure)
    if (failure) later()
  }

  const run = () =>
    (running = once().finally(() => {
      if (!next) running = undefined
    }))

  let cancel = () => {}
  /** A write failed, as it seemed: the other tabs may not have heard of what storage holds. */
  let owing = false
  const later = () => {
    owing = true
    cancel()
    cancel = closed ? () => {} : setTimer(sync, PAUSE)
  }

  const sync = (anew = known || monotonic() - asked > STALE) => {
    if (!running) return run()
    // News that arrives during a read may be younger than what the read will see.
    // Before the first one there was nothing that it could be younger than, unless the page stood still since.
    if (!anew) return running
    // One more read, for all who ask meanwhile: however often there is news, a call waits for two at most.
    return (next ??= running.then(() => {
      next = undefined
      return run()
    }))
  }
  return {
    sync,
    async follow(revision, anew) {
      // What every tab has for itself has numbers of its own.
      const behind = () => !store.shared || !(state.record && state.record.revision >= revision)
      if (revision && !behind()) return
      // Calls that are made now wait for the read.
      state.verifiedAt = NaN
      await sync(anew)
      // A cookie may take a moment to show in other tabs (docs/how-it-works.md).
      if (behind()) setTimer(sync, 100)
    },
    later,
    close() {
      closed = true
      cancel()
    },
  }
}
