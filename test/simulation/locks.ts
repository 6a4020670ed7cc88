import type { Browser, Tab } from './platform.js'

export interface LockRequest {
  name: string
  tab: Tab
  grant: () => void
  fail: (error: unknown) => void
}

export interface Held {
  tab: Tab
  /** `noticed`: nobody lets go, the page is gone. */
  release: (noticed?: boolean) => void
  lose: (error: unknown) => void
  /** The page knows that it has it. */
  used?: boolean
}

/** What the platform does to a page that stands in the way of a lock. */
type Evict = (tab: Tab) => void

const abortError = () => new DOMException('The lock request was given up', 'AbortError')

const grantNext = (browser: Browser, name: string, evict: Evict): void => {
  if (browser.locks.has(name)) return
  for (;;) {
    const index = browser.waiting.findIndex((request) => request.name === name && !request.tab.dead)
    if (index < 0) return
    const [request] = browser.waiting.splice(index, 1)
    // A lock is never given to a page in the back/forward cache.
    if (request!.tab.cached && browser.faults.bfcacheKeepsLocks) evict(request!.tab)
    else return request!.grant()
  }
}

/** Web Locks as the engines have them: a crash frees, steal leaves the old holder running. */
export const lockManager = (browser: Browser, tab: Tab, evict: Evict): LockManager => {
  const { locks, world } = browser
  const soon = (name: string, delay: number) => world.schedule(undefined, delay, () => grantNext(browser, name, evict))
  return {
    request(name: string, given: LockOptions | LockGrantedCallback<unknown>, callback?: LockGrantedCallback<unknown>) {
      const options = callback ? (given as LockOptions) : {}
      const body = callback ?? (given as LockGrantedCallback<unknown>)
      tab.lockRequests++
      return new Promise((resolve, reject) => {
        if (options.signal?.aborted) return reject(options.signal.reason)
        const grant = () => {
          options.signal?.removeEventListener('abort', abort)
          let lost = false
          const held: Held = {
            tab,
            release(noticed = false) {
              const free = () => {
                if (locks.get(name) === held) locks.delete(name)
              }
              // That a page is gone takes longer to be noticed (platform facts, Web Locks in anger), and until then it
              // holds: what it wrote before has arrived by then.
              if (!noticed) free()
              const delay = noticed ? 7 + 26 * world.random() : 0.3 * world.random()
              world.schedule(undefined, delay, free)
              soon(name, delay)
            },
            lose(error) {
              lost = true
              world.schedule(tab, 0, () => reject(error))
            },
          }
          locks.set(name, held)
          world.schedule(tab, 0.3 * world.random(), () => {
            held.used = true
            Promise.resolve(body({ name, mode: 'exclusive' })).then(
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
        const request: LockRequest = { name, tab, grant, fail: reject }
        const abort = () => {
          const index = browser.waiting.indexOf(request)
          if (index < 0) return
          browser.waiting.splice(index, 1)
          reject(options.signal!.reason)
        }
        if (options.steal) {
          locks.get(name)?.lose(abortError())
          locks.delete(name)
          grant()
          return
        }
        if (options.ifAvailable && locks.has(name)) {
          world.schedule(tab, 0, () => resolve(body(null)))
          return
        }
        // In Chromium a page in the back/forward cache keeps its lock until somebody asks anew, which evicts it.
        const holder = locks.get(name)
        if (holder?.tab.cached && browser.faults.bfcacheKeepsLocks) {
          if (holder.used) browser.evicted.push({ tab: holder.tab, name })
          evict(holder.tab)
        }
        const evicted = holder?.tab.dead
        browser.waiting.push(request)
        options.signal?.addEventListener('abort', abort)
        // Throwing a page out takes a while.
        soon(name, evicted ? 10 + 240 * world.random() : 0)
      })
    },
    query: async () => ({ held: [], pending: [] }),
  } as unknown as LockManager
}

export const holdsLock = ({ locks }: Browser, tab: Tab): boolean => [...locks.values()].some((held) => held.tab === tab)

/** As the tab goes. `told`: it comes back one day, and finds that it lost what it had (WebKit). */
export const freeLocks = (browser: Browser, tab: Tab, told = false): void => {
  const { locks, world } = browser
  const own = [...locks.entries()].filter(([, held]) => held.tab === tab)
  for (const [, held] of own) {
    if (told) held.lose(abortError())
    held.release(true)
  }
  const queued = browser.waiting.filter((request) => request.tab === tab)
  browser.waiting = browser.waiting.filter((request) => request.tab !== tab)
  if (told) for (const request of queued) world.schedule(tab, 0, () => request.fail(abortError()))
}
