import { SessionError } from './errors.js'
import type { Platform } from './platform.js'
import { endedRecord } from './record.js'
import type { RecordStore, SessionRecord, TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'
import type { RevokeFunction } from './types.js'

/** Tells the server, in the background and within `timeout`: what comes of it changes nothing here (R37). */
export const createRevocation =
  (
    platform: Platform,
    revoke: RevokeFunction | undefined,
    timeout: number,
    onFailure: (error: unknown) => void,
  ): ((tokens: TokenSet) => void) =>
  (tokens) => {
    if (!revoke) return
    const controller = new AbortController()
    const late = new Promise<never>((_, reject) => controller.signal.addEventListener('abort', reject))
    const stop = platform.setTimer(() => controller.abort(), timeout)
    const call = async () => revoke(tokens, { signal: controller.signal, fetch: platform.fetch })
    Promise.race([call(), late])
      .catch((cause: unknown) =>
        onFailure(new SessionError('revocation_failed', 'The server did not confirm the revocation; this browser is signed out', { cause })),
      )
      .finally(stop)
  }

/** Ends the session: memory at once, then storage, then the other tabs, then the server (R34). */
export const createLogout =
  (
    store: RecordStore,
    state: SessionState,
    revoke: (tokens: TokenSet) => void,
    onCommit: (record: SessionRecord) => void,
    onFailure: (error: unknown) => void,
  ): (() => Promise<void>) =>
  async () => {
    const former = state.record
    const announce = former?.tokens ? state.adopt(endedRecord(former, 'logout'), 'local', state.saved) : () => {}
    const gone = new Map<string, TokenSet>()
    const end = ({ tokens }: SessionRecord) => tokens && gone.set(tokens.accessToken, tokens)
    if (former) end(former)
    try {
      await store.update((stored) => {
        if (!stored) return state.record
        if (!stored.tokens) return
        end(stored)
        return endedRecord(stored, 'logout')
      })
      state.adopt(await store.read(), 'local')
    } catch (error) {
      // Memory is clear and stays so; storage is cleared when it works again.
      onFailure(error)
    }
    if (state.record) onCommit(state.record)
    announce()
    gone.forEach(revoke)
  }
