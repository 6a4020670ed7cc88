import { isSessionError } from './errors.js'
import { own } from './options.js'
import type { Platform } from './platform.js'
import { compact } from './record.js'
import type { RecordStore, SessionRecord, TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'
import type { Session } from './types.js'

/** Begins a session: a new id, so that whatever is under way for the former one is overtaken. */
export const createSetTokens =
  (
    platform: Platform,
    store: RecordStore,
    state: SessionState,
    take: (response: Parameters<Session['setTokens']>[0]) => TokenSet,
    onCommit: (record: SessionRecord) => void,
    onFailure: (error: unknown) => void,
  ): Session['setTokens'] =>
  async (response, options) => {
    const { subject } = own(options)
    const now = platform.now()
    const tokens = take(response)
    const id = platform.randomId()
    let record: SessionRecord
    let saved = true
    // Above everything seen, and above what other tabs still remember of a session that was wiped.
    const begin = (stored?: SessionRecord) => {
      // Given up: it is stored from memory, which may know better by then.
      if (!saved) return
      const revision = Math.max(now, (stored?.revision ?? 0) + 1, (state.record?.revision ?? 0) + 1)
      return (record = compact<SessionRecord>({ id, revision, generation: 0, tokens, subject, startedAt: now }))
    }
    try {
      await store.update(begin)
    } catch (error) {
      // A cookie that is too large is the app's to mend. Storage that fails is not: the user is signed in, here.
      if (isSessionError(error) && error.code !== 'storage_failed') throw error
      begin()
      saved = false
      onFailure(error)
    }
    const announce = state.adopt(record!, 'local', saved)
    state.verifiedAt = platform.monotonic()
    onCommit(record!)
    announce()
  }
