/**
 * Protocols that look right and are not. Each is one edit of the sources; the simulator must find every one, or it
 * proves nothing. When a text is no longer there, write the mutant anew: it says what must go wrong.
 */
export interface Mutant {
  /** What is broken. */
  sentence: string
  edits: { file: string; from: string; to: string }[]
}

const one = (sentence: string, file: string, from: string, to: string): Mutant => ({ sentence, edits: [{ file, from, to }] })

export const MUTANTS: Mutant[] = [
  one('the record is not read again under the lock', 'attempt.ts', 'const stored = await store.read().catch(orMemory(undefined))', 'const stored = state.record'),
  one(
    'a commit does not compare',
    'record.ts',
    'if (outranks(expected, stored) || (stored!.id === expected.id && stored!.revision === expected.revision)) return (result = next)',
    'if (stored || !stored) return (result = next)',
  ),
  one('a logout leaves nothing behind, no tombstone', 'record.ts', '(tokens === null || (', '((', ),
  one('the lock is not let go as the page is left', 'createSession.ts', 'return lock.release()', 'return'),
  one('the intent is not written down', 'attempt.ts', 'changedRecord(record, { intent, ', 'changedRecord(record, { '),
  one('a network error is taken for a refusal', 'outcome.ts', "throw new RefreshError('unanswered',", "throw new RefreshError('rejected',"),
  one('an older revision is adopted', 'session.ts', 'if (next && !(former && outranks(former, next))) {', 'if (next) {'),
  one('a timer may be longer than timers can be', 'schedule.ts', 'Math.min(wait, LONGEST_DELAY)', 'wait'),
  one('a cookie is written without being flushed', 'storage/cookieStorage.ts', 'if ((await readRaw()) !== text) {', 'if (!text) {'),
  one('a lost answer is asked for again at once', 'attempt.ts', "const lost = code === 'unanswered'\n", "const lost = code === 'unanswered'\n    if (lost) return commit(sending, changedRecord(sending, { intent: { ...intent, retryAt: 0, ambiguous: true } }), { error, again: 0 })\n"),
  one(
    'those who wait get tokens that are not stored yet',
    'attempt.ts',
    'const done = await commit(sending, next)',
    "state.adopt(next, 'local')()\n    const done = await commit(sending, next)",
  ),
  one('a hint is believed, not looked up', 'sync.ts', '      await sync()\n', '      if (state.record && revision) return void (state.record = { ...state.record, revision })\n      await sync()\n'),
  one('every try has a key of its own', 'attempt.ts', 'key: former?.key ?? platform.randomId()', 'key: platform.randomId()'),
  one('whoever stole the lock believes to be alone', 'lock.ts', 'body(left > 0, () => held)', 'body(true, () => held)'),
  one('who let go of the lock sends all the same', 'attempt.ts', 'if (!held() || platform.monotonic() - began > 2 * STEP)', 'if (!held)'),
  one(
    'a later revision outranks the tombstone of its session',
    'record.ts',
    '!stored || (mine.id === stored.id && !mine.tokens !== !stored.tokens ? !mine.tokens : mine.revision > stored.revision)',
    '!stored || mine.revision > stored.revision',
  ),
  one('a page that comes back trusts what it remembers', 'createSession.ts', '    state.verifiedAt = NaN\n    void sync()\n', ''),
  one('tokens of a session that goes on are revoked', 'attempt.ts', 'if (done.record!.id !== used.id || !done.record!.tokens) onVain(tokens)', 'onVain(tokens)'),
  one('what the server asks for is not waited', 'attempt.ts', 'Math.min(retryAfter, maxRetryAfter) + backoff', 'backoff'),
  one('pauses do not grow', 'attempt.ts', 'STEP * 2 ** attempt', 'STEP * 2'),
  one('a call goes on under another user', 'credentials.ts', 'now.id !== before.id', '!now'),
  one('a parser that quotes the body is the cause of an error', 'outcome.ts', 'answer.json().catch(() => {})', 'answer.json()'),
  one('a refusal after a lost answer does not say so', 'attempt.ts', "unsettled ? 'rotation_lost' : code", 'code'),
  one('a hidden tab trusts its memory for ever', 'credentials.ts', 'const TRUST_WHILE_HIDDEN = 1000', 'const TRUST_WHILE_HIDDEN = Infinity'),
]
