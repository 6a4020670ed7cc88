/**
 * Protocols that look right and are not. Each is edits of the sources; the simulator must find every one, or it
 * proves nothing. When a text is no longer there, write the mutant anew: the sentence says what must go wrong.
 */
const mutant = (sentence, ...edits) => ({ sentence, edits: edits.map(([file, from, to]) => ({ file, from, to })) })

export const MUTANTS = [
  // Both, since the fence makes up for either.
  mutant('the record is not read again under the lock, nor as the intent is written', ['attempt.ts', 'await store.read()', 'state.record ?? await store.read()'], ['attempt.ts', 'const begun = await commit(record, sending)', 'const begun = await store.update(() => sending).then(() => ({ record: sending, local: true }))']),
  mutant('a commit does not compare', ['record.ts', 'outranks(expected, stored) ||', 'true ||']),
  mutant('a logout leaves nothing behind, no tombstone', ['record.ts', 'if (tokens === null) return record as SessionRecord', 'if (tokens === null) return']),
  mutant('the lock is not let go as the page is left', ['lifecycle.ts', 'return lock.release()', 'return']),
  mutant('the intent is not written down', ['attempt.ts', 'changedRecord(record, { intent, ', 'changedRecord(record, { ']),
  mutant('a network error is taken for a refusal', ['outcome.ts', "RefreshError('unanswered'", "RefreshError('rejected'"]),
  mutant('an older revision is adopted', ['session.ts', ' && !(former && outranks(former, next))', '']),
  mutant('a timer may be longer than timers can be', ['schedule.ts', 'Math.min(Math.ceil(wait), LONGEST_DELAY)', 'Math.ceil(wait)']),
  mutant('a cookie is written without being flushed', ['storage/cookieStorage.ts', 'const kept = await readAll()', 'const kept = [text]']),
  mutant('a lost answer is asked for again at once', ['attempt.ts', 'retryAt: sentAt + pause', 'retryAt: lost ? 0 : sentAt + pause'], ['attempt.ts', 'again: lost ? pause : undefined', 'again: lost ? 0 : undefined']),
  mutant('those who wait get tokens that are not stored yet', ['attempt.ts', 'const done = await', "state.adopt(next, 'local')()\n    const done = await"]),
  mutant('a hint is believed, not looked up', ['sync.ts', 'state.verifiedAt = NaN', 'if (state.record && revision) return void (state.record = { ...state.record, revision })']),
  mutant('every try has a key of its own', ['attempt.ts', 'former?.key ?? ', '']),
  mutant('without a lock, a request under way counts as lost', ['attempt.ts', 'exclusive ? STEP * (0.75 + platform.random() / 4) : refreshTimeout + STEP', 'STEP']),
  mutant('a holder that stands still is waited for without end', ['lock.ts', 'await (steals ? request({ steal: true }, isFrozen, body) : wait(body, left))', 'await wait(body, steals ? SLICE : left)']),
  mutant('who let go of the lock sends all the same', ['attempt.ts', '!held() || platform.monotonic() - began > 2 * STEP', '!held']),
  mutant('a later revision outranks the tombstone of its session', ['record.ts', 'mine.id === stored.id && !mine.tokens !== !stored.tokens ? !mine.tokens : ', '']),
  mutant('a page that comes back trusts what it remembers', ['lifecycle.ts', "if (change !== 'return' && platform.isHidden()) return", 'return']),
  mutant('tokens of a session that goes on are revoked', ['attempt.ts', 'tokens.refreshToken && (!held || id !== next.id)', 'tokens.refreshToken']),
  mutant('what the server asks for is not waited', ['attempt.ts', 'const named = Math.min(retryAfter, maxRetryAfter)', 'const named = 0']),
  mutant('pauses do not grow', ['attempt.ts', '2 ** attempt', '2']),
  mutant('a call goes on under another user', ['credentials.ts', 'now.id !== before.id', '!now']),
  mutant('a parser that quotes the body is the cause of an error', ['outcome.ts', "catch {\n      // Never a parser's", "catch {\n      if (answer.ok) throw new SyntaxError(text)\n      // Never a parser's"], ['errors.ts', 'this.cause = outline(details.cause)', 'this.cause = details.cause']),
  mutant('a refusal after a lost answer does not say so', ['attempt.ts', "unsettled ? 'rotation_lost' : code", 'code']),
  mutant('a page does not look at what was said before it listened', ['tabChannel.ts', '>= Math.min(opened, Date.now() - delay)', '>= Infinity']),
  mutant('renewals that succeed have no floor', ['record.ts', 'generation ? FLOOR - Math.abs(now - tokens!.receivedAt) : 0', '0']),
  mutant('tokens are known by their text', ['session.ts', '{ id, generation }: Generation,', '{ id, generation, accessToken }: Generation & { accessToken?: string },'], ['session.ts', 'record.generation === generation', '(accessToken === undefined ? record.generation === generation : record.tokens.accessToken === accessToken)']),
  mutant('a holder without a sign of life counts as alive', ['lock.ts', 'unanswered > 1', 'false']),
  mutant('who comes after a dead holder pauses for seconds', ['attempt.ts', 'exclusive ? STEP * (0.75', 'exclusive ? 4 * STEP * (0.75']),
  mutant('a gateway that fails has spent no token', ['attempt.ts', '(status >= 500 && status !== 503)', 'false']),
  mutant('an answer with other names has spent no token', ['outcome.ts', 'spent: !tokenless', 'spent: false']),
  mutant('a page of HTML renews a session of cookies', ['outcome.ts', 'if (tokenless && !text) body = {}', 'if (tokenless) body = {}']),
  mutant('who is nobody is signed in by cookies', ['schemes/cookieSession.ts', '(response.ok && body === null)', 'false'], ['schemes/cookieSession.ts', 'Object(response) !== response || ', '']),
  mutant('a refresh through the own client waits for itself', ['refreshCall.ts', 'calling || given === signal || !!(refreshToken && text?.includes(refreshToken))', 'calling']),
  mutant('storage that was silent once is not opened anew', ['storage/database.ts', 'over = true\n      close()', 'over = true']),
  mutant('a hidden tab trusts its memory for ever', ['credentials.ts', 'TRUST_WHILE_HIDDEN = 1000', 'TRUST_WHILE_HIDDEN = Infinity']),
]

/** Defects that were there, and too rare to be found again in seconds: mended, each with the seed that found it. */
const mended = (seed, sentence, ...edits) => ({ ...mutant(sentence, ...edits), seed })

export const MENDED = [
  mended(1150199, 'what was read before a page stopped is trusted when it comes back', ['sync.ts', 'next ? NaN : asked', 'asked']),
  mended(1162154, 'a request under way is missing in the record that memory gives back to storage', ['attempt.ts', "if (!begun.saved) state.adopt(sending, 'local', false)()", '']),
  mended(1341510, 'a holder counts as dead by what was read before a page stopped', ['lock.ts', 'if (monotonic() - asked > SLICE) return SLICE', '']),
  mended(1440661, 'tokens that come too late are revoked by a cookie, which is that of the next user', ['attempt.ts', 'tokens.refreshToken && (!held || id !== next.id)', 'tokens.refreshToken ? !held || id !== next.id : !held']),
  mended(2717240, 'a logout leaves no trace of a session that was never stored', ['logout.ts', 'stored && !(own && own.id !== stored.id && outranks(own, stored)) ? theirs : own', 'stored ? theirs : own']),
  mended(2206189, 'a logout that storage takes late ends whoever has signed in since', ['logout.ts', 'late && !(stored?.startedAt! <= at)', 'late && stored?.startedAt! > at'], ['logout.ts', '? theirs : own', '? theirs : (end(state.record) ?? state.record)']),
  mended(2344406, 'a first read that a stopped page left open is trusted', ['sync.ts', 'known || monotonic() - asked > STALE', 'known']),
  mended(2163755, 'a call that waited as its session was closed takes the token along', ['authorizedFetch.ts', 'obtained && !rules.bypass()', 'obtained']),
]
