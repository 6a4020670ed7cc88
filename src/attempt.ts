import { RefreshError } from './errors.js'
import { own } from './options.js'
import type { Platform } from './platform.js'
import { changedRecord, compareAndSet, endedRecord, isUnsettled, outranks, pauseLeft } from './record.js'
import type { RefreshCall } from './refreshCall.js'
import { type Credential, isCurrent, type SessionState } from './session.js'
import { isForAnother, mergeTokens } from './tokens.js'
import type { RecordStore, RefreshIntent, SessionRecord, TokenSet } from './recordTypes.js'

const STEP = 1000
const LONGEST_PAUSE = 60_000

/**
 * Exponential, give or take a quarter: a fleet that comes back after an outage is then spread evenly, while with full
 * jitter more of it would come at once (bench/fleet).
 */
export const backoff = (attempt: number, random: number): number =>
  (0.75 + random / 2) * Math.min(STEP * 2 ** attempt, LONGEST_PAUSE)

export interface AttemptParts {
  platform: Platform
  store: RecordStore
  state: SessionState
  call: RefreshCall
  refreshTimeout: number
  maxRetryAfter: number
  renewable(tokens: TokenSet): boolean
  /** Tokens came and could not be stored. */
  onFailure(error: unknown): void
  /** Tokens came for a session that is no longer there. */
  onVain(tokens: TokenSet): void
}

/** What one attempt found or did. */
export interface Attempt {
  record: SessionRecord | undefined
  /** This attempt wrote the record. */
  local?: boolean
  /** `false` when that failed, and the record lives in this tab alone. */
  saved?: boolean
  error?: RefreshError
  /** Milliseconds after which another attempt makes sense for the same callers. */
  again?: number | undefined
}

/**
 * One attempt, run under the lock: re-read, decide, write down the intent, ask once, commit fenced.
 * `exclusive`: the lock is certain, so that an intent without an answer is that of a tab that died. `held`: it still is.
 */
export const attemptRefresh = async (
  { platform, store, state, call, refreshTimeout, maxRetryAfter, renewable, onFailure, onVain }: AttemptParts,
  used: Credential,
  unauthorized: boolean,
  exclusive: boolean,
  held: () => boolean,
): Promise<Attempt> => {
  // A session that lives in this tab alone, since it could not be stored, is refreshed from memory. One that
  // tabs share is not: nobody could see that its refresh token was spent.
  const orMemory =
    <Result>(result: Result) =>
    (cause: unknown) => {
      if (!state.saved && state.record?.id === used.id) return result
      throw new RefreshError('unavailable', 'The stored session cannot be read or written, nothing was sent', { cause })
    }
  /** Whoever is overtaken looks again (R16), unless the tokens are new already. */
  const commit = async (expected: SessionRecord, next: SessionRecord, news?: Partial<Attempt>): Promise<Attempt> => {
    let saved = true
    const record = await compareAndSet(store, expected, next).catch((cause) => {
      saved = false
      return orMemory(next)(cause)
    })
    if (record === next) return { record, local: true, saved, ...news }
    return { record, again: isCurrent(used, record) ? 0 : undefined }
  }

  const began = platform.monotonic()
  const stored = await store.read().catch(orMemory(undefined))
  // A session that could not be stored is newer than what is.
  const record = state.record && outranks(state.record, stored) ? state.record : stored
  if (!isCurrent(used, record)) return { record }
  if (!renewable(record.tokens)) return commit(record, endedRecord(record, 'expired'))

  const now = platform.now()
  const { intent: former } = record
  const unsettled = isUnsettled(former)
  if (former) {
    // After a holder that is gone: not at once, since the server may still be busy with its request. Without a lock, that
    // request may have left later than the intent says.
    const wait = pauseLeft(former, now, exclusive ? STEP * (0.75 + platform.random() / 4) : refreshTimeout + STEP)
    if (wait > 0) {
      const error = new RefreshError('cooldown', `The refresh failed a moment ago, it is tried again in ${Math.ceil(wait / STEP)} s`)
      // Callers wait for what may still come, not for a server that has said that it cannot.
      return { record, error, again: former.retryAt === undefined || former.code === 'unanswered' ? wait : undefined }
    }
  }
  if (platform.isOffline()) {
    return { record, error: new RefreshError('offline', 'The browser is offline, the refresh is tried again when it is online') }
  }

  const intent: RefreshIntent = {
    key: former?.key ?? platform.randomId(),
    attempt: (former?.attempt ?? 0) + 1,
    sentAt: now,
    ...(unsettled && { ambiguous: true }),
  }
  const sending = changedRecord(record, { intent, ...(unauthorized && { unauthorizedAt: now }) })
  const begun = await commit(record, sending)
  if (!begun.local) return begun
  // What memory puts back into storage, as soon as that works, tells of this request.
  if (!begun.saved) state.adopt(sending, 'local', false)()
  // The page was left, or stood still for so long that others do not believe in it any more.
  if (!held() || platform.monotonic() - began > 2 * STEP) return { record: sending, again: 0 }

  try {
    const tokens = await call.send(record.tokens, intent.key)
    // Another user's renewal is another session: what is under way for the former one is overtaken, and the app is told.
    const another = isForAnother(record.tokens, tokens)
    const next = changedRecord(sending, {
      ...(another && { id: platform.randomId(), startedAt: tokens.receivedAt, subject: undefined }),
      tokens: mergeTokens(record.tokens, tokens, !another), generation: sending.revision + 1, endedBecause: undefined,
    })
    // These tokens exist nowhere else: memory keeps them until storage works again.
    const done = await commit(sending, next).catch(({ cause }: RefreshError) => {
      onFailure(cause)
      return { record: next, local: true, saved: false }
    })
    // To revoke what belongs to a session that goes on could revoke all of its grant (RFC 7009 §2.1), and the refresh
    // token that is in a cookie may by now be that of whoever signs in next.
    const { tokens: held, id } = done.record!
    if (tokens.refreshToken && (!held || id !== next.id)) onVain(tokens)
    return done
  } catch (thrown) {
    const error = thrown as RefreshError
    const { code, status = 0, retryAfter = 0, spent } = own(error)
    if (code === 'rejected') return commit(sending, endedRecord(sending, unsettled ? 'rotation_lost' : code), { error })
    const named = Math.min(retryAfter, maxRetryAfter)
    const lost = code === 'unanswered'
    const pause =
      code === 'misconfigured'
        ? // What may be spent is not sent again soon: that it is refused would end the session.
          Math.max(LONGEST_PAUSE, spent ? maxRetryAfter * intent.attempt : 0)
        : // What the server names is the pause, with jitter for all that were told the same. A grace window began with the request.
          named < STEP ? Math.max(STEP, backoff(intent.attempt, platform.random()) - (lost ? platform.monotonic() - began : 0)) : named + platform.random() * Math.min(named / 10, 2 * STEP)
    // A gateway answers 502 or 504, and a server 500, when the token may have been rotated already. 503 says that nothing was done.
    const unclear = lost || spent || (status >= 500 && status !== 503)
    const sentAt = platform.now()
    const failed = { ...intent, code, sentAt, retryAt: sentAt + pause, ...(unclear && { ambiguous: true }) }
    return commit(sending, changedRecord(sending, { intent: failed }), { error, again: lost ? pause : undefined })
  }
}
