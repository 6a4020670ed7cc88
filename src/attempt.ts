import { RefreshError } from './errors.js'
import type { Platform } from './platform.js'
import { changedRecord, compareAndSet, endedRecord } from './record.js'
import type { RefreshCall } from './refreshCall.js'
import type { SessionState } from './session.js'
import { mergeTokens } from './tokens.js'
import type { RecordStore, RefreshIntent, SessionRecord, TokenSet } from './recordTypes.js'

const STEP = 1000
const LONGEST_PAUSE = 60_000

/** Exponential with full jitter, above a floor of a second. */
const backoff = (attempt: number, random: number) => STEP + random * Math.min(STEP * 2 ** (attempt - 1), LONGEST_PAUSE)

export interface AttemptParts {
  platform: Platform
  store: RecordStore
  state: SessionState
  call: RefreshCall
  refreshTimeout: number
  maxRetryAfter: number
  renewable(tokens: TokenSet): boolean
  /** Tokens came for a session that is no longer there. */
  onVain(tokens: TokenSet): void
}

/** What one attempt found or did. */
export interface Attempt {
  record: SessionRecord | undefined
  source: 'local' | 'remote'
  saved?: boolean
  error?: RefreshError
  /** Milliseconds after which another attempt makes sense for the same callers. */
  again?: number
}

/**
 * One attempt, run under the lock: re-read, decide, write down the intent, ask once, commit fenced.
 * `exclusive`: the lock is certain, so that an intent without an answer is that of a tab that died.
 */
export const attemptRefresh = async (
  { platform, store, state, call, refreshTimeout, maxRetryAfter, renewable, onVain }: AttemptParts,
  id: string,
  used: string,
  unauthorized: boolean,
  exclusive: boolean,
): Promise<Attempt> => {
  // A session that lives in this tab alone, since it could not be stored, is refreshed from memory. One that
  // tabs share is not: nobody could see that its refresh token was spent.
  const orMemory =
    <Result>(result: Result) =>
    (cause: unknown) => {
      if (!state.saved) return result
      throw new RefreshError('unavailable', 'The stored session cannot be read or written, so nothing was sent', { cause })
    }
  const commit = (expected: SessionRecord, next: SessionRecord) =>
    compareAndSet(store, expected, next).catch(orMemory(next))

  const record = (await store.read().catch(orMemory(undefined))) ?? state.record
  if (record?.id !== id || record.tokens?.accessToken !== used) return { record, source: 'remote' }

  if (!renewable(record.tokens)) {
    const next = endedRecord(record, 'expired')
    const after = await commit(record, next)
    return after === next ? { record: next, source: 'local' } : { record: after, source: 'remote', again: 0 }
  }

  const now = platform.now()
  const former = record.intent
  const unsettled = former && (former.ambiguous || former.retryAt === undefined)
  if (former) {
    const retryAt = former.retryAt ?? former.sentAt + (exclusive ? backoff(1, platform.random()) : refreshTimeout)
    // A clock that was set back must not make this wait for a day.
    const wait = Math.min(retryAt - now, Math.max(maxRetryAfter, refreshTimeout) + LONGEST_PAUSE)
    if (wait > 0) {
      const error = new RefreshError('cooldown', `A refresh failed a moment ago; the next one is due in ${Math.ceil(wait / STEP)} s`)
      return { record, source: 'remote', error, ...(unsettled && { again: wait }) }
    }
  }
  if (platform.isOffline()) {
    const error = new RefreshError('offline', 'The browser is offline; the refresh follows when it is online again')
    return { record, source: 'remote', error }
  }

  const intent: RefreshIntent = {
    key: former?.key ?? platform.randomId(),
    attempt: (former?.attempt ?? 0) + 1,
    sentAt: now,
    ...(unsettled && { ambiguous: true }),
  }
  const sending = changedRecord(record, { intent, unauthorizedAt: unauthorized ? now : undefined })
  const before = await commit(record, sending)
  if (before !== sending) return { record: before, source: 'remote', again: 0 }

  const outcome = await call.send(record.tokens, intent.key)
  if ('tokens' in outcome) {
    const next = changedRecord(sending, { tokens: mergeTokens(record.tokens, outcome.tokens) })
    let saved = true
    const after = await compareAndSet(store, sending, next).catch(() => {
      // These tokens exist nowhere else: memory keeps them until storage works again.
      saved = false
      return next
    })
    if (after === next) return { record: next, source: 'local', saved }
    // To revoke what belongs to a session that goes on could revoke all of its grant (RFC 7009 §2.1).
    if (after.id !== id || !after.tokens) onVain(outcome.tokens)
    return { record: after, source: 'remote' }
  }

  const { error } = outcome
  const pause =
    error.code === 'misconfigured'
      ? LONGEST_PAUSE
      : Math.min(error.retryAfter ?? 0, maxRetryAfter) + backoff(intent.attempt, platform.random())
  const lost = error.code === 'unanswered'
  const next =
    error.code === 'rejected'
      ? endedRecord(sending, intent.ambiguous ? 'rotation_lost' : 'rejected')
      : changedRecord(sending, {
          intent: { ...intent, retryAt: platform.now() + pause, ...(lost && { ambiguous: true }) },
        })
  const after = await commit(sending, next)
  // Overtaken: what is there now is newer than this failure (R16).
  if (after !== next) return { record: after, source: 'remote', again: 0 }
  return { record: next, source: 'local', error, ...(lost && { again: pause }) }
}
