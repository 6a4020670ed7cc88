import type { EndReason, RecordStore, SessionRecord, TokenSet } from './recordTypes.js'

/** Storage may hold anything; what is not a record is as good as nothing. */
export const isRecord = (value: unknown): value is SessionRecord => {
  const { id, revision, tokens } = Object(value) as Partial<SessionRecord>
  return (
    typeof id === 'string' &&
    typeof revision === 'number' &&
    (tokens === null || (typeof tokens?.accessToken === 'string' && typeof tokens.receivedAt === 'number'))
  )
}

/**
 * The next number, above everything seen. The first is the time, so that the numbers of a session which
 * begins after storage was wiped are above those that other tabs still remember.
 */
const revisionAfter = (now: number, ...seen: (SessionRecord | undefined)[]): number =>
  Math.max(...seen.map((record) => (record ? record.revision + 1 : 0))) || now

export const startedRecord = (
  id: string,
  tokens: TokenSet,
  subject: string | undefined,
  now: number,
  ...former: (SessionRecord | undefined)[]
): SessionRecord => ({ id, revision: revisionAfter(now, ...former), tokens, ...(subject !== undefined && { subject }) })

/** A tombstone: late work can see that it was overtaken. Holds no secret. */
export const endedRecord = (record: SessionRecord, endedBecause: EndReason): SessionRecord => ({
  id: record.id,
  revision: record.revision + 1,
  tokens: null,
  endedBecause,
})

/** `undefined` clears a member. */
export const changedRecord = (
  { intent, ...record }: SessionRecord,
  changes: { tokens?: TokenSet; intent?: SessionRecord['intent']; unauthorizedAt?: number | undefined },
): SessionRecord => {
  const { tokens = record.tokens, unauthorizedAt = record.unauthorizedAt } = changes
  return {
    ...record,
    revision: record.revision + 1,
    tokens,
    ...(unauthorizedAt && { unauthorizedAt }),
    ...(changes.intent && { intent: changes.intent }),
  }
}

/** Whether what a tab remembers is news to storage: never saved, wiped since, or the end of what storage still holds. */
export const outranks = (mine: SessionRecord, stored: SessionRecord | undefined): boolean =>
  !stored || mine.revision > stored.revision || (mine.id === stored.id && !mine.tokens && !!stored.tokens)

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
    const overtaken = stored && (stored.id !== expected.id || stored.revision !== expected.revision)
    result = overtaken ? stored : next
    return overtaken ? undefined : next
  })
  return result
}
