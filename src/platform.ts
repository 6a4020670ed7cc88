import { type Channel, openTabChannel, orNothing } from './tabChannel.js'

/**
 * `leave`: the page goes away, maybe into the back/forward cache. `return`: it came back from there, or
 * from being frozen. `wake`: something changed that makes a look at the clock and the record worthwhile.
 */
export type LifecycleChange = 'leave' | 'return' | 'wake'

export type { Channel } from './tabChannel.js'

/** Everything latchkey asks of its surroundings. The seam at which tests and the simulator take over. */
export interface Platform {
  /** Wall clock, in milliseconds since the epoch. May jump. */
  now(): number
  /** Milliseconds that never go back; may stand still while the machine sleeps. */
  monotonic(): number
  random(): number
  randomId(): string
  setTimer(run: () => void, delay: number): () => void
  readonly fetch: typeof fetch
  /** `undefined` on a server. */
  readonly origin: string | undefined
  baseURL(): string | undefined
  isHidden(): boolean
  isOffline(): boolean
  /** A promise while the page is only prerendered, else nothing. */
  whenActivated(): Promise<void> | undefined
  /** Absent in old browsers and on plain http. */
  readonly locks: LockManager | undefined
  /** Absent on a server, and where the user blocks it. */
  readonly localStorage: Storage | undefined
  /** Nothing on a server. */
  openChannel(name: string, onMessage: (data: unknown) => void): Channel | undefined
  onLifecycle(listener: (change: LifecycleChange) => void): () => void
  complain(error: Error): void
  /** Lets what a listener threw surface as an uncaught exception, as the DOM does. */
  rethrow(error: unknown): void
}

const global = globalThis as { document?: Document; location?: Location; origin?: string; Zone?: { root?: { run?<Result>(run: () => Result): Result } } }

/** By its class: the document itself answers `document.currentScript` with an image of that name. */
export const ofDocument = (name: string): unknown =>
  global.document && Reflect.get(Object.getPrototypeOf(global.document), name, global.document)

/** Capturing on the window: before any listener of the app. Without `signal`, which not all test environments take. */
export const listen = (types: string, listener: (event: Event) => void): (() => void) => {
  const each = (act: 'addEventListener' | 'removeEventListener') => {
    for (const type of types.split(' ')) globalThis[act]?.(type, listener, { capture: true, passive: true })
  }
  each('addEventListener')
  return () => each('removeEventListener')
}

/** Leads from what installFetch installed, of another copy of latchkey too, to what it stands over. */
const BELOW: unique symbol = Symbol.for('latchkey.below') as never
type Installed = typeof fetch & { [BELOW]?: Installed }

/** The browser this runs in, read at the time of the call; on a server, just enough to stay quiet. */
export const browserPlatform = (): Platform => {
  const { location, navigator } = globalThis as typeof globalThis & { location?: Location }
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    // Unlike randomUUID, getRandomValues is there on plain http too.
    randomId: () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(15)))),
    setTimer(run, delay) {
      const set = () => setTimeout(run, delay)
      // In Angular's zone, the app would count as busy for as long as the timer runs (zone.js).
      const timer = global.Zone?.root?.run?.(set) ?? set()
      // A session keeps no process alive (Node).
      Object(timer).unref?.()
      return () => clearTimeout(timer)
    },
    fetch(...args) {
      // At each call, since tests and instrumentation replace it; below what installFetch put there, which would attach again.
      let { fetch } = globalThis as { fetch: Installed }
      while (fetch[BELOW]) fetch = fetch[BELOW]
      return fetch(...args)
    },
    // That of `location` is "null" in a frame with srcdoc, which has the origin of the page around it.
    origin: location && (global.origin ?? location.origin),
    baseURL: () => (ofDocument('baseURI') as string | undefined) ?? location?.href,
    isHidden: () => ofDocument('visibilityState') === 'hidden',
    isOffline: () => navigator?.onLine === false,
    whenActivated: () =>
      ofDocument('prerendering')
        ? new Promise((resolve) => {
            const stop = listen('prerenderingchange', () => {
              stop()
              resolve()
            })
          })
        : undefined,
    locks: orNothing(() => navigator?.locks),
    // Takes a millisecond in a page that has just opened, so not before it is asked for.
    get localStorage() {
      return location && orNothing(() => localStorage)
    },
    // Node has a BroadcastChannel too, and one that is open keeps the process alive.
    openChannel: (name, onMessage) => (location ? openTabChannel(name, onMessage) : undefined),
    onLifecycle(listener) {
      const on = (change: LifecycleChange, types: string, applies: (event: Event) => unknown = () => true) =>
        listen(types, (event) => applies(event) && listener(change))
      const stops = [
        on('leave', 'pagehide'),
        on('return', 'resume'),
        on('return', 'pageshow', (event) => (event as PageTransitionEvent).persisted),
        on('wake', 'visibilitychange online prerenderingchange'),
        // A focus that moves between elements of the page passes here too.
        on('wake', 'focus', (event) => event.target === globalThis),
      ]
      return () => stops.forEach((stop) => stop())
    },
    complain: (error) => console.error(`latchkey: ${error.message}`),
    rethrow(error) {
      setTimeout(() => {
        throw error
      })
    },
  }
}

/** Puts a function in the place of the global `fetch`. Returns what takes it back, or `undefined` when it cannot be replaced. */
export const replaceGlobalFetch = (make: (former: typeof fetch) => typeof fetch): (() => boolean) | undefined => {
  const former = globalThis.fetch
  const mine = Object.assign(make(former), { [BELOW]: former })
  try {
    globalThis.fetch = mine
  } catch {
    // A frozen property; told apart below, where sloppy scripts would not throw.
  }
  if (globalThis.fetch !== mine) return
  return () => {
    if (globalThis.fetch !== mine) return false
    globalThis.fetch = former
    return true
  }
}
