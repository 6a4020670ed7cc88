import { createAuthorizedFetch, type FetchRules } from './authorizedFetch.js'
import { createHints } from './channel.js'
import { createCredentials } from './credentials.js'
import { createEmitter } from './emitter.js'
import { closedError, type SessionError } from './errors.js'
import { attachExtensions } from './extensions.js'
import { inertSession } from './inertSession.js'
import { followLifecycle } from './lifecycle.js'
import { createLock } from './lock.js'
import { createLogout, createRevocation } from './logout.js'
import { checkOptions, type Defaults, member, own, scoped } from './options.js'
import { originRule } from './origins.js'
import type { Platform } from './platform.js'
import { checkedStore } from './record.js'
import type { TokenSet } from './recordTypes.js'
import { createRefresher } from './refresh.js'
import { createRefreshCall } from './refreshCall.js'
import { createReporting } from './reporting.js'
import { supposedSession } from './resume.js'
import { createSchedule } from './schedule.js'
import { bearer } from './schemes/bearer.js'
import { createSessionState } from './session.js'
import { createSetTokens } from './setTokens.js'
import { createSync } from './sync.js'
import type { InternalEvents, Scheme, Session, SessionDoor, SessionOptions, SessionSnapshot, UnverifiedClaims } from './types.js'

/** Opens a session on any platform: tests and the simulator bring their own. `fallback` makes what is not given. */
export const createSessionOn = <Claims = UnverifiedClaims>(
  given: Platform,
  options: SessionOptions,
  fallback?: Defaults,
): Session<Claims> => {
  const { onServer, fetch: sender = given.fetch } = own(options)
  if (given.origin === undefined && !onServer) return inertSession(sender) as Session<Claims>
  const checked = checkOptions(options, fallback)
  const { name, scheme = bearer, refresh = member(scheme, 'refresh'), refreshBefore, refreshTimeout } = checked
  const target = originRule(checked.origins ?? (given.origin ? [given.origin] : []), checked.allowInsecureOrigins, given.baseURL, !checked.origins)
  const store = checkedStore(checked.storage.open(name))
  const scope = scoped(name)
  // With `this` of nobody: a native fetch that is called as a method of another object throws.
  // Not a copy, for which everything would be looked at, localStorage too.
  const platform = { __proto__: given, fetch: (...args) => sender(...args) } as Partial<Platform> as Platform
  const take = (response: Parameters<Scheme['read']>[0]) => scheme.read(response, platform.now())
  const renewable = (tokens: TokenSet) => !!refresh && (!member(refresh, 'needsRefreshToken') || !!tokens.refreshToken)

  const emitter = createEmitter<InternalEvents>(platform.rethrow)
  const { report, refused, degraded } = createReporting(platform, emitter, () => begun)
  const state = createSessionState(platform, emitter, (renewed) => {
    refresher.poke()
    schedule.arm(renewed)
  })
  const attached = attachExtensions(
    [...(fallback && checked.history ? [fallback.history()] : []), ...checked.extensions],
    { __proto__: platform, ...emitter, name: scope } as Partial<SessionDoor> as SessionDoor,
    state,
    (reason) => logout(reason),
  )
  const ready = new Promise<void>((resolve) => void emitter.on('snapshot', () => state.snapshot().status !== 'loading' && resolve()))
  const { sync, follow, ...syncing } = createSync(platform, store, state, report, (record) => hints.send(record), (tokens) => revocation(tokens), (stored) =>
    checked.resume && refresh ? supposedSession(platform, store, stored) : undefined,
  )
  // As early as can be: storage answers while the rest is made.
  const begun = sync()
  const hints = createHints(platform, scope, store, follow, () => degraded('No BroadcastChannel, tabs learn of each other by storage events'))
  store.watch?.(() => void follow(0))
  // The cookie is still there, and with it the server ends the session: unless somebody has signed in since, whose it is then.
  const whenBack = (again: () => void) => {
    const stop = emitter.on('wake', async () => {
      stop()
      await sync()
      if (!state.record?.tokens) again()
    })
  }
  const revoke = checked.revoke ?? (refresh && member(refresh, 'revoke')) ?? member(scheme, 'revoke')
  const revocation = createRevocation(platform, revoke, refreshTimeout, report, member(scheme, 'tokenless') ? whenBack : undefined)
  const call = createRefreshCall(platform, refresh!, scheme, take, refreshTimeout)
  // More than a holder may hold: its request, and some time for storage.
  const lock = createLock(platform, scope, store, refreshTimeout + 1000, hints, () => degraded('No Web Locks, tabs take turns by the stored record'))
  const refresher = createRefresher(
    { ...checked, platform, store, state, call, renewable, onFailure: report, onVain: revocation },
    lock,
    hints.send,
    refused,
  )
  const run = async () => {
    const used = credentials.own()
    if (used) await refresher.refresh(used)
  }
  const schedule = createSchedule(platform, state, refreshBefore, refreshTimeout, renewable, run, (error) => {
    // The end of a session has an event of its own.
    if (!closed && error.code !== 'rejected') report(error)
  })
  const notStored = (error: unknown) => {
    report(error)
    syncing.later()
  }
  const logout = createLogout(platform, store, state, revocation, hints.send, notStored)
  const credentials = createCredentials(platform, state, refresher, sync, renewable, checked.unauthorizedCooldown, attached.enforce)

  let closed = false
  const stop = followLifecycle(platform, emitter, hints, lock, call, schedule, follow)
  hints.open()
  if (store.degraded) degraded(store.degraded)

  const rules: FetchRules = {
    target, unauthorized: checked.unauthorized,
    bypass: (signal, text) => closed || call.owns(signal, text),
    headers: scheme.headers,
    names: scheme.names,
    wrap: (fetch) => attached.wrap(member(scheme, 'wrap')?.(fetch) ?? fetch),
    stepUp: (challenge) => emitter.emit('stepup', { source: 'local', challenge }),
  }
  const wrapFetch: Session['wrapFetch'] = (underlying, options) => createAuthorizedFetch(underlying, credentials, rules, options)
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
    setTokens: open(createSetTokens(platform, store, state, take, hints.send, notStored)),
    getAccessToken: open(async (options) => (member(scheme, 'tokenless') ? undefined : (await credentials.obtain(own(options).signal))?.accessToken)),
    refresh: open((options) => credentials.refresh(own(options).signal)),
    logout: open(() => logout('logout')),
    history: attached.history,
    on: emitter.on,
    subscribe: (listener) => emitter.on('snapshot', listener),
    getSnapshot: () => state.snapshot() as SessionSnapshot<Claims>,
    ready,
    close() {
      closed = true
      stop()
      schedule.stop()
      syncing.close()
      call.interrupt(0)
      refresher.close()
      hints.close()
      store.close()
      emitter.emit('close', undefined)
    },
  }
}
