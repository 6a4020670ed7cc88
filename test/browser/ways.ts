import type * as Latchkey from '../../dist/index.js'
import type { BeginOptions, Scene, StorageName, Tab } from './support.js'

/** How a session is held: where its tokens are, or that the server keeps them. */
export type Way = 'indexeddb' | 'encrypted' | 'cookie' | 'memory' | 'mixed' | 'backend'

export type HoldOptions = {
  limits?: Latchkey.SessionLimitsOptions
  abort?: boolean
  cookies?: Latchkey.CookieSessionOptions
  storage?: StorageName
} & Omit<BeginOptions, 'storage'>

/** What pages/ways.js makes. */
declare global {
  var hold: (way: Way, options?: HoldOptions) => Latchkey.Session
  var enter: (user?: string, into?: Latchkey.Session) => Promise<Latchkey.TokenResponse>
  var ask: (times?: number, by?: Latchkey.Session) => Promise<(string | number)[]>
  var warnings: number[]
  var pending: Promise<(string | number)[]>
  var one: Latchkey.Session
  var two: Latchkey.Session
}

/** Opens the session of a page that has just been loaded, and waits until it has read what is stored. */
export const hold = (tab: Tab, way: Way, options: HoldOptions = {}): Promise<Latchkey.SessionStatus> =>
  tab.evaluate(async (way, options) => {
    await load('/ways.js')
    await globalThis.hold(way, options).ready
    return session.status
  }, way, options)

export const openWay = async (scene: Scene, way: Way, options: HoldOptions = {}): Promise<Tab> => {
  const tab = await scene.open()
  await hold(tab, way, options)
  await tab.waitFor(() => session.status !== 'loading')
  return tab
}

/** Loads the page of a tab again, and opens its session in the same way. */
export const reload = async (scene: Scene, tab: Tab, way: Way, options: HoldOptions = {}): Promise<Latchkey.SessionStatus> => {
  await tab.goto(`${scene.site.url}/session.html`)
  await tab.waitFor(() => globalThis.loaded)
  return hold(tab, way, options)
}

export const enter = (tab: Tab, user = 'alice'): Promise<void> => tab.evaluate(async (user) => void (await globalThis.enter(user)), user)
export const ask = (tab: Tab, times = 1): Promise<(string | number)[]> => tab.evaluate((times) => globalThis.ask(times), times)
export const waitForStatus = (tab: Tab, status: Latchkey.SessionStatus): Promise<boolean> =>
  tab.waitFor((status) => session.status === status, status)

/** Turns a knob of the server, as an operator would. */
export const control = async (scene: Scene, path: string): Promise<void> => void (await fetch(`${scene.site.url}${path}`, { method: 'POST' }))
