import type { Tab } from './platform.js'

/**
 * Cookies as browsers really keep them (docs/how-it-works.md): what `document.cookie` writes reaches the one jar
 * some milliseconds later, what it reads is behind by some, and only cookieStore asks the jar itself, after all
 * that this tab wrote before.
 */
export interface CookieJar {
  truth: Map<string, string>
  /** Milliseconds that a write, or the news of one, takes at most. */
  lag: number
}

export const createCookieJar = (): CookieJar => ({ truth: new Map(), lag: 6 })

interface View {
  values: Map<string, string>
  pending: number
}

const views = new WeakMap<Tab, View>()

const viewOf = (tab: Tab, jar: CookieJar): View => {
  const known = views.get(tab)
  if (known) return known
  const view = { values: new Map(jar.truth), pending: 0 }
  views.set(tab, view)
  return view
}

/** The globals that cookieStorage and js-cookie use, each for the tab whose code runs. */
export const installCookieGlobals = (current: () => { tab: Tab; jar: CookieJar; noCookieStore: boolean; others: () => Tab[] }): void => {
  const write = (text: string) => {
    const { tab, jar, others } = current()
    const { world } = tab.browser
    const [pair] = text.split('; ')
    const split = pair!.indexOf('=')
    const [name, value] = [pair!.slice(0, split), pair!.slice(split + 1)]
    const view = viewOf(tab, jar)
    view.values.set(name, value)
    view.pending++
    // The renderer has handed it over: it arrives even if the tab dies now.
    world.schedule(undefined, world.random() * jar.lag, () => {
      view.pending--
      jar.truth.set(name, value)
      for (const other of others()) {
        const behind = viewOf(other, jar)
        if (other !== tab) world.schedule(undefined, world.random() * jar.lag, () => behind.values.set(name, jar.truth.get(name)!))
      }
    })
  }
  const get = (name: string) =>
    new Promise<{ name: string; value: string } | null>((resolve) => {
      const { tab, jar } = current()
      const view = viewOf(tab, jar)
      const look = () => {
        if (view.pending) return void tab.browser.world.schedule(tab, 1, look)
        const value = jar.truth.get(name)
        view.values = new Map(jar.truth)
        resolve(value === undefined ? null : { name, value })
      }
      tab.browser.world.schedule(tab, 0.5, look)
    })
  const define = (name: string, get: () => unknown) => Object.defineProperty(globalThis, name, { configurable: true, get })
  define('location', () => ({ protocol: 'https:', hostname: 'app.example.com', origin: 'https://app.example.com', href: 'https://app.example.com/' }))
  define('document', () => ({
    get cookie() {
      const { tab, jar } = current()
      return [...viewOf(tab, jar).values].map(([name, value]) => `${name}=${value}`).join('; ')
    },
    set cookie(text: string) {
      write(text)
    },
  }))
  define('cookieStore', () => (current().noCookieStore ? undefined : { get }))
  define('navigator', () => ({ locks: withDefaults(current().tab.platform.locks) }))
}

/** `locks.request(name, callback)`, which the simulated manager leaves to us. */
const withDefaults = (locks: LockManager | undefined) =>
  locks && { request: (name: string, callback: LockGrantedCallback<unknown>) => locks.request(name, {}, callback) }

export const removeCookieGlobals = (): void => {
  for (const name of ['location', 'document', 'cookieStore', 'navigator']) Reflect.deleteProperty(globalThis, name)
}
