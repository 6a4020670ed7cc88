import type { Engine } from './platform.js'
import { seeded } from './world.js'

/** One thing that happens, to tab number `tab` (modulo those there are). */
export type Action =
  | { do: 'kill' | 'reload' | 'navigate' | 'close' | 'logout' | 'refresh' | 'hide' | 'show' | 'freeze' | 'cache' | 'restore'; tab: number }
  | { do: 'open'; tab: number; prerendered?: boolean }
  | { do: 'thaw'; tab: number; noticed: boolean }
  | { do: 'login'; tab: number; user: string }
  | { do: 'call'; tab: number; count: number; how?: 'post' | 'token' | 'refused'; abortAfter?: number }
  | { do: 'offline'; on: boolean }
  | { do: 'run' | 'sleep' | 'jump'; ms: number }
  | { do: 'steps'; count: number }
  | { do: 'drop'; when: 'before' | 'after'; times: number }
  | { do: 'duplicate'; times: number }
  | { do: 'status'; code: number; times: number; retryAfter?: number; body?: string }
  | { do: 'slow'; there: number; back: number }
  | { do: 'expire' | 'revoke' | 'heal' | 'wipe' }
  | { do: 'touch'; tab: number }
  | { do: 'disk'; fault: 'failing' | 'full' | 'hanging' | 'lost' | 'dropped' | 'slow' | 'stuck' | 'unopened' }
  /** What becomes of the next answers to a refresh; `names`, `gateway` and `cors` after the server has done its work. */
  | { do: 'mask'; how: 'html' | 'null' | 'names' | 'gateway' | 'cors'; times: number }
  /** Whoever sends the next refresh is frozen or killed so many milliseconds later. */
  | { do: 'ambush'; how: 'freezes' | 'dies'; after: number }

export interface Setup {
  storage: 'indexedDB' | 'cookie' | 'memory'
  /** IndexedDB holds sealed records: `encryptedStorage`. */
  sealed?: boolean
  engine: Engine
  locks: boolean
  /** Old browsers have no cookieStore. */
  cookieStore: boolean
  channel: 'broadcast' | 'storage' | 'none'
  /** What becomes of a spent refresh token: answered for ever, for half a minute, or never. The last two revoke its family. */
  server: 'patient' | 'graceful' | 'strict'
  /** Of access tokens, in milliseconds. */
  lifetime: number
  /** How far the wall clock is off at the start. */
  skew: number
  throttling: boolean
  /** Storage may fail or be wiped. */
  badStorage: boolean
  /** The app calls again from inside its listeners. */
  eager: boolean
  /** Who holds the tokens: the page; the server, in cookies; or the server the refresh token alone. */
  scheme: 'bearer' | 'cookie' | 'mixed'
  /** Of `sessionLimits`, in milliseconds. */
  limits?: { idleTimeout?: number; absoluteLifetime?: number }
  field?: Field
}

/** What servers and apps do that nobody here wrote. */
export interface Field {
  /** A renewal prolongs the same access token, hands it out again as long as it lasts, or brings one of half the lifetime. */
  tokens?: 'prolonged' | 'cached' | 'shrinking'
  /** In milliseconds, in place of that of `server`. */
  grace?: number
  /** The refresh function calls through the app's own session; the second gives it neither a form nor the same signal. */
  ownClient?: 'form' | 'json'
  /** All tabs throw the same dice, so that what they do at the same time ends at the same time. */
  sameDice?: boolean
}

export interface History {
  seed: number
  setup: Setup
  actions: Action[]
}

const HOUR = 3_600_000

/** One seed decides everything. */
export const makeHistory = (seed: number): History => {
  const random = seeded(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <Item>(...items: Item[]): Item => items[below(items.length)]!
  const chance = (probability: number) => random() < probability

  const storage = pick('indexedDB', 'indexedDB', 'cookie', 'cookie', 'memory')
  const setup: Setup = {
    storage,
    engine: pick('chromium', 'chromium', 'firefox', 'webkit'),
    locks: chance(storage === 'cookie' ? 0.9 : 0.75),
    cookieStore: chance(0.9),
    channel: pick('broadcast', 'broadcast', 'broadcast', 'broadcast', 'broadcast', 'broadcast', 'storage', 'storage', 'none'),
    server: pick('patient', 'patient', 'patient', 'graceful', 'strict'),
    lifetime: pick(300_000, 300_000, 300_000, 20_000, HOUR, 40 * 24 * HOUR),
    skew: pick(0, 0, 600_000, -24 * HOUR, 24 * HOUR),
    throttling: chance(0.3),
    badStorage: storage === 'indexedDB' && chance(0.3),
    eager: chance(0.2),
    scheme: 'bearer',
  }
  // Plain http has neither (platform facts §4.1).
  if (!setup.locks) setup.cookieStore = false

  const tab = () => below(6)
  const call = (): Action => ({
    do: 'call', tab: tab(), count: pick(1, 1, 3),
    ...(chance(0.3) && { how: pick('post', 'token', 'token', 'refused') }),
    ...(chance(0.1) && { abortAfter: pick(0, 10, 5000) }),
  })
  const steps = (): Action => ({ do: 'steps', count: 1 + below(chance(0.5) ? 6 : 30) })
  /** Long enough for the token to be due, or over. */
  const due = (): Action =>
    chance(0.2) ? { do: 'expire' } : { do: chance(0.7) ? 'sleep' : 'run', ms: Math.min(setup.lifetime, 2 * HOUR) * pick(0.75, 0.97, 1.1) }
  const disturb = (): Action =>
    pick<() => Action>(
      () => ({ do: pick('kill', 'reload', 'navigate', 'close'), tab: tab() }),
      () => ({ do: pick('cache', 'cache', 'restore'), tab: tab() }),
      () => ({ do: pick('hide', 'freeze'), tab: tab() }),
      () => ({ do: 'thaw', tab: tab(), noticed: chance(0.5) }),
      () => ({ do: 'logout', tab: tab() }),
      () => ({ do: 'login', tab: tab(), user: pick('alice', 'bob') }),
      () => ({ do: 'refresh', tab: tab() }),
      () => ({ do: 'jump', ms: pick(-24 * HOUR, -600_000, -3000, 3000, 600_000, 24 * HOUR) }),
      () => ({ do: 'sleep', ms: pick(2000, 60_000, HOUR) }),
      () => ({ do: 'offline', on: chance(0.5) }),
      call,
    )()
  const fault = (): Action =>
    pick<() => Action>(
      () => ({ do: 'drop', when: pick('before', 'after', 'after'), times: pick(1, 1, 2, 20) }),
      () => ({ do: 'duplicate', times: 1 }),
      () => ({
        do: 'status', code: pick(408, 425, 429, 500, 502, 503, 200, 400, 404), times: pick(1, 2, 5, 100),
        ...(chance(0.4) && { retryAfter: pick(2, 30, 32, 1e9) }),
        ...(chance(0.7) && { body: pick('<p>', '{}', '{"error":"invalid_client"}', '{"access_token":"at-SECRETSECRET-0-') }),
      }),
      () => ({ do: 'slow', there: pick(5, 20, 500, 9000, 15_000), back: pick(5, 20, 2000, 9000) }),
      () => ({ do: 'heal' }),
    )()
  const disk = (): Action => (chance(0.15) ? { do: 'wipe' } : { do: 'disk', fault: pick('failing', 'full', 'hanging', 'lost', 'dropped', 'slow') })

  const actions: Action[] = [{ do: 'open', tab: 0 }, { do: 'open', tab: 1 }, { do: 'run', ms: 30 }, { do: 'login', tab: 0, user: 'alice' }]
  if (storage === 'memory') actions.push({ do: 'login', tab: 1, user: 'alice' })
  actions.push({ do: 'run', ms: 50 })

  /** Everything at once: tokens run out, tabs ask, and something happens in the middle. */
  const rush = () => {
    if (chance(0.5)) actions.push(fault())
    actions.push(due())
    for (let count = 1 + below(3); count > 0; count--) actions.push(chance(0.7) ? call() : { do: 'refresh', tab: tab() })
    for (let count = 1 + below(3); count > 0; count--) {
      if (setup.badStorage && chance(0.3)) actions.push(disk())
      actions.push(steps(), disturb())
    }
  }
  const single = (): Action => {
    const dice = random()
    if (dice < 0.3) return { do: 'run', ms: pick(1, 5, 20, 45, 100, 1000, 3000, 12_000, 60_000, 290_000) * (0.5 + random()) }
    if (dice < 0.45) return call()
    if (dice < 0.55) return { do: 'open', tab: tab(), ...(chance(0.15) && { prerendered: true }) }
    if (dice < 0.6) return { do: 'show', tab: tab() }
    if (dice < 0.62) return setup.server === 'patient' ? { do: 'heal' } : { do: 'revoke' }
    if (dice < 0.72) return fault()
    if (dice < 0.75 && setup.badStorage) return disk()
    return disturb()
  }
  for (let count = 6 + below(20); count > 0; count--) {
    if (chance(0.15)) rush()
    else actions.push(single())
  }
  if (storage === 'indexedDB' && seed % 5 === 4) setup.sealed = true
  const history: History = { seed, setup, actions }
  return seed % 5 === 1 ? varied(history) : seed % 10 === 3 ? fielded(history) : seed % 10 === 7 ? unnoticed(history) : history
}

/** Another scheme, or limits: by draws of its own, so that the other histories stay as they are. */
const varied = ({ seed, setup, actions }: History): History => {
  const random = seeded(seed ^ 0x5c4e3e)
  const pick = <Item>(...items: Item[]): Item => items[Math.floor(random() * items.length)]!
  const scheme = pick<Setup['scheme']>('cookie', 'cookie', 'mixed', 'mixed', 'bearer')
  const changed: Setup = { ...setup, scheme }
  if (scheme !== 'bearer') {
    // Tabs that share a cookie, and have a record each, are what the mixed mode is made for; with cookies alone they are not.
    if (scheme === 'cookie' && setup.storage === 'memory') changed.storage = 'indexedDB'
    if (scheme === 'mixed' && setup.storage === 'cookie') changed.storage = 'memory'
    // Each tab asks for itself then, maybe at the same time: documented to need a grace window.
    if (changed.storage === 'memory' && setup.server === 'strict') changed.server = 'graceful'
  }
  if (scheme === 'bearer' || random() < 0.3) {
    changed.limits = pick<NonNullable<Setup['limits']>>(
      { idleTimeout: 600_000 }, { absoluteLifetime: 900_000 }, { idleTimeout: 1_200_000, absoluteLifetime: 2 * HOUR },
    )
    // Somebody is there, now and then; and time passes.
    const between = (action: Action) => actions.splice(5 + Math.floor(random() * (actions.length - 4)), 0, action)
    for (let count = 2 + Math.floor(random() * 6); count > 0; count--) between({ do: 'touch', tab: Math.floor(random() * 6) })
    for (let count = 1 + Math.floor(random() * 3); count > 0; count--) between({ do: pick('run', 'run', 'sleep'), ms: pick(60_000, 290_000, 595_000) })
  }
  return { seed, setup: changed, actions }
}

/** What happens to a session while one tab is hidden, and maybe frozen without notice: by draws of its own, too. */
const unnoticed = ({ seed, setup, actions }: History): History => {
  const random = seeded(seed ^ 0x51ee9)
  const pick = <Item>(...items: Item[]): Item => items[Math.floor(random() * items.length)]!
  const [hidden, other] = [Math.floor(random() * 6), Math.floor(random() * 6)]
  const scene: Action[] = [
    { do: 'hide', tab: hidden },
    ...pick<Action[]>([], [{ do: 'freeze', tab: hidden }]),
    { do: 'run', ms: pick(100, 2000) },
    pick<Action>({ do: 'logout', tab: other }, { do: 'login', tab: other, user: 'bob' }),
    { do: 'run', ms: pick(500, 3000, 20_000) },
    { do: 'thaw', tab: hidden, noticed: false },
    { do: 'call', tab: hidden, count: 1 },
    { do: 'run', ms: 500 },
  ]
  actions.splice(5 + Math.floor(random() * (actions.length - 4)), 0, ...scene)
  return { seed, setup: { ...setup, ...(random() < 0.5 && { channel: 'none' as const }) }, actions }
}

/** What the field does: by draws of its own, too. */
const fielded = ({ seed, setup, actions }: History): History => {
  const random = seeded(seed ^ 0x0f1e1d)
  const pick = <Item>(...items: Item[]): Item => items[Math.floor(random() * items.length)]!
  const chance = (probability: number) => random() < probability
  const tab = () => Math.floor(random() * 6)
  const field: Field = {
    ...(chance(0.6) && { tokens: pick<Field['tokens'] & string>('prolonged', 'cached', 'shrinking') }),
    ...(chance(0.6) && { grace: pick(0, 10_000, 60_000) }),
    ...(chance(0.2) && { ownClient: pick<'form' | 'json'>('form', 'json') }),
    ...(chance(0.3) && { sameDice: true }),
  }
  const changed: Setup = { ...setup, field }
  if (chance(0.6)) Object.assign(changed, { locks: true, channel: 'broadcast', lifetime: pick(setup.lifetime, 20_000) })
  if (field.grace !== undefined) changed.server = 'graceful'
  if (field.tokens === 'shrinking') changed.lifetime = Math.max(changed.lifetime, 300_000)
  if (chance(0.15)) Object.assign(changed, { scheme: 'cookie', storage: setup.storage === 'memory' ? 'indexedDB' : setup.storage })
  const call = (): Action => ({ do: 'call', tab: tab(), count: 1, ...(chance(0.2) && { how: 'token' }) })
  const calls = () => Array.from({ length: 1 + Math.floor(random() * 6) }, call)
  const due = (): Action => (chance(0.5) ? { do: 'expire' } : { do: 'run', ms: Math.min(changed.lifetime, 2 * HOUR) * pick(0.5, 0.75, 1.1) })
  const scene = (): Action[] => {
    const dice = random()
    if (dice < 0.45) {
      const opened = Array.from({ length: Math.floor(random() * 4) }, (): Action => ({ do: 'open', tab: 0 }))
      return [
        ...opened, { do: 'heal' }, { do: 'offline', on: false }, { do: 'run', ms: 3000 },
        { do: 'ambush', how: pick('freezes', 'freezes', 'dies'), after: pick(0, 5, 15, 30, 45) }, due(), ...calls(), { do: 'run', ms: pick(100, 7000, 7000, 7000) },
      ]
    }
    if (dice < 0.75) return [{ do: 'mask', how: pick('html', 'null', 'names', 'gateway', 'gateway', 'cors'), times: pick(1, 1, 2, 5) }, due(), ...calls(), { do: 'run', ms: pick(500, 5000, 20_000, 70_000) }]
    if (dice < 0.85 && changed.storage === 'indexedDB') return [{ do: 'disk', fault: pick('stuck', 'unopened') }, due(), ...calls(), { do: 'run', ms: pick(500, 5000) }]
    return [due(), ...calls(), { do: 'run', ms: pick(1500, 10_000, 30_000) }]
  }
  // Who comes for the first time, to a server that has nothing to say.
  if (changed.scheme === 'cookie' && chance(0.5)) {
    actions.unshift({ do: 'open', tab: 0 }, { do: 'mask', how: pick('html', 'null'), times: 3 }, { do: 'open', tab: 0 }, { do: 'run', ms: 200 }, call(), { do: 'heal' }, { do: 'run', ms: 200 })
  }
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) actions.splice(5 + Math.floor(random() * (actions.length - 4)), 0, ...scene())
  return { seed, setup: changed, actions }
}
