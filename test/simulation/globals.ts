import { join, type Tab } from './platform.js'
import type { World } from './world.js'

/**
 * What the sources reach for in a browser, each for the tab whose code runs: `document`, `cookieStore`, `localStorage`,
 * `indexedDB`, `BroadcastChannel`, `navigator`, `location`, clocks, timers and events. They look it up at each use,
 * since all tabs share one process here.
 */
export interface Surroundings {
  world: World
  tabs(): Tab[]
  cookies: Shared
  localStorage: Shared
  cookieStore: boolean
  /** Some browsers lack it; some let a page make one that carries nothing. */
  broadcastChannel: 'working' | 'missing' | 'throwing'
  indexedDB(tab: Tab): unknown
  /** Whatever is thrown, in every tab. */
  dice: number | undefined
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
  /** A tab gets to see what another one wrote. */
  onNews?: (tab: Tab, name: string) => void
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
      const hear = () => {
        if (behind.pending) return void world.schedule(undefined, shared.lag, hear)
        put(behind.values, name, shared.truth.get(name))
        shared.onNews?.(other, name)
      }
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

const documentOf = (on: Surroundings, shared: Shared, tab: Tab) => ({
  baseURI: 'https://app.example.com/page',
  get visibilityState() {
    return tab.hidden ? 'hidden' : 'visible'
  },
  get prerendering() {
    return !!tab.prerendering
  },
  addEventListener: listenerAdder(tab),
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
  getAll: (name: string) =>
    ask(on, shared, tab, () => (shared.truth.has(name) ? [{ name, value: shared.truth.get(name)! }] : [])),
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

/** Of its window and its document, which a page may not tell apart here. */
const listenerAdder =
  (tab: Tab) =>
  (type: string, listener: (event: Event) => void, { signal, once }: AddEventListenerOptions = {}) => {
    const own = tab.handlers.get(type) ?? new Set()
    const remove = () => own.delete(entry)
    const entry = { listener, run: (event: Event) => (once && remove(), listener(event)) }
    tab.handlers.set(type, own.add(entry))
    signal?.addEventListener('abort', remove)
  }
const listenerRemover = (tab: Tab) => (type: string, listener: (event: Event) => void) => {
  for (const entry of tab.handlers.get(type) ?? []) if (entry.listener === listener) tab.handlers.get(type)!.delete(entry)
}

const channelOf = (on: Surroundings, tab: Tab) =>
  class {
    onmessage: ((event: { data: unknown }) => void) | null = null
    #line: ReturnType<typeof join>
    constructor(name: string) {
      this.#line = join(tab, name, (data) => this.onmessage?.({ data }))
    }
    postMessage(message: unknown) {
      if (on.broadcastChannel === 'throwing') throw new DOMException('Not here', 'SecurityError')
      this.#line.post(message)
    }
    close() {
      this.#line.close()
    }
  }

/** Bytes that make a text of small letters and digits in base64: one of capitals could look like a part of a token. */
const randomBytes = (world: World, bytes: Uint8Array) => {
  let text = ''
  while (text.length * 3 < bytes.length * 4) text += Math.floor(world.random() * 36 ** 10).toString(36).padStart(10, '0')
  const decoded = atob(text.slice(0, Math.ceil((bytes.length * 4) / 12) * 4))
  for (let i = 0; i < bytes.length; i++) bytes[i] = decoded.charCodeAt(i)
  return bytes
}

interface Cipher {
  iv: Uint8Array
  additionalData: Uint8Array
}
/** In place of WebCrypto, which answers by the real clock: it hides nothing, but opens for the same key, iv and additional data only. */
const subtle = (world: World) => {
  const belonging = ({ iv, additionalData }: Cipher, { number }: { number: number }) => [number, [...iv].join(), [...additionalData].join()].join(';')
  return {
    generateKey: async () => ({ number: world.random() }),
    encrypt: async (by: Cipher, key: { number: number }, data: Uint8Array) =>
      new TextEncoder().encode(JSON.stringify([belonging(by, key), [...data].map((byte) => byte ^ 0x5a)])).buffer,
    async decrypt(by: Cipher, key: { number: number }, data: Uint8Array) {
      const [sealed, bytes] = JSON.parse(new TextDecoder().decode(data)) as [string, number[]]
      if (sealed !== belonging(by, key)) throw new DOMException('', 'OperationError')
      return Uint8Array.from(bytes, (byte) => byte ^ 0x5a).buffer
    },
  }
}

/** All that is sealed in a text, in plain. */
export const unsealed = (text: string): string =>
  text.replace(/sealed \S+ ([\w+/=]+)/g, (_, sealed: string) => {
    const [, bytes] = JSON.parse(atob(sealed).slice(12)) as [string, number[]]
    return String.fromCharCode(...bytes.map((byte) => byte ^ 0x5a))
  })

const location = { protocol: 'https:', hostname: 'app.example.com', origin: 'https://app.example.com', href: 'https://app.example.com/page' }

const globalsOf = (on: Surroundings, tab: Tab) => ({
  location,
  // Its members are its class's, as in a browser.
  document: Object.create(documentOf(on, on.cookies, tab)) as ReturnType<typeof documentOf>,
  cookieStore: on.cookieStore ? cookieStoreOf(on, on.cookies, tab) : undefined,
  localStorage: localStorageOf(on, tab),
  navigator: {
    locks: tab.platform.locks,
    get onLine() {
      return !tab.offline
    },
  },
  performance: { now: tab.platform.monotonic },
  crypto: { getRandomValues: (bytes: Uint8Array) => randomBytes(on.world, bytes), subtle: subtle(on.world) },
  addEventListener: listenerAdder(tab),
  removeEventListener: listenerRemover(tab),
  indexedDB: on.indexedDB(tab),
  BroadcastChannel: on.broadcastChannel === 'missing' ? undefined : channelOf(on, tab),
  fetch: tab.platform.fetch,
})
type Globals = ReturnType<typeof globalsOf>
const NAMES: (keyof Globals)[] = [
  'location', 'document', 'cookieStore', 'localStorage', 'navigator', 'performance', 'crypto', 'addEventListener', 'removeEventListener',
  'indexedDB', 'BroadcastChannel', 'fetch',
]

/** Installed once in a process; outside a history everything is as before. */
export const installGlobals = (current: () => Surroundings | undefined): void => {
  const known = new WeakMap<Tab, Globals>()
  const inside = () => {
    const on = current()
    const tab = on?.world.current as Tab | undefined
    return on && tab && { on, tab }
  }
  const globals = () => {
    const now = inside()
    if (!now) return
    const found = known.get(now.tab) ?? globalsOf(now.on, now.tab)
    known.set(now.tab, found)
    return found
  }
  for (const name of NAMES) {
    const former = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        const all = globals()
        return all ? all[name] : former?.get ? former.get.call(globalThis) : former?.value
      },
      set(value) {
        Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
      },
    })
  }

  const { random } = Math
  Math.random = () => {
    const now = inside()
    return now ? (now.on.dice ?? now.on.world.random()) : random()
  }
  const { now: clock } = Date
  Date.now = () => inside()?.tab.platform.now() ?? clock()
  const { error } = console
  console.error = (...said: unknown[]) => (inside() ? void inside()!.tab.complaints.push(new Error(said.join(' '))) : error(...said))
  const { setTimeout, clearTimeout } = globalThis
  globalThis.setTimeout = ((run: (...rest: unknown[]) => void, delay = 0, ...rest: unknown[]) => {
    const now = inside()
    if (!now) return (setTimeout as (...args: unknown[]) => unknown)(run, delay, ...rest)
    // What a timer throws is an uncaught exception of its page.
    const work = () => {
      try {
        run(...rest)
      } catch (error) {
        now.tab.uncaught.push(error)
      }
    }
    return { stop: now.tab.platform.setTimer(work, delay), unref() {} }
  }) as typeof globalThis.setTimeout
  globalThis.clearTimeout = ((timer: { stop?: () => void } | undefined) => {
    if (timer?.stop) timer.stop()
    else clearTimeout(timer as never)
  }) as typeof globalThis.clearTimeout
}
