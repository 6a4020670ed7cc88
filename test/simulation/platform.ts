import type { LifecycleChange, Platform } from '../../src/platform.js'
import type { Owner, World } from './world.js'

interface Request {
  name: string
  tab: Tab
  grant: () => void
}

/** What all tabs of one browser profile share. */
export interface Browser {
  world: World
  locks: Map<string, { tab: Tab; release: () => void; lose: (error: unknown) => void }>
  waiting: Request[]
  channels: { name: string; tab: Tab; receive: (data: unknown) => void }[]
  /** Of the origin; `undefined` where it is blocked. */
  localStorage: Storage | undefined
  /** Every message any tab ever sent. */
  messages: unknown[]
  faults: {
    noLocks?: boolean
    /** Nothing at all passes between tabs. */
    noChannel?: boolean
    /** The fallback over storage events, which take longer. */
    storageEvents?: boolean
    bfcacheKeepsLocks?: boolean
  }
}

export interface Tab extends Owner {
  name: string
  browser: Browser
  hidden: boolean
  offline: boolean
  cached: boolean
  prerendering: (() => void)[] | undefined
  listeners: Set<(change: LifecycleChange) => void>
  timers: Set<() => void>
  platform: Platform
  /** When it last came back from being stopped. */
  resumedAt: number | undefined
  wasCached: boolean
  complaints: Error[]
  uncaught: unknown[]
  lockRequests: number
}

/** Its items are its own members, as in a browser. */
const createLocalStorage = (): Storage =>
  Object.create({
    getItem(key: string) {
      return this[key] ?? null
    },
    setItem(key: string, value: string) {
      this[key] = value
    },
    removeItem(key: string) {
      delete this[key]
    },
  })

export const createBrowser = (world: World, faults: Browser['faults'] = {}): Browser => ({
  world, faults, localStorage: createLocalStorage(), locks: new Map(), waiting: [], channels: [], messages: [],
})

const grantNext = (browser: Browser, name: string) => {
  if (browser.locks.has(name)) return
  const index = browser.waiting.findIndex((request) => request.name === name && !request.tab.dead)
  if (index < 0) return
  const [request] = browser.waiting.splice(index, 1)
  request!.grant()
}

const lockManager = (browser: Browser, tab: Tab): LockManager => {
  const abortError = () => new DOMException('The lock request was given up', 'AbortError')
  return {
    request(name: string, options: LockOptions, callback: (lock: unknown) => Promise<unknown>) {
      tab.lockRequests++
      return new Promise((resolve, reject) => {
        const grant = () => {
          options.signal?.removeEventListener('abort', abort)
          let lost = false
          const held = {
            tab,
            release() {
              if (browser.locks.get(name) === held) browser.locks.delete(name)
              browser.world.schedule(undefined, 0, () => grantNext(browser, name))
            },
            lose(error: unknown) {
              lost = true
              browser.world.schedule(tab, 0, () => reject(error))
            },
          }
          browser.locks.set(name, held)
          browser.world.schedule(tab, 0, () => {
            Promise.resolve(callback({ name })).then(
              (value) => {
                if (lost) return
                held.release()
                resolve(value)
              },
              (error) => {
                if (!lost) held.release()
                reject(error)
              },
            )
          })
        }
        const request = { name, tab, grant }
        const abort = () => {
          const index = browser.waiting.indexOf(request)
          if (index >= 0) browser.waiting.splice(index, 1)
          reject(abortError())
        }
        if (options.steal) {
          browser.locks.get(name)?.lose(abortError())
          browser.locks.delete(name)
          grant()
          return
        }
        // In Chromium a page in the back/forward cache keeps its lock until somebody asks anew (platform facts, bfcache).
        const holder = browser.locks.get(name)
        if (holder?.tab.cached) {
          kill(holder.tab)
        }
        browser.waiting.push(request)
        options.signal?.addEventListener('abort', abort)
        browser.world.schedule(undefined, 0, () => grantNext(browser, name))
      })
    },
    query: async () => ({ held: [], pending: [] }),
  } as unknown as LockManager
}

export const createTab = (
  browser: Browser,
  name: string,
  fetch: (tab: Tab, request: globalThis.Request, body: string | undefined) => Promise<Response>,
): Tab => {
  const { world } = browser
  const tab: Tab = {
    name, browser,
    dead: false, frozen: false, parked: [],
    hidden: false, offline: false, cached: false, prerendering: undefined,
    listeners: new Set(), timers: new Set(), resumedAt: undefined, wasCached: false, complaints: [], uncaught: [], lockRequests: 0,
    platform: undefined as never,
  }
  tab.platform = {
    now: () => Math.round(world.time + world.wallOffset),
    monotonic: () => world.time,
    random: world.random,
    randomId: () => Math.floor(world.random() * 2 ** 48).toString(36),
    setTimer(run, delay) {
      if (!(delay < 2 ** 31)) delay = 0
      const cancel = world.schedule(tab, delay, () => {
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
    locks: browser.faults.noLocks ? undefined : lockManager(browser, tab),
    openChannel(channel, onMessage) {
      if (browser.faults.noChannel) return { post() {}, close() {} }
      const entry = { name: channel, tab, receive: onMessage }
      browser.channels.push(entry)
      return {
        post(message) {
          browser.messages.push(structuredClone(message))
          for (const other of browser.channels) {
            if (other === entry || other.name !== channel) continue
            // What comes for a page in the back/forward cache is lost, or throws it out.
            if (other.tab.cached) continue
            world.schedule(other.tab, 1 + world.random() * (browser.faults.storageEvents ? 100 : 5), () => {
              if (browser.channels.includes(other)) other.receive(message)
            })
          }
        },
        close() {
          browser.channels = browser.channels.filter((other) => other !== entry)
        },
      }
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

const tell = (tab: Tab, change: LifecycleChange) => {
  for (const listener of tab.listeners) listener(change)
}

const freeLocks = (tab: Tab) => {
  for (const held of [...tab.browser.locks.values()]) if (held.tab === tab) held.release()
  tab.browser.waiting = tab.browser.waiting.filter((request) => request.tab !== tab)
}

/** The process is gone: nothing of it runs again, its locks and channels are free. */
export function kill(tab: Tab): void {
  tab.dead = true
  freeLocks(tab)
  tab.browser.channels = tab.browser.channels.filter((entry) => entry.tab !== tab)
}

/** Stopped where it stands, lock and all; nothing tells it. */
export const freeze = (tab: Tab): void => {
  tab.frozen = true
}

/** What came in meanwhile is delivered in order. `noticed`: the engine fires `resume`. */
export const thaw = (tab: Tab, noticed = false): void => {
  tab.frozen = false
  tab.resumedAt = tab.browser.world.time
  if (noticed) tell(tab, 'return')
  for (const task of tab.parked.splice(0)) tab.browser.world.schedule(tab, 0, task)
}

/** Into the back/forward cache. `losesMessages`: as WebKit does it; else a message would throw the page out. */
export const hideInCache = (tab: Tab): void => {
  tell(tab, 'leave')
  tab.cached = true
  tab.wasCached = true
  tab.frozen = true
  if (!tab.browser.faults.bfcacheKeepsLocks) freeLocks(tab)
}

export const restoreFromCache = (tab: Tab): void => {
  tab.cached = false
  tab.frozen = false
  tab.resumedAt = tab.browser.world.time
  tell(tab, 'return')
  for (const task of tab.parked.splice(0)) tab.browser.world.schedule(tab, 0, task)
}

export const setHidden = (tab: Tab, hidden: boolean): void => {
  tab.hidden = hidden
  tell(tab, 'wake')
}

export const setOffline = (tab: Tab, offline: boolean): void => {
  tab.offline = offline
  if (!offline) tell(tab, 'wake')
}
