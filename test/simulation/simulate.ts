import { createSessionOn } from '../../src/createSession.js'
import { browserPlatform } from '../../src/platform.js'
import { cookieStorage } from '../../src/storage/cookieStorage.js'
import { encryptedStorage } from '../../src/storage/encryptedStorage.js'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import type { Session } from '../../src/types.js'
import { type App, createApp, shownBy } from './app.js'
import { createShared, installGlobals, unsealed, type Surroundings } from './globals.js'
import type { Action, History } from './history.js'
import { createIndexedDB } from './indexedDB.js'
import { belonging } from './invariants/belonging.js'
import { ending } from './invariants/ending.js'
import { leaving } from './invariants/leaving.js'
import { limiting } from './invariants/limiting.js'
import { sending } from './invariants/sending.js'
import { settling } from './invariants/settling.js'
import { silence } from './invariants/silence.js'
import { visiting } from './invariants/visiting.js'
import { surviving } from './invariants/surviving.js'
import { pacing } from './invariants/pacing.js'
import { storing } from './invariants/storing.js'
import {
  activate, createBrowser, createTab, dispatch, freeze, hideInCache, kill, loseRequests, navigateAway, restoreFromCache, setHidden,
  setOffline, type Tab, thaw,
} from './platform.js'
import { plainResponse } from './plainResponse.js'
import { optionsOf } from './schemes.js'
import { createServer } from './server.js'
import type { Sent } from './server.js'
import type { Invariant, Running, Stage } from './stage.js'
import { createWorld, seeded } from './world.js'

export interface Verdict {
  history: History
  violations: string[]
  trace: string[]
  tokenRequests: number
  /** The scheme; and what was done, and to some effect. */
  done: string[]
}

const MOST_TABS = 6
/** A call without trouble takes less. */
const BRIEFLY = 1000
const GRACE = { patient: Infinity, graceful: 30_000, strict: 0 }

let surroundings: Surroundings | undefined
let installed = false

const createStage = (history: History): Stage => {
  const { setup } = history
  const world = createWorld(history.seed)
  world.wallOffset += setup.skew
  const trace: string[] = []
  const violations: string[] = []
  const stage: Stage = {
    history, world,
    browser: createBrowser(world, {
      noLocks: !setup.locks,
      bfcacheKeepsLocks: setup.engine === 'chromium',
      engine: setup.engine,
      throttling: setup.throttling,
    }),
    server: createServer(() => world.time + world.slept, setup.lifetime, GRACE[setup.server]),
    indexedDB: createIndexedDB(world),
    cookies: createShared(6),
    localStorage: createShared(3),
    tabs: [], calls: [], settled: [], logins: new Map(), logouts: [], said: [], wipedAt: -Infinity, disturbedAt: -Infinity,
    trace, violations,
    note: (who, what) => void trace.push(`${world.time.toFixed(1).padStart(12)}  ${who.padEnd(7)} ${what}`),
    violate(invariant, what) {
      violations.push(`${invariant}: ${what}`)
      stage.note('', `VIOLATION ${invariant}: ${what}`)
    },
    stored() {
      if (setup.storage === 'memory') return ''
      if (setup.storage === 'cookie') return decodeURIComponent([...stage.cookies.truth.values()].join())
      return unsealed(JSON.stringify([...stage.indexedDB.stores.values()].map((values) => [...values])))
    },
    shakySince: (time) => setup.storage === 'indexedDB' && (stage.indexedDB.failedAt >= time || stage.indexedDB.faults.hanging),
    outOfOrder: () => world.jumpedAt >= 0 && (stage.shakySince(0) || stage.wipedAt >= 0),
    crossed(family) {
      const login = stage.logins.get(family)!
      return [...stage.logins].some(([other, { at, done = Infinity }]) => other !== family && at <= (login.done ?? Infinity) && done >= login.at)
    },
    deceivedSince: (time) => Math.max(world.jumpedAt, world.sleptAt) >= time,
  }
  stage.server.respond = plainResponse
  stage.server.scheme = setup.scheme
  stage.server.tokens = setup.field?.tokens
  if (setup.field?.grace !== undefined) stage.server.grace = setup.field.grace
  stage.server.claims = ({ user, number, tokens }) => ({ sub: user, family: number, ...(setup.scheme !== 'bearer' && { renewal: tokens.length }) })
  stage.server.shownBy = (tab) => {
    const { session } = stage.tabs.find((running) => running.tab === tab)!
    const { family, renewal } = session.unverifiedClaims ?? {}
    return { family: shownBy(stage, session), renewal: `${String(family)}/${String(renewal)}${setup.storage === 'memory' ? ` in ${tab.name}` : ''}` }
  }
  stage.indexedDB.stoppedPagesBlock = setup.engine === 'webkit'
  return stage
}

const openTab = (stage: Stage, app: App, prerendered: boolean, hidden = false): void => {
  const { history, world, tabs } = stage
  const tab = createTab(stage.browser, `tab ${tabs.length + 1}`, stage.server.fetch)
  tab.hidden = hidden
  tab.offline = stage.tabs.find((other) => !other.tab.dead)?.tab.offline ?? false
  if (prerendered) tab.prerendering = []
  const running: Running = { tab, session: undefined as unknown as Session, shown: undefined, lastShown: undefined, endings: 0, endedAt: -Infinity, reasons: 0, closed: false }
  tabs.push(running)
  stage.note(tab.name, 'opens')
  world.schedule(tab, 0, () => {
    running.session = createSessionOn(browserPlatform(), {
      ...optionsOf(history.setup, () => running.session),
      storage: { memory: memoryStorage, cookie: cookieStorage, indexedDB: history.setup.sealed ? encryptedStorage : indexedDBStorage }[history.setup.storage](),
    })
    app.watch(running)
  })
}

const heal = ({ server, indexedDB }: Stage) => {
  server.faults = { dropBefore: 0, dropAfter: 0, duplicate: 0, mask: undefined, status: undefined, there: 20, back: 20 }
  delete server.onSent
  indexedDB.heal()
}

/** What leaves the world as it is. */
const CALM = new Set<Action['do']>(['call', 'refresh', 'touch', 'heal', 'ambush', 'expire', 'show', 'open'])

const strike = (stage: Stage, invariants: Invariant[], sent: Sent, how: 'freezes' | 'dies') => {
  const { tab } = sent
  if (tab.dead || tab.frozen || sent.settled !== undefined || stage.tabs.filter((each) => !each.tab.dead).length < 2) return
  stage.note(tab.name, `  ${how} with a refresh under way`)
  if (how === 'dies') kill(tab)
  else freeze(tab)
  for (const invariant of invariants) invariant.struck?.(sent, how)
}

/** Does one thing, if it can be done now. Answers how far to let time go, or nothing when it could not. */
const perform = (stage: Stage, app: App, invariants: Invariant[], action: Action): { run?: number; steps?: number } | undefined => {
  const { world, server, indexedDB, tabs } = stage
  const alive = tabs.filter(({ tab, session }) => !tab.dead && session)
  if (action.do === 'run') return { run: action.ms }
  if (action.do === 'steps') return { steps: action.count }
  if (action.do === 'open') {
    if (tabs.filter((each) => !each.tab.dead).length >= MOST_TABS) return
    openTab(stage, app, !!action.prerendered)
    return { run: 2 }
  }
  // The last page may be gone, and the next not there yet.
  if (!alive.length) return
  const chosen = 'tab' in action ? alive[action.tab % alive.length]! : alive[0]!
  const { tab, session } = chosen
  const running = !tab.frozen && !chosen.closed
  /** Everything that a tab does is an event of its own. */
  const inTab = (work: () => void, to: Tab = tab) => void world.schedule(to, 0, work)
  const go = () => {
    if (!CALM.has(action.do)) stage.disturbedAt = world.time
    stage.note('tab' in action ? tab.name : '', `· ${Object.entries(action).filter(([name]) => name !== 'tab').map(([, value]) => value).join(' ')}`)
    return {}
  }
  switch (action.do) {
    case 'kill':
      if (alive.length < 2) return
      go()
      kill(tab)
      return {}
    case 'reload':
    case 'navigate':
      if (tab.frozen) return
      go()
      inTab(() => navigateAway(tab))
      // A reload takes the place of the page; a link leads to another page of the app.
      world.schedule(undefined, 20, () => openTab(stage, app, false, action.do === 'reload' && tab.hidden))
      return {}
    case 'close':
      if (alive.length < 2 || !running) return
      go()
      chosen.closed = true
      inTab(() => session.close())
      return {}
    case 'login':
      if (!running) return
      go()
      inTab(() => app.login(chosen, action.user))
      return {}
    case 'logout':
      if (!running) return
      go()
      inTab(() => app.logout(chosen))
      return {}
    case 'refresh':
      if (!running) return
      go()
      inTab(() => app.call(chosen, { how: 'refresh' }))
      return {}
    case 'call':
      if (!running) return
      go()
      for (let i = 0; i < action.count; i++) inTab(() => app.call(chosen, action))
      return {}
    case 'touch':
      if (!running) return
      go()
      inTab(() => {
        app.touched(chosen)
        dispatch(tab, 'pointerdown', {})
      })
      return {}
    case 'hide':
    case 'show':
      if (tab.frozen || (tab.hidden === (action.do === 'hide') && !tab.prerendering)) return
      go()
      inTab(() => (tab.prerendering ? activate(tab) : setHidden(tab, action.do === 'hide')))
      return {}
    case 'freeze':
      if (!tab.hidden || tab.frozen) return
      go()
      freeze(tab)
      return {}
    case 'thaw':
      if (!tab.frozen || tab.cached) return
      go()
      inStopped(world, tab, () => thaw(tab, action.noticed))
      return {}
    case 'cache':
      if (tab.frozen || tab.prerendering) return
      go()
      if (stage.history.setup.engine === 'webkit') inTab(() => loseRequests(tab))
      inTab(() => hideInCache(tab))
      return {}
    case 'restore':
      // Nobody is back in no time.
      if (!tab.cached || world.time - tab.stoppedAt < 200) return
      go()
      inStopped(world, tab, () => restoreFromCache(tab))
      return {}
    case 'offline':
      if (tab.offline === action.on) return
      go()
      for (const each of alive) {
        // The machine is offline at once, and a tab hears of it when it runs.
        each.tab.offline = action.on
        if (!action.on) inTab(() => setOffline(each.tab, false), each.tab)
        if (action.on && world.random() < 0.5) inTab(() => loseRequests(each.tab), each.tab)
      }
      return {}
    case 'sleep': {
      go()
      world.sleep(action.ms)
      const noticed = world.random() < 0.7
      for (const each of alive) {
        // Connections rarely survive it.
        if (world.random() < 0.8) inTab(() => loseRequests(each.tab), each.tab)
        if (noticed && !each.tab.hidden) inTab(() => setHidden(each.tab, false), each.tab)
      }
      return {}
    }
    case 'jump':
      go()
      world.jump(action.ms)
      return {}
    case 'drop':
      go()
      server.faults[action.when === 'before' ? 'dropBefore' : 'dropAfter'] += action.times
      return {}
    case 'duplicate':
      go()
      server.faults.duplicate += action.times
      return {}
    case 'status':
      go()
      server.faults.status = {
        code: action.code,
        times: action.times,
        ...(action.retryAfter && { headers: { 'Retry-After': retryAfter(action.retryAfter, world.time + world.wallOffset) } }),
        ...(action.body && { body: action.body }),
      }
      return {}
    case 'slow':
      go()
      server.faults.there = action.there
      server.faults.back = action.back
      return {}
    case 'expire':
      go()
      server.expireAll()
      return {}
    case 'revoke':
      go()
      for (const family of server.families) {
        family.revokedBy ??= 'admin'
        family.revoked = true
      }
      return {}
    case 'wipe':
      go()
      stage.wipedAt = world.time
      for (const values of indexedDB.stores.values()) values.clear()
      return {}
    case 'disk':
      go()
      if (action.fault === 'failing') indexedDB.faults.failing = 0.3
      else if (action.fault === 'full') indexedDB.faults.full = 1
      else if (action.fault === 'dropped') indexedDB.drop()
      else if (action.fault === 'slow') indexedDB.faults.latency = 30
      else if (action.fault === 'stuck') indexedDB.stick()
      else if (action.fault === 'unopened') indexedDB.mute()
      else indexedDB.faults[action.fault] = true
      // What nobody mends for an hour is another matter.
      if (action.fault === 'hanging') world.schedule(undefined, 60_000, () => indexedDB.faults.hanging && indexedDB.heal())
      return {}
    case 'mask':
      go()
      server.faults.mask = { how: action.how, times: action.times }
      return {}
    case 'ambush': {
      go()
      const until = world.time + 10_000
      server.onSent = (sent) => {
        delete server.onSent
        if (world.time < until) world.schedule(undefined, action.after, () => strike(stage, invariants, sent, action.how))
      }
      return {}
    }
    case 'heal':
      go()
      heal(stage)
      return {}
  }
}

/** In seconds, or as a date: an even number makes the one. */
const retryAfter = (seconds: number, now: number) =>
  seconds % 4 ? String(seconds) : new Date(Math.min(now + seconds * 1000, 8e15)).toUTCString()

/** Some time after the change shows; for a page in the back/forward cache there is none. */
const storageEvent = (world: Stage['world'], tab: Tab, key: string) => {
  if (tab.cached) return
  world.schedule(tab, 99 * world.random(), () => dispatch(tab, 'storage', { key }))
}

/** What the engine does with a page that does not run. */
const inStopped = (world: Stage['world'], tab: Tab, work: () => void) =>
  world.schedule(undefined, 0, () => {
    if (tab.dead) return
    world.current = tab
    work()
  })

/** The world heals: whoever is left must find its feet again. */
const recover = async (stage: Stage, app: App): Promise<void> => {
  const { world, tabs } = stage
  stage.note('', '· all faults are gone, every tab is shown')
  heal(stage)
  await world.run(200)
  for (const { tab } of tabs) {
    if (tab.dead) continue
    if (tab.frozen) inStopped(world, tab, () => (tab.cached ? restoreFromCache(tab) : thaw(tab)))
    if (tab.offline) {
      tab.offline = false
      world.schedule(tab, 0, () => setOffline(tab, false))
    }
    if (tab.prerendering) world.schedule(tab, 0, () => activate(tab))
    if (tab.hidden) world.schedule(tab, 0, () => setHidden(tab, false))
  }
  // The longest pause there can be: what the server asked for, as far as that is honoured, and the backoff.
  const long = stage.history.actions.some((action) => (action.do === 'status' && action.retryAfter) || action.do === 'jump')
  await world.run(long ? 380_000 : 130_000)
  for (const running of tabs) {
    if (!running.tab.dead && !running.closed) world.schedule(running.tab, 0, () => app.call(running, { last: true }))
  }
  await world.run(BRIEFLY)
  await world.runUntil(() => stage.calls.every(({ tab, done }) => tab.dead || done !== undefined), 130_000)
}

/** Runs one history against the real code, and says which invariants it broke. */
export const simulate = async (history: History): Promise<Verdict> => {
  if (!installed) installGlobals(() => surroundings)
  installed = true
  const stage = createStage(history)
  const { world, violations } = stage
  surroundings = {
    world,
    tabs: () => stage.tabs.map(({ tab }) => tab),
    cookies: stage.cookies,
    localStorage: stage.localStorage,
    cookieStore: history.setup.cookieStore,
    broadcastChannel: history.setup.channel === 'broadcast' ? 'working' : history.seed % 2 ? 'missing' : 'throwing',
    indexedDB: stage.indexedDB.open,
    dice: history.setup.field?.sameDice ? seeded(history.seed)() : undefined,
  }
  const invariants: Invariant[] = [sending, leaving, ending, settling, belonging, silence, storing, surviving, pacing, visiting, ...(history.setup.limits ? [limiting] : [])].map((create) => create(stage))
  if (history.setup.channel === 'storage') stage.localStorage.onNews = (tab, key) => storageEvent(world, tab, key)
  stage.cookies.onWrite = stage.indexedDB.onWrite = () => invariants.forEach((invariant) => invariant.written?.())
  world.onStep = () => invariants.forEach((invariant) => invariant.step?.())
  const app = createApp(stage, invariants)
  const done: string[] = [history.setup.scheme, ...(history.setup.limits ? ['limits'] : []), ...(history.setup.field ? ['field'] : [])]
  try {
    for (const action of history.actions) {
      const passing = perform(stage, app, invariants, action)
      if (passing) done.push(action.do === 'disk' ? action.fault : action.do)
      if (passing?.steps) await world.runSteps(passing.steps, 60_000)
      else await world.run(passing?.run ?? 0)
      if (violations.length) break
    }
    if (!violations.length) await recover(stage, app)
    for (const { tab } of stage.tabs) stage.said.push(...tab.complaints, ...tab.uncaught)
    if (!violations.length) for (const invariant of invariants) (invariant.step?.(), invariant.end?.())
  } catch (error) {
    stage.violate('I7', String(error))
  }
  surroundings = undefined
  return { history, violations, trace: stage.trace, tokenRequests: stage.server.tokenRequests.length, done }
}
