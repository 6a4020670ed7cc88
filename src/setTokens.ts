import { isSessionError } from './errors.js'
import type { Platform } from './platform.js'
import { startedRecord } from './record.js'
import type { RecordStore, SessionRecord } from './recordTypes.js'
import type { SessionState } from './session.js'
import { readTokenResponse } from './tokens.js'
import type { Session, TokenResponse } from './types.js'

/** Begins a session: a new id, so that whatever is under way for the former one is overtaken. */
export const createSetTokens =
  (
    platform: Platform,
    store: RecordStore,
    state: SessionState,
    tokenType: string,
    onCommit: (record: SessionRecord) => void,
    onFailure: (error: unknown) => void,
  ): Session['setTokens'] =>
  async (response: TokenResponse, { subject } = {}) => {
    const now = platform.now()
    const tokens = readTokenResponse(response, tokenType, now)
    const id = platform.randomId()
    let record: SessionRecord | undefined
    let saved = true
    const begin = (stored: SessionRecord | undefined) =>
      (record = startedRecord(id, tokens, subject, now, stored, state.record))
    try {
      await store.update(begin)
    } catch (error) {
      // A cookie that is too large is the app's to mend. Storage that fails is not: the user is signed in, here.
      if (isSessionError(error) && error.code !== 'storage_failed') throw error
      saved = false
      begin(undefined)
      onFailure(error)
    }
    const announce = state.adopt(record, 'local', saved)
    state.confirm()
    onCommit(record!)
    announce()
  }
