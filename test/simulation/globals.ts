import type { Tab } from './platform.js'
import type { World } from './world.js'

/**
 * What storages reach for without the platform's help, each for the tab whose code runs: `document.cookie`,
 * `cookieStore`, `localStorage`, `indexedDB`, `navigator.locks`, `location` and timers. They look it up at each
 * use, since all tabs share one process here.
 */
export interface Surroundings {
  world: World
  tabs(): Tab[]
  cookies: Shared | undefined
  localStorage: Shared
  cookieStore: boolean
  indexedDB(tab: Tab): unknown
}

/**
 * A value store as renderers see it (platform facts §4.5): what a tab writes it reads at once, the one truth hears
 * of it some milliseconds later, and the other tabs later still.
 */
export interface Shared {
  truth: Map<string, string>
  views: Map<Tab, { values: Map<string, string>; pending: number; arrival: number; done: (() => void)[] }>
  /** Milliseconds that a write, or the news of one, takes at most. */
  lag: number
  onWrite?: () => void
}

export const createShared = (lag: number): Shared => ({ truth: new Map(), views: new Map(), lag })

const viewOf = (shared: Shared, tab: Tab) => {
  const known = shared.views.get(tab)
  if (known) return known
  const view = { values: new Map(shared.truth), pending: 0, arrival: 0, done: [] as (() => void)[] }
  shared.views.set(tab, view)
  return view
}

const put = (map: Map<string, string>, name: string, value: string | undefined) => {
  if (value === undefined) map.delete(name)
  else map.set(name, value)
}

const write = ({ world, tabs }: Surroundings, shared: Shared, tab: Tab, name: string, value: string | undefined): void => {
  const view = viewOf(shared, tab)
  put(view.values, name, value)
  view.pending++
  // The renderer has handed it over: it arrives even if the tab dies now, after what it handed over before.
  view.arrival = Math.max(view.arrival, world.time + world.random() * shared.lag)
  world.schedule(undefined, view.arrival - world.time, () => {
    view.pending--
    put(shared.truth, name, value)
    shared.onWrite?.()
    for (const other of tabs()) {
      if (other === tab || other.dead) continue
      const behind = viewOf(shared, other)
      // Rarely a good deal longer (platform facts §4.6b).
      const delay = world.random() * (world.random() < 0.02 ? shared.lag * 25 : shared.lag)
      // What it has written itself and not yet handed over comes after the news, and must not be lost to them.
      const hear = (): void => (behind.pending ? world.schedule(undefined, shared.lag, hear) : put(behind.values, name, shared.truth.get(name)))
      world.schedule(undefined, delay, hear)
    }
    if (!view.pending) for (const done of view.done.splice(0)) done()
  })
}

/** After all that this tab wrote before, from the truth itself, as `cookieStore` does. */
const ask = <Result>({ world }: Surroundings, shared: Shared, tab: Tab, answer: () => Result): Promise<Result> =>
  new Promise((resolve) => {
    const view = viewOf(shared, tab)
    const look = () => {
      view.values = new Map(shared.truth)
      const result = answer()
      world.schedule(tab, 0.2, () => resolve(result))
    }
    const go = () => world.schedule(undefined, 0.3, look)
    if (view.pending) view.done.push(go)
    else go()
  })

const cookieDocument = (on: Surroundings, shared: Shared, tab: Tab) => ({
  get cookie() {
    return [...viewOf(shared, tab).values].map(([name, value]) => `${name}=${value}`).join('; ')
  },
  set cookie(text: string) {
    const [pair, ...attributes] = text.split('; ')
    const split = pair!.indexOf('=')
    const gone = attributes.some((each) => /^expires=.*1970|^max-age=0$/i.test(each))
    write(on, shared, tab, pair!.slice(0, split), gone ? undefined : pair!.slice(split + 1))
  },
})

const cookieStoreOf = (on: Surroundings, shared: Shared, tab: Tab) => ({
  get: (name: string) =>
    ask(on, shared, tab, () => (shared.truth.has(name) ? { name, value: shared.truth.get(name)! } : null)),
  set: (cookie: { name: string; value: string }) => {
    write(on, shared, tab, cookie.name, cookie.value)
    return ask(on, shared, tab, () => undefined)
  },
  delete: (name: string | { name: string }) => {
    write(on, shared, tab, typeof name === 'string' ? name : name.name, undefined)
    return ask(on, shared, tab, () => undefined)
  },
})

const localStorageOf = (on: Surroundings, tab: Tab) => ({
  getItem: (name: string) => viewOf(on.localStorage, tab).values.get(name) ?? null,
  setItem: (name: string, value: string) => write(on, on.localStorage, tab, name, String(value)),
  removeItem: (name: string) => write(on, on.localStorage, tab, name, undefined),
})

const listeners = new WeakMap<Tab, Set<() => void>>()

/** Of the page, whatever their type. */
const listenerAdder = (tab: Tab) => (_type: string, listener: () => void) => {
  listeners.set(tab, (listeners.get(tab) ?? new Set()).add(listener))
}
const listenerRemover = (tab: Tab) => (_type: string, listener: () => void) => void listeners.get(tab)?.delete(listener)

/** Somebody moves the mouse there. */
export const touch = (tab: Tab): void => listeners.get(tab)?.forEach((listener) => listener())

/** Installed once in a process; outside a history everything is as before. */
export const installGlobals = (current: () => Surroundings | undefined): void => {
  const inside = () => {
    const on = current()
    const tab = on?.world.current as Tab | undefined
    return on && tab && { on, tab }
  }
  const define = (name: string, get: (on: Surroundings, tab: Tab) => unknown) => {
    const former = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        const now = inside()
        return now ? get(now.on, now.tab) : former?.get ? former.get.call(globalThis) : former?.value
      },
      set(value) {
        Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
      },
    })
  }
  const location = { protocol: 'https:', hostname: 'app.example.com', origin: 'https://app.example.com', href: 'https://app.example.com/' }
  define('location', () => location)
  define('document', (on, tab) => on.cookies && cookieDocument(on, on.cookies, tab))
  define('cookieStore', (on, tab) => (on.cookies && on.cookieStore ? cookieStoreOf(on, on.cookies, tab) : undefined))
  define('localStorage', (on, tab) => localStorageOf(on, tab))
  define('navigator', (_, tab) => ({ locks: tab.platform.locks }))
  define('performance', (_, tab) => ({ now: tab.platform.monotonic }))
  define('addEventListener', (_, tab) => listenerAdder(tab))
  define('removeEventListener', (_, tab) => listenerRemover(tab))
  define('indexedDB', (on, tab) => on.indexedDB(tab))

  const { random } = Math
  Math.random = () => (inside() ? inside()!.on.world.random() : random())
  const { setTimeout, clearTimeout } = globalThis
  globalThis.setTimeout = ((run: () => void, delay = 0, ...rest: unknown[]) => {
    const now = inside()
    return now ? { stop: now.tab.platform.setTimer(run, delay) } : (setTimeout as (...args: unknown[]) => unknown)(run, delay, ...rest)
  }) as typeof globalThis.setTimeout
  globalThis.clearTimeout = ((timer: { stop?: () => void } | undefined) => {
    if (timer?.stop) timer.stop()
    else clearTimeout(timer as never)
  }) as typeof globalThis.clearTimeout
}
