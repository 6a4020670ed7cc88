import type { Session } from '../../src/types.js'
import type { Shared } from './globals.js'
import type { History } from './history.js'
import type { IndexedDBServer } from './indexedDB.js'
import type { Browser, Tab } from './platform.js'
import type { Family, Sent, Server } from './server.js'
import type { World } from './world.js'

/** One call of the app. */
export interface Call {
  number: number
  tab: Tab
  what: 'fetch' | 'refresh' | 'logout' | 'login' | 'token'
  /** Who was signed in, as the tab showed it when the call was made. */
  user: string | undefined
  at: number
  /** When it settled. */
  done?: number
  /** Made after all faults were gone. */
  last: boolean
  result?: string
  value?: unknown
}

export interface Running {
  tab: Tab
  session: Session
  /** The session that the tab showed last. */
  shown: Family | undefined
  lastShown: Family | undefined
  /** How often it stopped showing one, and how often it said why. */
  endings: number
  endedAt: number
  reasons: number
  closed: boolean
}

/** When a session began or ended, as the app asked for it. */
export interface Moment {
  tab: Tab
  at: number
  done?: number
  /** Storage failed meanwhile. */
  shaky?: boolean
}

export interface Logout extends Moment {
  /** The sessions that it ends for certain. */
  families: Family[]
  /** What its tab showed. */
  held: Family | undefined
}

/** All there is in one run of one history. */
export interface Stage {
  history: History
  world: World
  browser: Browser
  server: Server
  indexedDB: IndexedDBServer
  cookies: Shared
  localStorage: Shared
  tabs: Running[]
  calls: Call[]
  /** The same in the order in which they settled. */
  settled: Call[]
  logins: Map<Family, Moment>
  logouts: Logout[]
  /** Every event, error and complaint that the app got to see. */
  said: unknown[]
  wipedAt: number
  /** When something last stood in the way, other than the end of a holder. */
  disturbedAt: number
  /** Whether a limit of that session may be reached. */
  overdue?(family: Family): boolean
  trace: string[]
  violations: string[]
  note(who: string, what: string): void
  violate(invariant: string, what: string): void
  /** All that is stored, as text. */
  stored(): string
  /** Whether storage failed, or kept somebody waiting, at or after this time. */
  shakySince(time: number): boolean
  /**
   * Sessions that storage has lost, or never got, are put in order by the clock: one that was set back meanwhile may
   * put an end that was never stored, or a session, after a login that was.
   */
  outOfOrder(): boolean
  /** Two logins at once: the server may have answered in one order, and the pages have stored in the other. */
  crossed(family: Family): boolean
  /** Tabs tell the age of an intent by the wall clock: whether it jumped, or the machine slept, since. */
  deceivedSince(time: number): boolean
}

/** Watches one promise. Each method is optional: after every event, when something happens, and at the end. */
export interface Invariant {
  step?(): void
  written?(): void
  /** Somebody moved the mouse in a tab. */
  touched?(running: Running): void
  loggedOut?(logout: Logout): void
  /** A tab died, or was stopped for good, with a refresh under way. */
  struck?(sent: Sent, how: 'freezes' | 'dies'): void
  ended?(running: Running, family: Family | undefined, reason: string): void
  end?(): void
}

/** Cookies are exact only with Web Locks and cookieStore; what is weaker without is documented, and not promised. */
export const isExact = ({ setup }: History): boolean => setup.storage !== 'cookie' || (setup.locks && setup.cookieStore)

/** What the server says itself of a refresh, and no fault in its name. */
export const isRefused = ({ status, rubbish, nobody }: Sent): boolean => !!nobody || ((status === 400 || status === 401) && !rubbish)

/** What is JSON and holds no tokens may have cost one: it is not sent again for minutes. */
export const mayPauseForLong = ({ actions }: History): boolean => actions.some((action) => (action.do === 'mask' && /^(names|null)$/.test(action.how)) || (action.do === 'status' && action.code === 200 && action.body === '{}'))

/** The server may have spent the token, and whoever asked cannot know. */
export const isUnclear = ({ status = 0, masked }: Sent): boolean => !!masked || (status >= 500 && status !== 503)
