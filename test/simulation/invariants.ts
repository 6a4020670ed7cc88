import type { Session } from '../../src/types.js'
import type { Browser, Tab } from './platform.js'
import type { Family, Sent } from './server.js'
import type { Stage } from './simulate.js'

/** One call of the app. */
export interface Call {
  number: number
  tab: Tab
  what: 'fetch' | 'refresh' | 'logout' | 'login'
  /** Who was signed in, as the tab showed it when the call was made. */
  user: string | undefined
  at: number
  settled: boolean
  last: boolean
  result?: string
}

export interface Invariants {
  violations: string[]
  watch(tab: Tab, session: Session): void
  login(tab: Tab, session: Session, user: string): void
  logout(tab: Tab, session: Session): void
  call(tab: Tab, session: Session, what: 'fetch' | 'refresh', last?: boolean): void
  /** The server was told to refuse everybody. */
  refused(): void
  wiped(): void
  check(): void
  checkEnd(): void
}

/** A hint is on its way this long at most, and a tab acts on it within this time (R35). */
const PROPAGATION = 500
const HOLD_LIMIT = 10_000
/** The longest that a call may take while its tab runs: lock patience, one request, pauses and storage. */
const CALL_BOUND = 60_000
/** Failed token requests in one minute, for all tabs of a session together. */
const FAILURES_PER_MINUTE = 20

export const createInvariants = (stage: Stage, browser: Browser, note: (who: string, what: string) => void): Invariants => {
  const { world, server, disk, jar, calls, history } = stage
  const { setup } = history
  const violations: string[] = []
  /** The sessions that ended by logout, and when that was complete. */
  const ended = new Map<Family, number>()
  /** The sessions that were begun, and stored. */
  const begun = new Map<Family, Tab>()
  /** Every event and error that the app got to see. */
  const said: unknown[] = []
  let logouts = 0
  let refusals = 0
  let wipes = 0
  let checkedTokens = 0
  let checkedCalls = 0
  let checkedMessages = 0

  const violate = (invariant: string, what: string) => {
    violations.push(`${invariant}: ${what}`)
    note('', `VIOLATION ${invariant}: ${what}`)
  }

  const stored = () => {
    if (setup.storage === 'indexedDB') return JSON.stringify(disk.value ?? null)
    if (setup.storage === 'cookie') return decodeURIComponent([...jar.truth.values()].join())
    return ''
  }

  const start = (tab: Tab, session: Session, what: Call['what'], run: (call: Call) => Promise<unknown>, last = false): Call => {
    const call: Call = {
      number: calls.length, tab, what, at: world.time, settled: false, last,
      user: session.unverifiedClaims?.sub,
    }
    calls.push(call)
    note(tab.name, `${what} #${call.number}${call.user ? ` as ${call.user}` : ''}`)
    const finish = (result: string) => {
      call.settled = true
      call.result = result
      note(tab.name, `${what} #${call.number} → ${result}`)
    }
    run(call).then(
      (value) => finish(value instanceof Response ? String(value.status) : 'done'),
      (error: Error & { code?: string }) => {
        said.push(error)
        finish(`${error.name} ${error.code ?? error.message}`)
      },
    )
    return call
  }

  /** I1: sent again only when the earlier answer cannot come any more, with the same key, after a pause. */
  const checkSent = (sent: Sent, earlier: Sent[]) => {
    for (const former of earlier) {
      const gone = former.tab.dead || former.tab.cached || former.tab.frozen || former.tab.wasCached
      const transient = former.settled !== undefined && (former.outcome === 'lost' || (former.status ?? 200) !== 200 || former.rubbish)
      if (!transient && !gone && !setup.badStorage) {
        violate('I1', `${sent.tab.name} sent a refresh token that ${former.tab.name} had sent ${former.settled === undefined ? 'and waits for' : 'and got an answer to'}`)
      }
      if (former.key !== sent.key && !(wipes || setup.badStorage)) violate('I1', `${sent.tab.name} sent a refresh token again with another idempotency key`)
      if (sent.at - former.at < 900) violate('I1', `${sent.tab.name} sent a refresh token again after ${(sent.at - former.at).toFixed(0)} ms`)
      if (former.settled === undefined && former.tab.frozen && sent.at - former.at < HOLD_LIMIT - 1) {
        // A frozen holder keeps its lock; without locks nothing tells it from one at work.
        violate('I1', `${sent.tab.name} passed over a frozen tab after ${(sent.at - former.at).toFixed(0)} ms`)
      }
    }
  }

  const checkTokens = () => {
    for (; checkedTokens < server.tokenRequests.length; checkedTokens++) {
      const sent = server.tokenRequests[checkedTokens]!
      note(sent.tab.name, `token request with ${sent.refreshToken.slice(-6)}`)
      checkSent(sent, server.tokenRequests.slice(0, checkedTokens).filter((each) => each.refreshToken === sent.refreshToken))
      // I7
      const recent = server.tokenRequests.filter((each) => sent.at - each.at < 60_000 && each.refreshToken === sent.refreshToken)
      if (recent.length > FAILURES_PER_MINUTE) violate('I7', `${recent.length} requests with one refresh token within a minute`)
    }
  }

  const checkCalls = () => {
    for (; checkedCalls < server.apiRequests.length; checkedCalls++) {
      const request = server.apiRequests[checkedCalls]!
      if (!request.token) continue
      // I2
      const since = ended.get(server.familyOf(request.token)!)
      const late = since !== undefined && request.at - Math.max(since, request.tab.resumedAt ?? 0)
      const stopped = since !== undefined && (request.tab.resumedAt ?? -1) > since
      if (since !== undefined && request.at > since && (stopped || (late as number) > PROPAGATION)) {
        violate('I2', `${request.tab.name} attached a token ${(request.at - since).toFixed(0)} ms after its session was logged out`)
      }
      // I5
      const call = calls[Number(new URL(request.url).searchParams.get('call'))]!
      const owner = server.userOf(request.token)
      if (call.user && owner && owner !== call.user) violate('I5', `call #${call.number} was made as ${call.user} and sent as ${owner}`)
    }
  }

  /** I4: within its bound, not counting the time in which its tab was stopped. */
  const checkBounds = () => {
    for (const call of calls) {
      const { tab } = call
      if (call.settled || tab.dead || tab.frozen) continue
      const from = Math.max(call.at, tab.resumedAt ?? 0)
      if (world.time - from > CALL_BOUND) {
        call.settled = true
        violate('I4', `${call.what} #${call.number} of ${tab.name} is not settled after ${((world.time - from) / 1000).toFixed(0)} s`)
      }
    }
  }

  return {
    violations,
    watch(tab, session) {
      for (const type of ['login', 'refresh', 'change', 'logout', 'error'] as const) {
        session.on(type, (event) => {
          said.push(event)
          note(tab.name, `event ${type} ${'reason' in event ? event.reason : ''}${'error' in event ? event.error.code : ''} ${event.source}`)
          // I3
          if (!('reason' in event)) return
          const { reason } = event
          if (reason === 'logout' && !logouts) violate('I3', `${tab.name} signed out by a logout that nobody made`)
          if (reason === 'expired') violate('I3', `${tab.name} signed out as expired, with a refresh token`)
          if (reason === 'rejected' || reason === 'rotation_lost') {
            if (setup.honest && !refusals && !logouts && !setup.badStorage) violate('I3', `${tab.name} signed out (${reason}) by an honest server`)
            const lost = server.tokenRequests.some((each) => each.settled === undefined || each.outcome === 'lost' || (each.status ?? 200) !== 200 || each.rubbish)
            if (!refusals && !logouts && !lost && !setup.badStorage) violate('I3', `${tab.name} signed out (${reason}) though no answer was lost`)
          }
        })
      }
    },
    login(tab, session, user) {
      start(tab, session, 'login', async () => {
        const tokens = server.login(user)
        const family = server.familyOf(tokens.access_token)!
        await session.setTokens(tokens, { subject: user })
        begun.set(family, tab)
      })
    },
    logout(tab, session) {
      logouts++
      start(tab, session, 'logout', async () => {
        // What is stored or held now is what this logout ends; a login that comes after it is another session.
        const ending = [...begun].filter(([, owner]) => setup.storage !== 'memory' || owner === tab)
        await session.logout()
        if (setup.badStorage) return
        const kept = stored()
        for (const [family] of ending) {
          if (!ended.has(family)) ended.set(family, world.time)
          if (family.tokens.some((token) => kept.includes(token))) violate('I2', `storage holds a token after the logout of ${tab.name}`)
        }
      })
    },
    call(tab, session, what, last = false) {
      start(
        tab, session, what,
        (call) => (what === 'refresh' ? session.refresh() : session.fetch(`https://app.example.com/api?call=${call.number}`)),
        last,
      )
    },
    refused() {
      refusals++
    },
    wiped() {
      wipes++
    },
    check() {
      if (checkedTokens < server.tokenRequests.length) checkTokens()
      if (checkedCalls < server.apiRequests.length) checkCalls()
      checkBounds()
      // I6
      for (; checkedMessages < browser.messages.length; checkedMessages++) {
        if (JSON.stringify(browser.messages[checkedMessages]).includes('SECRET')) violate('I6', 'a message holds a token')
      }
    },
    checkEnd() {
      for (const call of calls) {
        if (!call.settled && !call.tab.dead) violate('I4', `${call.what} #${call.number} of ${call.tab.name} never settled`)
        // With the faults gone, who is signed in is served.
        if (call.last && call.result && !/^(200|401)$/.test(call.result) && setup.honest && !setup.badStorage) {
          violate('I4', `after all faults were gone, ${call.what} #${call.number} of ${call.tab.name} came to ${call.result}`)
        }
        if (call.last && call.result === '401' && call.user && setup.honest && !refusals) {
          violate('I3', `${call.tab.name} shows ${call.user}, and is refused`)
        }
      }
      for (const thing of said) {
        const { message, stack, cause } = Object(thing) as Error
        const text = [JSON.stringify(thing), message, stack, cause && String(cause)].join()
        if (text.includes('SECRET')) violate('I6', `an event or error holds a token: ${text.slice(0, 200)}`)
      }
      for (const { tab } of stage.tabs) for (const error of tab.uncaught) violate('I4', `${tab.name} threw ${String(error)}`)
    },
  }
}
