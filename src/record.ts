import { member, own } from './options.js'
import type { EndReason, RecordStore, RefreshIntent, SessionRecord, TokenSet } from './recordTypes.js'

const FLOOR = 2000

/** Of every reason, whether the end came from this side, so that the server may still have the session. */
const ON_PURPOSE: Record<EndReason, boolean> = {
  logout: true, idle: true, lifetime: true, rejected: false, rotation_lost: false, expired: false, unreadable: false,
}
export const isReason = (value: unknown): value is EndReason => Object.hasOwn(ON_PURPOSE, value as string)

/** What a record, its tokens and its intent hold, by example. No name stands for two things. */
const EXAMPLES: Required<Omit<SessionRecord, 'tokens' | 'intent'> & TokenSet & RefreshIntent> = {
  id: '', revision: 0, generation: 0, startedAt: 0, subject: '', endedBecause: 'logout', unauthorizedAt: 0,
  accessToken: '', refreshToken: '', idToken: '', scope: '', receivedAt: 0, lifetime: 0,
  key: '', attempt: 0, sentAt: 0, retryAt: 0, code: 'unanswered', ambiguous: true,
}

/** A copy of what is a value of the kind it should be. A number at which counting ends would silence the other tabs. */
const checked = <Shape extends object>(value: Shape | undefined): Partial<Shape> => {
  const copy = own(Object(value)) as Record<string, unknown>
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const member = copy[name]
    if (typeof member !== typeof example || (typeof member === 'number' && !(Math.abs(member) < 2 ** 52))) delete copy[name]
  }
  return copy as Partial<Shape>
}

/** Storage may hold anything; what is not a record is as good as nothing, and what is no part of one is left out. */
export const asRecord = (value: unknown): SessionRecord | undefined => {
  const record = checked(value as SessionRecord)
  const { id, revision, tokens, endedBecause } = record
  const intent = checked(record.intent)
  if (id === undefined || revision === undefined) return
  if (!isReason(endedBecause)) delete record.endedBecause
  delete record.intent
  if (intent.sentAt !== undefined) record.intent = intent as RefreshIntent
  if (tokens === null) return record as SessionRecord
  const { accessToken = '\n', receivedAt } = (record.tokens = checked(tokens) as TokenSet)
  // What no header may carry would look like a network that fails.
  return receivedAt !== undefined && /^[ -~]*$/.test(accessToken) ? (record as SessionRecord) : undefined
}

/** A store whose records are checked on their way in, whoever wrote that storage. */
export const checkedStore = (store: RecordStore): RecordStore => ({
  shared: store.shared,
  degraded: member(store, 'degraded'),
  read: async () => asRecord(await store.read()),
  update: (change) => store.update((stored) => change(asRecord(stored))),
  hear: (tombstone) => member(store, 'hear')?.call(store, tombstone),
  watch: (listener) => member(store, 'watch')?.call(store, listener),
  close: () => store.close(),
})

/**
 * A copy without the members that are undefined, and without those of a polluted Object.prototype. For what JSON can hold,
 * as all of a record is.
 */
export const compact = <Value>(value: { [Name in keyof Value]: Value[Name] | undefined }): Value =>
  JSON.parse(JSON.stringify(value), (_, member) => (Object(member) === member ? own(member) : member)) as Value

/** A tombstone: late work can see that it was overtaken. Holds no secret. */
export const endedRecord = ({ id, revision, tokens, endedBecause }: SessionRecord, reason: EndReason): SessionRecord =>
  // Where it was only asked whether there is a session, none ends.
  compact({ id, revision: revision + 1, tokens: null, endedBecause: tokens?.accessToken ? reason : endedBecause })

/** Whether a session was ended on this side, so that the server may still have it. */
export const isOnPurpose = ({ endedBecause }: SessionRecord): boolean => !!endedBecause && ON_PURPOSE[endedBecause]

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

/**
 * Milliseconds until tokens that came by a renewal may be renewed again without somebody asking for it, whatever their lifetime
 * says. By the record, and so for all tabs together. Of a clock that was set back it says little, but not for long.
 */
export const floorLeft = ({ generation, tokens }: SessionRecord, now: number): number =>
  generation ? FLOOR - Math.abs(now - tokens!.receivedAt) : 0

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
