import { NO_FAULTS } from './faults.mjs'

const ZERO = { tokenRequests: 0, sessionRefreshes: 0, rotations: 0, repeats: 0, reuses: 0, spentTwice: 0, unauthorized: 0, revocations: 0, logins: 0, apiCalls: 0 }
const LONGEST_LOG = 20_000
const LONGEST_HISTORY = 200
const MOMENT = 10_000

/** What the server has seen: the object that tests read, and the page shows without anything secret. */
export const createState = (options) => ({
  ...options,
  ...ZERO,
  /** hash of each refresh token → how often it was presented */
  refreshTokensSeen: new Map(),
  /** every request, headers included */
  log: [],
  /** what happened, in sentences */
  events: [],
  faults: { ...NO_FAULTS },
  /** what the tabs said of sessions that ended in them: { sid, at, reason, asked, live } */
  signOuts: [],
  /** grows with every event, and starts anew with the server */
  eventCount: 0,

  note(kind, sentence) {
    const last = this.events.at(-1)
    const again = last?.sentence === sentence ? this.events.pop().times + 1 : 1
    this.events.push({ id: ++this.eventCount, at: Date.now(), kind, sentence, times: again })
    if (this.events.length > LONGEST_HISTORY) this.events.shift()
  },

  saw(hash) {
    this.refreshTokensSeen.set(hash, (this.refreshTokensSeen.get(hash) ?? 0) + 1)
  },

  /**
   * How often a tab was signed out of a session that the server still honoured, other than because somebody
   * logged out: of that session, or, with memory storage, of another one in another tab a moment ago.
   */
  get wronglySignedOut() {
    const asked = this.signOuts.filter((one) => one.asked)
    const follows = (one) => asked.some(({ sid, at }) => sid === one.sid || (one.reason === 'logout' && Math.abs(one.at - at) < MOMENT))
    return this.signOuts.filter((one) => one.live && !follows(one)).length
  },

  reset() {
    Object.assign(this, ZERO)
    Object.assign(this.faults, NO_FAULTS)
    this.refreshTokensSeen.clear()
    this.log.length = 0
    this.events.length = 0
    this.signOuts.length = 0
  },

  toJSON() {
    const { alg, lifetime, refreshLifetime, grace, url, apiUrl, startedAt, faults, events } = this
    const times = [...this.refreshTokensSeen.values()]
    return {
      url, apiUrl, startedAt, now: Date.now(), alg, lifetime, refreshLifetime, grace,
      counters: Object.fromEntries([...Object.keys(ZERO), 'wronglySignedOut'].map((name) => [name, this[name]])),
      refreshTokens: { seen: times.length, presentedAgain: times.filter((count) => count > 1).length },
      faults, events,
      log: this.log.slice(-50).map(({ at, method, origin, path, status }) => ({ at, method, origin, path, status })),
    }
  },
})

/** Hono middleware: keeps every request but those of the panel that looks at them. */
export const logRequests = (state, origin) => async (c, next) => {
  if (c.req.path.startsWith('/_')) return next()
  const { method, headers, rawHeaders, url } = c.env.incoming
  const entry = { at: Date.now(), method, path: c.req.path, query: url.split('?')[1] ?? '', origin: origin(), headers: { ...headers }, rawHeaders: [...rawHeaders] }
  state.log.push(entry)
  if (state.log.length > LONGEST_LOG) state.log.splice(0, LONGEST_LOG / 10)
  await next()
  entry.status = c.env.incoming.socket.destroyed ? undefined : c.res.status
  if (entry.status === 401 && c.res.headers.has('WWW-Authenticate')) {
    state.unauthorized++
    state.note('refused', `401 for ${method} ${c.req.path}. ${c.error?.message ?? ''}`.trim())
  }
}
