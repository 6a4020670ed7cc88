import { isExact, type Call, type Invariant, type Stage } from '../stage.js'
import type { Sent } from '../server.js'

/** Everybody who waits for a holder that froze or died is served within this time, the server's delay not counted. */
const SERVED = 6000
/** From the death of a holder to the next request. */
const TAKEN_OVER = 1000
/** Storage, the lock of a page that is gone, and the calls themselves. */
const SLACK = 200
const LONG_ENOUGH = 10_000

/**
 * I8: a session survives a dead or frozen holder whenever the server's grace allows it. Everybody who waits is served in
 * time, by one tab that takes over, and by one request more.
 */
export const surviving = (stage: Stage): Invariant => {
  const { world, server, calls, history, indexedDB } = stage
  const { setup } = history
  const applies = setup.channel === 'broadcast' && setup.locks && setup.scheme === 'bearer' && setup.storage !== 'memory' && isExact(history)
  const isCalm = () => {
    const { dropBefore, dropAfter, duplicate, mask, status, there, back } = server.faults
    return !dropBefore && !dropAfter && !duplicate && !mask?.times && !status?.times && there + back <= 50
  }
  const isAwake = ({ tab }: Call) => !tab.dead && !tab.frozen && !tab.hidden && !tab.prerendering && !tab.offline
  const isServed = ({ what, result }: Call) => result === 'done' || (what === 'fetch' && /^(200|401)$/.test(result!)) || /session_ended|AbortError/.test(result!)

  let strikes = 0

  return {
    struck(sent: Sent, how) {
      const { at: sentAt, refreshToken, tab: holder } = sent
      const at = world.time
      const number = ++strikes
      // What was before it has a pause of its own.
      const first = server.tokenRequests.filter((each) => each.refreshToken === refreshToken).length === 1
      const others = stage.tabs.some(({ tab }) => tab !== holder && !tab.dead && (tab.frozen || tab.offline))
      if (!applies || !first || others || !isCalm() || stage.disturbedAt > sentAt - 3000 || stage.shakySince(0) || stage.wipedAt >= 0) return
      const again = () => server.tokenRequests.filter((each) => each.refreshToken === refreshToken && each !== sent)
      const isUndisturbed = () => number === strikes && isCalm() && stage.disturbedAt < sentAt && !stage.shakySince(0) && !server.families.some((family) => family.revoked && family.revokedBy !== 'reuse')
      const waiting = () => calls.filter((call) => call.at <= at && (call.done ?? Infinity) > at && call.tab !== holder && isAwake(call))
      const after = (delay: number, check: () => void) => world.schedule(undefined, delay, () => isUndisturbed() && check())
      if (how === 'dies') {
        after(TAKEN_OVER + SLACK, () => {
          if (waiting().some(({ done }) => done === undefined) && !again().length) {
            stage.violate('I8', `nobody has asked again ${world.time - at} ms after the death of ${holder.name}, for which somebody waits`)
          }
        })
      }
      after(SERVED + SLACK, () => {
        for (const call of waiting()) {
          if (call.done === undefined) stage.violate('I8', `${call.what} #${call.number} of ${call.tab.name} still waits ${world.time - at} ms after ${holder.name} ${how}`)
          else if (server.grace >= LONG_ENOUGH && !isServed(call)) stage.violate('I8', `${call.what} #${call.number} of ${call.tab.name} came to ${call.result} after ${holder.name} ${how}`)
        }
        if (again().length > 1) stage.violate('I8', `${again().length} tabs took over from ${holder.name}, which ${how}`)
        if (server.grace >= LONG_ENOUGH && sent.family?.revokedBy === 'reuse') stage.violate('I8', `session ${sent.family.number} is lost with ${holder.name}, which ${how}`)
      })
    },
    end() {
      // What storage could not take is there again, once storage is. Without any channel a visible tab hears of no other login.
      if (setup.storage !== 'indexedDB' || setup.scheme === 'cookie' || stage.wipedAt >= 0 || !setup.field || setup.channel === 'none') return
      const stored = stage.stored()
      for (const { tab, shown, closed } of stage.tabs) {
        if (tab.dead || tab.frozen || closed || !shown || world.time - indexedDB.failedAt < 60_000) continue
        if (!shown.tokens.some((token) => stored.includes(token))) stage.violate('I8', `${tab.name} shows session ${shown.number}, which storage does not hold though it works again`)
      }
    },
  }
}
