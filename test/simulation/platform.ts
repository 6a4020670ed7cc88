import type { LifecycleChange, Platform } from '../../src/platform.js'
import { freeLocks, type Held, holdsLock, lockManager, type LockRequest } from './locks.js'
import type { Owner, World } from './world.js'

export type Engine = 'chromium' | 'firefox' | 'webkit'

/** What all tabs of one browser profile share. */
export interface Browser {
  world: World
  locks: Map<string, Held>
  waiting: LockRequest[]
  /** Pages that were thrown out of the back/forward cache for keeping a lock. */
  evicted: { tab: Tab; name: string }[]
  channels: Listening[]
  /** Of the origin; `undefined` where it is blocked. */
  localStorage: Storage | undefined
  /** Every message any tab ever sent. */
  messages: unknown[]
  faults: {
    noLocks?: boolean
    /** Nothing at all passes between tabs. */
    noChannel?: boolean
    bfcacheKeepsLocks?: boolean
    /** Whose ways a page has when it goes into the back/forward cache; without one, the kindest. */
    engine?: Engine
    /** Timers of hidden tabs run once a second. */
    throttling?: boolean
  }
}

interface Listening {
  name: string
  tab: Tab
  receive: (data: unknown) => void
  /** Messages of one channel come in order. */
  lastAt: number
}

export interface Tab extends Owner {
  name: string
  browser: Browser
  openedAt: number
  hidden: boolean
  offline: boolean
  cached: boolean
  prerendering: (() => void)[] | undefined
  listeners: Set<(change: LifecycleChange) => void>
  /** Of the events of its window and its document. */
  handlers: Map<string, Set<{ listener: (event: Event) => void; run: (event: Event) => void }>>
  timers: Set<() => void>
  /** Requests under way, each with what makes it fail. */
  inFlight: Set<(error: unknown) => void>
  platform: Platform
  /** When it last was stopped (killed, frozen, cached), and when it last came back. */
  stoppedAt: number
  resumedAt: number | undefined
  /** The engine told it so. */
  resumeNoticed: boolean
  /** When it stopped being a prerendered page. */
  activatedAt: number
  complaints: Error[]
  uncaught: unknown[]
  lockRequests: number
}

/** What a server sees of a request. */
export type Incoming = Pick<Request, 'url' | 'method' | 'headers' | 'signal' | 'keepalive'> & Partial<Pick<Request, 'body' | 'text'>>

/** Its items are its own members, as in a browser. */
const createLocalStorage = (): Storage =>
  Object.create({
    getItem(this: Record<string, string>, key: string) {
      return this[key] ?? null
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      this[key] = value
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key]
    },
  })

export const createBrowser = (world: World, faults: Browser['faults'] = {}): Browser => ({
  world, faults, localStorage: createLocalStorage(), locks: new Map(), waiting: [], evicted: [], channels: [], messages: [],
})

export const createTab = (
  browser: Browser,
  name: string,
  fetch: (tab: Tab, request: Incoming, body: string | undefined) => Promise<Response>,
): Tab => {
  const { world, faults } = browser
  const tab: Tab = {
    name, browser, openedAt: world.time,
    dead: false, frozen: false, parked: [],
    hidden: false, offline: false, cached: false, prerendering: undefined,
    listeners: new Set(), handlers: new Map(), timers: new Set(), inFlight: new Set(), stoppedAt: -Infinity, resumedAt: undefined, resumeNoticed: false, activatedAt: 0,
    complaints: [], uncaught: [], lockRequests: 0,
    platform: undefined as never,
  }
  tab.platform = {
    now: () => Math.round(world.time + world.wallOffset),
    monotonic: () => world.time - tab.openedAt,
    random: world.random,
    randomId: () => Math.floor(world.random() * 2 ** 48).toString(36),
    setTimer(run, delay) {
      // A signed 32-bit number of whole milliseconds; anything longer fires at once.
      delay = delay < 2 ** 31 ? Math.max(1, Math.trunc(delay)) : 1
      const late = faults.throttling && tab.hidden ? 1000 - ((world.time + delay) % 1000) : 0
      const cancel = world.schedule(tab, delay + late, () => {
        tab.timers.delete(stop)
        run()
      })
      const stop = () => {
        tab.timers.delete(stop)
        cancel()
      }
      tab.timers.add(stop)
      return stop
    },
    fetch: ((input: RequestInfo | URL, init?: RequestInit) => {
      try {
        // A body that is text already needs no stream to be read, which would take turns of the event loop.
        const { body } = init ?? {}
        const text = typeof body === 'string' || body instanceof URLSearchParams ? String(body) : undefined
        if (faults.engine && !(input instanceof Request)) return fetch(tab, plainRequest(String(new URL(input, tab.platform.baseURL())), init), text)
        return fetch(tab, new Request(input instanceof Request ? input : new URL(input, tab.platform.baseURL()), init), text)
      } catch (error) {
        return Promise.reject(error)
      }
    }) as typeof globalThis.fetch,
    origin: 'https://app.example.com',
    baseURL: () => 'https://app.example.com/page',
    isHidden: () => tab.hidden,
    isOffline: () => tab.offline,
    whenActivated: () => tab.prerendering && new Promise<void>((resolve) => tab.prerendering!.push(resolve)),
    localStorage: browser.localStorage,
    locks: faults.noLocks ? undefined : lockManager(browser, tab, kill),
    openChannel(channel, onMessage) {
      return faults.noChannel ? { makeshift: true, post() {}, close() {} } : join(tab, channel, onMessage)
    },
    onLifecycle(listener) {
      tab.listeners.add(listener)
      return () => tab.listeners.delete(listener)
    },
    complain: (error) => tab.complaints.push(error),
    rethrow: (error) => tab.uncaught.push(error),
  }
  return tab
}

/** One end of a BroadcastChannel. */
export const join = (tab: Tab, name: string, receive: Listening['receive']): { post(message: unknown): void; close(): void } => {
  const { browser } = tab
  const entry: Listening = { name, tab, receive, lastAt: 0 }
  browser.channels.push(entry)
  let open = true
  return {
    post(message) {
      if (!open) throw new DOMException('The channel is closed', 'InvalidStateError')
      browser.messages.push(structuredClone(message))
      for (const other of browser.channels) if (other !== entry && other.name === name) deliver(browser, other, message)
    },
    close() {
      open = false
      browser.channels = browser.channels.filter((other) => other !== entry)
    },
  }
}

/** As much of a `Request` as the simulated server uses; a whole one costs a hundred times as much. */
const plainRequest = (url: string, init: RequestInit = {}): Incoming => ({
  url, method: init.method ?? 'GET', headers: new Headers(init.headers), signal: init.signal ?? never, keepalive: !!init.keepalive,
})
/** Keeps no listener. */
const never = { aborted: false, addEventListener() {} } as unknown as AbortSignal

const deliver = (browser: Browser, to: Listening, message: unknown): void => {
  const { world, faults } = browser
  const { tab } = to
  // What comes for a page in the back/forward cache is lost, or throws it out.
  if (tab.cached) {
    if (faults.engine && faults.engine !== 'webkit') world.schedule(undefined, 0, () => kill(tab))
    return
  }
  const at = Math.max(to.lastAt, world.time + 0.5 + 4.5 * world.random())
  to.lastAt = at
  world.schedule(tab, at - world.time, () => {
    if (browser.channels.includes(to)) to.receive(structuredClone(message))
  })
}

const tell = (tab: Tab, change: LifecycleChange, type: string, persisted = false) => {
  for (const listener of tab.listeners) listener(change)
  dispatch(tab, type, { persisted })
}

/** An event of the page's window, or of its document. */
export const dispatch = (tab: Tab, type: string, event: object): void => {
  for (const { run } of [...(tab.handlers.get(type) ?? [])]) run(Object.assign({ type }, event) as Event)
}

/** The process is gone: nothing of it runs again, its locks and channels are free. */
export function kill(tab: Tab): void {
  if (tab.dead) return
  tab.dead = true
  tab.stoppedAt = tab.browser.world.time
  freeLocks(tab.browser, tab)
  tab.browser.channels = tab.browser.channels.filter((entry) => entry.tab !== tab)
}

const stop = (tab: Tab) => {
  tab.frozen = true
  tab.stoppedAt = tab.browser.world.time
}

/** What came in meanwhile is delivered in order, after the engine's own word about it. */
const resume = (tab: Tab, noticed: boolean) => {
  tab.resumeNoticed = noticed
  tab.frozen = false
  tab.resumedAt = tab.browser.world.time
  const tasks = tab.parked.splice(0)
  // What piled up in hours is no storm.
  tab.browser.world.expect(tasks.length)
  for (const task of tasks) tab.browser.world.schedule(tab, 0, task)
}

/** Stopped where it stands, lock and all; nothing tells it. */
export const freeze = (tab: Tab): void => stop(tab)

/** `noticed`: the engine fires `resume`. */
export const thaw = (tab: Tab, noticed = false): void => {
  if (noticed) tell(tab, 'return', 'resume')
  resume(tab, noticed)
}

/** The link is followed and the page not kept: `pagehide`, then nothing. */
export const navigateAway = (tab: Tab): void => {
  tell(tab, 'leave', 'pagehide')
  // What it started in pagehide still happens up to the end of the task.
  tab.frozen = true
  tab.browser.world.schedule(undefined, 0, () => kill(tab))
}

/** WebKit does this to what is under way, just before `pagehide`. */
export const loseRequests = (tab: Tab): void => {
  for (const lose of [...tab.inFlight]) lose(new TypeError('Load failed'))
}

/** Into the back/forward cache, as far as the engine lets it (platform facts, bfcache). */
export const hideInCache = (tab: Tab): void => {
  const { faults } = tab.browser
  if (faults.engine === 'firefox' && (holdsLock(tab.browser, tab) || tab.inFlight.size)) return navigateAway(tab)
  tell(tab, 'leave', 'pagehide', true)
  tab.hidden = true
  tell(tab, 'wake', 'visibilitychange')
  stop(tab)
  tab.cached = true
  if (!faults.bfcacheKeepsLocks) freeLocks(tab.browser, tab, !!faults.engine)
}

export const restoreFromCache = (tab: Tab): void => {
  tab.cached = false
  tab.hidden = false
  tell(tab, 'return', 'pageshow', true)
  tell(tab, 'wake', 'visibilitychange')
  resume(tab, true)
}

export const setHidden = (tab: Tab, hidden: boolean): void => {
  tab.hidden = hidden
  tell(tab, 'wake', 'visibilitychange')
}

export const setOffline = (tab: Tab, offline: boolean): void => {
  tab.offline = offline
  if (!offline) tell(tab, 'wake', 'online')
}

export const activate = (tab: Tab): void => {
  const waiting = tab.prerendering ?? []
  tab.prerendering = undefined
  tab.activatedAt = tab.browser.world.time
  for (const resolve of waiting) resolve()
  tell(tab, 'wake', 'prerenderingchange')
}
