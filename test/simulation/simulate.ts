import { createSessionOn } from '../../src/createSession.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { cookieStorage } from '../../src/storage/cookieStorage.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import type { Session } from '../../src/types.js'
import { type CookieJar, createCookieJar, installCookieGlobals } from './cookies.js'
import type { Action, History } from './history.js'
import { createInvariants, type Call, type Invariants } from './invariants.js'
import { createBrowser, createTab, freeze, hideInCache, kill, restoreFromCache, setHidden, setOffline, type Tab, thaw } from './platform.js'
import { createServer, type Server } from './server.js'
import { createDisk, type Disk, diskStorage } from './store.js'
import { createWorld, type World } from './world.js'

export interface Running {
  tab: Tab
  session: Session
}

export interface Stage {
  history: History
  world: World
  server: Server
  disk: Disk
  jar: CookieJar
  tabs: Running[]
  calls: Call[]
  trace: string[]
}

export interface Verdict {
  history: History
  violations: string[]
  trace: string[]
  tokenRequests: number
}

let stage: Stage | undefined
let globals = false

/** The cookie globals look up whose code runs. Installed once: js-cookie reads them at each call. */
const useCookieGlobals = () => {
  if (globals) return
  globals = true
  installCookieGlobals(() => ({
    tab: stage!.world.current as Tab,
    jar: stage!.jar,
    noCookieStore: false,
    others: () => stage!.tabs.map(({ tab }) => tab),
  }))
}

const note = ({ world, trace }: Stage, who: string, what: string) => {
  trace.push(`${world.time.toFixed(1).padStart(12)}  ${who.padEnd(7)} ${what}`)
}

/** Everything that a tab does starts as an event of its own. */
const inTab = ({ world }: Stage, tab: Tab, work: () => void) => world.schedule(tab, 0, work)

const open = (on: Stage, invariants: Invariants, browser: ReturnType<typeof createBrowser>) => {
  const tab = createTab(browser, `tab ${on.tabs.length + 1}`, on.server.fetch)
  const { storage } = on.history.setup
  const entry = { tab, session: undefined as unknown as Session }
  on.tabs.push(entry)
  note(on, tab.name, 'opens')
  on.world.schedule(tab, 0, () => {
    entry.session = createSessionOn(tab.platform, {
      refresh: refreshTokenGrant({ url: '/oauth/token', revokeUrl: '/oauth/revoke' }),
      storage: storage === 'memory' ? memoryStorage() : storage === 'cookie' ? cookieStorage() : diskStorage(on.disk, tab),
      unauthorizedCooldown: 30_000,
    })
    invariants.watch(tab, entry.session)
  })
}

const perform = (on: Stage, invariants: Invariants, browser: ReturnType<typeof createBrowser>, action: Action): number => {
  const { world, server, disk, tabs } = on
  const alive = tabs.filter(({ tab }) => !tab.dead)
  const chosen = 'tab' in action ? alive[action.tab % Math.max(1, alive.length)] : undefined
  if ('tab' in action && action.do !== 'open' && !chosen?.session) return 0
  const { tab, session } = chosen ?? ({} as Running)
  const running = tab && !tab.frozen
  if (action.do !== 'run') note(on, tab?.name ?? '', `· ${JSON.stringify(action)}`)
  switch (action.do) {
    case 'run':
      return action.ms
    case 'open':
      if (alive.length < 6) open(on, invariants, browser)
      return 5
    case 'kill':
      if (alive.length > 1) kill(tab)
      return 0
    case 'reload':
      kill(tab)
      open(on, invariants, browser)
      return 5
    case 'close':
      if (alive.length > 1 && running) {
        inTab(on, tab, () => session.close())
        world.schedule(tab, 1, () => kill(tab))
      }
      return 0
    case 'login':
      if (running) inTab(on, tab, () => invariants.login(tab, session, action.user))
      return 0
    case 'logout':
      if (running) inTab(on, tab, () => invariants.logout(tab, session))
      return 0
    case 'refresh':
      if (running) inTab(on, tab, () => invariants.call(tab, session, 'refresh'))
      return 0
    case 'call':
      for (let i = 0; i < action.count && running; i++) inTab(on, tab, () => invariants.call(tab, session, 'fetch'))
      return 0
    case 'hide':
    case 'show':
      if (running) inTab(on, tab, () => setHidden(tab, action.do === 'hide'))
      return 0
    case 'freeze':
      if (tab.hidden && !tab.cached) freeze(tab)
      return 0
    case 'thaw':
      if (tab.frozen && !tab.cached) thaw(tab)
      return 0
    case 'cache':
      if (running) {
        world.current = tab
        hideInCache(tab)
        world.current = undefined
      }
      return 0
    case 'restore':
      if (tab.cached) {
        world.current = tab
        restoreFromCache(tab)
        world.current = undefined
      }
      return 0
    case 'offline':
      if (running) inTab(on, tab, () => setOffline(tab, action.on))
      return 0
    case 'sleep':
      world.sleep(action.ms)
      for (const each of alive) if (!each.tab.frozen) inTab(on, each.tab, () => each.tab.listeners.forEach((tell) => tell('wake')))
      return 0
    case 'jump':
      world.wallOffset += action.ms
      return 0
    case 'drop':
      if (action.when === 'before') server.faults.dropBefore += action.times
      else server.faults.dropAfter += action.times
      return 0
    case 'status':
      server.faults.status = {
        code: action.code,
        times: action.times,
        ...(action.retryAfter && { headers: { 'Retry-After': String(action.retryAfter) } }),
        ...(action.body && { body: action.body }),
      }
      return 0
    case 'slow':
      server.faults.there = action.there
      server.faults.back = action.back
      return 0
    case 'expire':
      server.expireAll()
      return 0
    case 'revoke':
      for (const family of server.families) family.revoked = true
      invariants.refused()
      return 0
    case 'wipe':
      disk.value = undefined
      invariants.wiped()
      return 0
    case 'disk':
      disk.failing = action.failing
      disk.latency = action.latency
      return 0
    case 'heal':
      heal(on)
      return 0
  }
}

const heal = ({ server, disk }: Stage) => {
  server.faults = { dropBefore: 0, dropAfter: 0, status: undefined, there: 20, back: 20 }
  disk.failing = 0
  disk.latency = 1
}

/** Runs one history against the real code, and says which invariants it broke. */
export const simulate = async (history: History): Promise<Verdict> => {
  useCookieGlobals()
  const { setup } = history
  const world = createWorld(history.seed)
  const browser = createBrowser(world, {
    noLocks: !setup.locks,
    storageEvents: !setup.channel,
    bfcacheKeepsLocks: setup.bfcacheKeepsLocks,
  })
  const server = createServer(() => world.time, 300_000, setup.honest ? Infinity : 0)
  const on: Stage = { history, world, server, disk: createDisk(), jar: createCookieJar(), tabs: [], calls: [], trace: [] }
  stage = on
  const invariants = createInvariants(on, browser, (who, what) => note(on, who, what))
  world.onStep = () => invariants.check()

  try {
    await play(on, invariants, browser)
  } catch (error) {
    invariants.violations.push(`I7: ${String(error)}`)
  }
  return { history, violations: invariants.violations, trace: on.trace, tokenRequests: server.tokenRequests.length }
}

const play = async (on: Stage, invariants: Invariants, browser: ReturnType<typeof createBrowser>): Promise<void> => {
  const { world, history } = on
  for (const action of history.actions) {
    await world.run(perform(on, invariants, browser, action))
    await world.settle()
    if (invariants.violations.length) break
  }
  if (!invariants.violations.length) {
    // The world heals: whoever is left must find its feet again.
    heal(on)
    for (const { tab } of on.tabs) {
      if (tab.dead) continue
      world.current = tab
      if (tab.cached) restoreFromCache(tab)
      else if (tab.frozen) thaw(tab)
      if (tab.offline || tab.hidden) {
        tab.hidden = false
        setOffline(tab, false)
      }
      world.current = undefined
    }
    await world.run(400_000)
    for (const { tab, session } of on.tabs) if (!tab.dead) inTab(on, tab, () => invariants.call(tab, session, 'fetch', true))
    await world.run(120_000)
    invariants.checkEnd()
  }
}
