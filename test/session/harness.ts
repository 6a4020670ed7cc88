import type { Defaults } from '../../src/options.js'
import { createSessionOn } from '../../src/createSession.js'
import type { RecordStore, TokenStorage } from '../../src/recordTypes.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import type { Session, SessionEvents, SessionOptions } from '../../src/types.js'
import { createBrowser, createTab, type Browser, type Tab } from '../simulation/platform.js'
import { createServer, type Server } from '../simulation/server.js'
import { createDisk, diskStorage, type Disk } from '../simulation/store.js'
import { createWorld, type World } from '../simulation/world.js'

export const API = 'https://app.example.com/api'

export interface Opened {
  tab: Tab
  session: Session
  /** Every event so far, as `type:source` or `type:source:reason`. */
  events: string[]
  errors: unknown[]
}

export interface Bench {
  world: World
  browser: Browser
  server: Server
  disk: Disk
  /** `prepare` may change the tab before the session is made. */
  open(options?: Partial<SessionOptions>, prepare?: (tab: Tab) => void, defaults?: Defaults): Promise<Opened>
  /** Runs the clock until the promise settles, at most a minute. */
  finish<Result>(promise: Promise<Result>): Promise<Result>
  /** The same, but answers how it ended instead of throwing. */
  outcome(promise: Promise<unknown>): Promise<string>
}

/** Tells when it has been read for the first time. */
const noticed = ({ open }: TokenStorage, onRead: () => void): TokenStorage => ({
  open(name) {
    const store = open(name)
    return { __proto__: store, read: () => store.read().finally(onRead) } as unknown as RecordStore
  },
})

export const bench = (
  { seed = 1, faults = {}, storage }: { seed?: number; faults?: Browser['faults']; storage?: 'memory' | ((tab: Tab, disk: Disk) => TokenStorage) } = {},
): Bench => {
  const world = createWorld(seed)
  const browser = createBrowser(world, faults)
  const server = createServer(() => world.time)
  const disk = createDisk()
  let tabs = 0
  const settled = async <Result>(promise: Promise<Result>) => {
    let state: { value: Result } | { error: unknown } | undefined
    promise.then(
      (value) => (state = { value }),
      (error) => (state = { error }),
    )
    if (!(await world.runUntil(() => !!state, 60_000))) throw new Error('Not settled within a minute')
    return state!
  }
  return {
    world, browser, server, disk,
    async open(options = {}, prepare, defaults) {
      const tab = createTab(browser, `tab ${++tabs}`, server.fetch)
      prepare?.(tab)
      const kept = storage === 'memory' ? memoryStorage() : (storage ?? ((t, d) => diskStorage(d, t)))(tab, disk)
      let read = false
      const session = createSessionOn(tab.platform, {
        refresh: refreshTokenGrant({ url: '/oauth/token', revokeUrl: '/oauth/revoke' }),
        storage: kept,
        ...options,
        ...(options.resume && { storage: noticed(options.storage ?? kept, () => (read = true)) }),
      }, defaults)
      const events: string[] = []
      const errors: unknown[] = []
      for (const type of ['login', 'refresh', 'change', 'logout'] as const) {
        session.on(type, (event: SessionEvents[typeof type]) =>
          events.push([type, event.source, ...('reason' in event ? [event.reason] : [])].join(':')),
        )
      }
      session.on('error', ({ error }) => errors.push(error))
      // With `resume`, who is signed in is known later.
      if (options.resume) await world.runUntil(() => read, 60_000)
      else await settled(session.ready)
      return { tab, session, events, errors }
    },
    async finish(promise) {
      const state = await settled(promise)
      if ('error' in state) throw state.error
      return state.value
    },
    async outcome(promise) {
      const state = await settled(promise)
      if ('value' in state) return state.value instanceof Response ? String(state.value.status) : 'resolved'
      const { name, code } = state.error as Error & { code?: string }
      return [name, code].filter(Boolean).join(':')
    },
  }
}
