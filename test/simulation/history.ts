import { seeded } from './world.js'

/** One thing that happens, to tab number `tab` (modulo those there are). */
export type Action =
  | { do: 'open' | 'kill' | 'reload' | 'close' | 'logout' | 'refresh' | 'hide' | 'show' | 'freeze' | 'thaw' | 'cache' | 'restore'; tab: number }
  | { do: 'login'; tab: number; user: string }
  | { do: 'call'; tab: number; count: number }
  | { do: 'offline'; tab: number; on: boolean }
  | { do: 'run' | 'sleep' | 'jump'; ms: number }
  | { do: 'drop'; when: 'before' | 'after'; times: number }
  | { do: 'status'; code: number; times: number; retryAfter: number | undefined; body: string | undefined }
  | { do: 'slow'; there: number; back: number }
  | { do: 'expire' | 'revoke' | 'heal' | 'wipe' }
  | { do: 'disk'; failing: number; latency: number }

export interface Setup {
  storage: 'indexedDB' | 'cookie' | 'memory'
  locks: boolean
  channel: boolean
  /** Chromium keeps the lock of a page in the back/forward cache. */
  bfcacheKeepsLocks: boolean
  /** A server that answers a repeat with the first answer, and never revokes by itself; else it is strict. */
  honest: boolean
  /** Storage may fail or be wiped. */
  badStorage: boolean
}

export interface History {
  seed: number
  setup: Setup
  actions: Action[]
}

/** One seed decides everything. */
export const makeHistory = (seed: number): History => {
  const random = seeded(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <Item>(...items: Item[]): Item => items[below(items.length)]!
  const setup: Setup = {
    storage: pick('indexedDB', 'indexedDB', 'cookie', 'cookie', 'memory'),
    locks: random() < 0.7,
    channel: random() < 0.85,
    bfcacheKeepsLocks: random() < 0.5,
    honest: random() < 0.7,
    badStorage: random() < 0.15,
  }
  // Without Web Locks nothing makes a cookie safe shared state: documented, and not promised.
  if (setup.storage === 'cookie') setup.locks = true
  if (setup.storage !== 'indexedDB') setup.badStorage = false
  const tab = () => below(6)
  const one = (): Action => {
    const dice = random()
    if (dice < 0.24) return { do: 'run', ms: pick(1, 5, 20, 45, 100, 1000, 3000, 12_000, 60_000, 290_000) * (0.5 + random()) }
    if (dice < 0.4) return { do: 'call', tab: tab(), count: pick(1, 1, 3) }
    if (dice < 0.48) return { do: 'refresh', tab: tab() }
    if (dice < 0.52) return { do: 'login', tab: tab(), user: pick('alice', 'bob') }
    if (dice < 0.56) return { do: 'logout', tab: tab() }
    if (dice < 0.61) return { do: 'open', tab: tab() }
    if (dice < 0.64) return { do: pick('kill', 'reload', 'close'), tab: tab() }
    if (dice < 0.69) return { do: pick('hide', 'show'), tab: tab() }
    if (dice < 0.73) return { do: pick('freeze', 'thaw'), tab: tab() }
    if (dice < 0.78) return { do: pick('cache', 'restore'), tab: tab() }
    if (dice < 0.8) return { do: 'offline', tab: tab(), on: random() < 0.5 }
    if (dice < 0.83) return { do: 'sleep', ms: pick(10_000, 280_000, 400_000, 3_600_000) }
    if (dice < 0.84) return { do: 'jump', ms: pick(-86_400_000, -600_000, 600_000, 86_400_000) }
    if (dice < 0.87) return { do: 'drop', when: pick('before', 'after'), times: pick(1, 1, 2) }
    if (dice < 0.91) {
      const code = pick(408, 429, 500, 502, 503, 200, 400)
      return { do: 'status', code, times: pick(1, 2, 5), retryAfter: pick(undefined, undefined, 2, 30, 1e9), body: pick(undefined, '<p>', '{}', '{"error":"invalid_client"}') }
    }
    if (dice < 0.94) return { do: 'slow', there: pick(5, 20, 500, 9000, 15_000), back: pick(5, 20, 2000) }
    if (dice < 0.955) return { do: 'expire' }
    if (dice < 0.96) return setup.honest ? { do: 'heal' } : { do: 'revoke' }
    if (dice < 0.98 && setup.badStorage) return random() < 0.2 ? { do: 'wipe' } : { do: 'disk', failing: pick(0, 0.3, 1), latency: pick(1, 30) }
    return { do: 'heal' }
  }
  const actions: Action[] = [{ do: 'open', tab: 0 }, { do: 'open', tab: 1 }, { do: 'login', tab: 0, user: 'alice' }, { do: 'run', ms: 50 }]
  for (let count = 15 + below(40); count > 0; count--) actions.push(one())
  return { seed, setup, actions }
}
