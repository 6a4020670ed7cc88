import { abortable } from './abortable.js'
import { pinned } from './endpoint.js'
import { SessionError } from './errors.js'
import type { Platform } from './platform.js'
import { endedRecord, outranks } from './record.js'
import type { EndReason, RecordStore, SessionRecord, TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'
import type { RevokeFunction } from './types.js'

/**
 * Tells the server, in the background and within `timeout`: what comes of it changes nothing here (R37).
 * `whenBack`: what to do when the server may be reached again, where that needs no secret.
 */
export const createRevocation =
  (
    { fetch, origin, setTimer }: Platform,
    revoke: RevokeFunction | undefined,
    timeout: number,
    onFailure: (error: unknown) => void,
    whenBack?: (again: () => void) => void,
  ): ((tokens: TokenSet) => void) =>
  (tokens) => {
    const tell = (say: (error: unknown) => void) => {
      const controller = new AbortController()
      const { signal } = controller
      const stop = setTimer(() => controller.abort(), timeout)
      const call = async () => revoke?.(tokens, { signal, fetch: pinned(fetch, origin), origin })
      abortable(call(), signal)
        .catch((cause: unknown) => {
          say(new SessionError('revocation_failed', 'The revocation was not confirmed, this browser is signed out', { cause }))
          // No response came. One that says no would say it again.
          if (signal.aborted || Object(cause).name === 'TypeError') whenBack?.(() => tell(() => {}))
        })
        .finally(stop)
    }
    tell(onFailure)
  }

/** Ends the session: memory at once, then storage, then the other tabs, then the server (R34). */
export const createLogout =
  (
    { now }: Platform,
    store: RecordStore,
    state: SessionState,
    revoke: (tokens: TokenSet) => void,
    onCommit: (record: SessionRecord) => void,
    onFailure: (error: unknown) => void,
  ): ((reason: EndReason) => Promise<void>) =>
  async (reason) => {
    const gone = new Map<string, TokenSet>()
    const id = state.record?.id
    const end = (record: SessionRecord | undefined) => {
      // A limit is that of one session; who has signed in since is not meant.
      if (!record?.tokens || (reason !== 'logout' && record.id !== id)) return
      // By what the server is told: one cookie has one text, whatever the generation.
      const { refreshToken, accessToken } = record.tokens
      gone.set(`${refreshToken} ${accessToken}`, record.tokens)
      return endedRecord(record, reason)
    }
    const at = now()
    let late = false
    const mine = end(state.record)
    const news = mine ? [state.adopt(mine, 'local', state.saved)] : []
    const own = state.record
    // The others stop at once, and read when the tombstone is there: told again below.
    if (state.record) onCommit(state.record)
    try {
      await store.update((stored) => {
        // Given up: what began before it ends, and nothing else.
        if (late && !(stored?.startedAt! <= at)) return
        // Another tab was first, and has told the server.
        if (stored?.id === id && !stored?.tokens) gone.clear()
        const theirs = stored && end(stored)
        // One that is newer than what is stored never got there, and may not get there any more.
        return stored && !(own && own.id !== stored.id && outranks(own, stored)) ? theirs : own
      })
      news.push(state.adopt(await store.read(), 'local'))
    } catch (error) {
      late = true
      // Memory is clear and stays so; storage is cleared when it works again.
      onFailure(error)
    }
    if (state.record) onCommit(state.record)
    for (const announce of news) announce()
    gone.forEach(revoke)
  }
