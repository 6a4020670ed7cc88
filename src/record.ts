import type { EndReason, RecordStore, RefreshIntent, SessionRecord, TokenSet } from './recordTypes.js'

/** Storage may hold anything; what is not a record is as good as nothing. */
export const asRecord = (value: unknown): SessionRecord | undefined => {
  const { id, revision, generation = 0, tokens } = Object(value) as Partial<SessionRecord>
  return typeof id === 'string' &&
    typeof revision === 'number' &&
    // One that does not equal itself would be nobody's for ever.
    Number.isFinite(generation) &&
    (tokens === null || (typeof tokens?.accessToken === 'string' && typeof tokens.receivedAt === 'number'))
    ? (value as SessionRecord)
    : undefined
}

/** A copy without the members that are undefined. For what JSON can hold, as all of a record is. */
export const compact = <Value>(value: { [Name in keyof Value]: Value[Name] | undefined }): Value =>
  JSON.parse(JSON.stringify(value))

/** A tombstone: late work can see that it was overtaken. Holds no secret. */
export const endedRecord = ({ id, revision, tokens, endedBecause }: SessionRecord, reason: EndReason): SessionRecord =>
  // Where it was only asked whether there is a session, none ends.
  compact({ id, revision: revision + 1, tokens: null, endedBecause: tokens?.accessToken ? reason : endedBecause })

/** Whether a session was ended on this side, so that the server may still have it. */
export const isOnPurpose = ({ endedBecause = '' as EndReason }: SessionRecord): boolean =>
  /^(logout|idle|lifetime)$/.test(endedBecause)

/** The tokens of somebody who is signed in. */
export const liveTokens = (record: SessionRecord | undefined): TokenSet | undefined =>
  record?.tokens?.accessToken ? record.tokens : undefined

/** The intent goes with every change, unless the change is a new one. */
export const changedRecord = (record: SessionRecord, changes: { [Name in keyof SessionRecord]?: SessionRecord[Name] | undefined }): SessionRecord =>
  compact({ ...record, intent: undefined, revision: record.revision + 1, ...changes })

/** Milliseconds until the next try. A clock that shows less than at the last one was set back, and tells nothing. */
export const pauseLeft = ({ retryAt, sentAt }: RefreshIntent, now: number, unanswered: number): number =>
  now < sentAt - 1000 ? 0 : (retryAt ?? sentAt + unanswered) - now

/** Whether a request is under way, or its answer was lost: the refresh goes on by itself, and what waits for it may be served. */
export const isUnsettled = (intent: RefreshIntent | undefined): boolean | undefined =>
  intent && (intent.ambiguous || intent.retryAt === undefined)

/** Whether what a tab remembers is news to storage: never saved, wiped since, or the end of what storage still holds. */
export const outranks = (mine: SessionRecord, stored: SessionRecord | undefined): boolean =>
  !stored || (mine.id === stored.id && !mine.tokens !== !stored.tokens ? !mine.tokens : mine.revision > stored.revision)

/**
 * The fenced commit: stores `next` if `(id, revision)` are still those of `expected`, in one atomic step.
 * Resolves with what is stored then: `next` itself, or whatever was there first.
 */
export const compareAndSet = async (
  store: RecordStore,
  expected: SessionRecord,
  next: SessionRecord,
): Promise<SessionRecord> => {
  let result = next
  await store.update((stored) => {
    // After a wipe, a tombstone may have the number that the work under way counts on.
    if (outranks(expected, stored) || (stored!.tokens && stored!.id === expected.id && stored!.revision === expected.revision)) return (result = next)
    result = stored!
    return
  })
  return result
}
