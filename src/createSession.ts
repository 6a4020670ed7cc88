import { createAuthorizedFetch, type FetchRules } from './authorizedFetch.js'
import { createHints } from './channel.js'
import { createCredentials } from './credentials.js'
import { createEmitter } from './emitter.js'
import { closedError, type SessionError } from './errors.js'
import { createLock } from './lock.js'
import { createLogout, createRevocation } from './logout.js'
import { checkOptions } from './options.js'
import { originRule } from './origins.js'
import type { Platform } from './platform.js'
import type { TokenSet, TokenStorage } from './recordTypes.js'
import { createRefresher } from './refresh.js'
import { createRefreshCall } from './refreshCall.js'
import { createSchedule } from './schedule.js'
import { bearer } from './schemes/bearer.js'
import { createSessionState, type News } from './session.js'
import { createSetTokens } from './setTokens.js'
import { createSync } from './sync.js'
import type { Session, SessionOptions, SessionSnapshot, UnverifiedClaims } from './types.js'

/** How long a request that was in flight when the page went into the back/forward cache may still answer. */
const GRACE_AFTER_RETURN = 1000

/** Opens a session on any platform: tests and the simulator bring their own. `fallback` makes a storage where none is given. */
export const createSessionOn = <Claims = UnverifiedClaims>(
  given: Platform,
  options: SessionOptions,
  fallback?: () => TokenStorage,
): Session<Claims> => {
  const {
    name = 'latchkey',
    storage,
    origins = given.origin ? [given.origin] : [],
    refresh,
    revoke = refresh?.revoke,
    fetch = given.fetch,
    refreshBefore = 60_000,
    refreshTimeout = 10_000,
    maxRetryAfter = 300_000,
    unauthorizedCooldown = 30_000,
    allowInsecureOrigins = false,
  } = checkOptions(options, fallback)
  const allows = originRule(origins, allowInsecureOrigins)
  const store = storage.open(name)
  // With `this` of nobody: a native fetch that is called as a method of another object throws.
  const platform: Platform = { ...given, fetch: (...args) => fetch(...args) }
  const renewable = (tokens: TokenSet) => !!refresh && (!refresh.needsRefreshToken || !!tokens.refreshToken)

  const emitter = createEmitter<News>(platform.rethrow)
  const report = (thrown: unknown) => {
    const error = thrown as SessionError
    if (error.code === 'misconfigured') platform.complain(error)
    emitter.emit('error', { source: 'local', error })
  }

  const state = createSessionState(platform, emitter, () => {
    refresher.poke()
    schedule.arm()
  })
  const sync = createSync(platform, store, state, report)
  const hints = createHints(platform, name, async (revision) => {
    const behind = () => !(state.record && state.record.revision >= revision)
    if (revision && !behind()) return
    await sync()
    // A cookie may take a moment to show in other tabs (docs/how-it-works.md).
    if (behind()) platform.setTimer(sync, 100)
  })
  const revocation = createRevocation(platform, revoke, refreshTimeout, report)
  const call = createRefreshCall(platform, refresh!, bearer.tokenType, refreshTimeout)
  // More than a holder may hold: its request, and some time for storage.
  const lock = createLock(platform, name, store.shared, refreshTimeout + 2000)
  const refresher = createRefresher(
    { platform, store, state, call, refreshTimeout, maxRetryAfter, renewable, onVain: revocation },
    lock,
    hints.send,
  )
  const schedule = createSchedule(platform, state, refreshBefore, refreshTimeout, renewable, async () => {
    try {
      await refresher.refresh(credentials.held()!)
      return false
    } catch (error) {
      if (!closed) report(error)
      return true
    }
  })
  const credentials = createCredentials(platform, state, refresher, sync, renewable, unauthorizedCooldown)

  let left = false
  let closed = false
  const stop = platform.onLifecycle((change) => {
    if (change !== 'wake') left = change === 'leave'
    if (left) {
      hints.close()
      return lock.release()
    }
    hints.open()
    if (change === 'return') call.interrupt(GRACE_AFTER_RETURN)
    schedule.wake()
    if (platform.isHidden()) return
    state.verifiedAt = NaN
    void sync()
  })
  hints.open()
  const ready = sync()

  const rules: FetchRules = {
    parse: (url) => new URL(url, platform.baseURL()),
    allows,
    bypass: () => closed || call.calling,
    header: bearer.header,
    stepUp: (challenge) => emitter.emit('stepup', { source: 'local', challenge }),
  }
  const wrapFetch = (underlying: typeof globalThis.fetch) => createAuthorizedFetch(underlying, credentials, rules)
  const open = <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (closed) throw closedError()
      return method(...args)
    }

  return {
    get status() {
      return state.snapshot().status
    },
    get unverifiedClaims() {
      return state.snapshot().unverifiedClaims as Claims | undefined
    },
    fetch: wrapFetch(platform.fetch),
    wrapFetch,
    setTokens: open(createSetTokens(platform, store, state, bearer.tokenType, hints.send, report)),
    getAccessToken: open(async ({ signal } = {}) => (await credentials.obtain(signal))?.accessToken),
    refresh: open(({ signal } = {}) => credentials.refresh(signal)),
    logout: open(createLogout(store, state, revocation, hints.send, report)),
    on: emitter.on,
    subscribe: (listener) => emitter.on('snapshot', listener),
    getSnapshot: () => state.snapshot() as SessionSnapshot<Claims>,
    ready,
    close() {
      closed = true
      stop()
      schedule.stop()
      call.interrupt(0)
      refresher.close()
      hints.close()
      store.close()
    },
  }
}
