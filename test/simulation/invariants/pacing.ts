import { isExact, type Invariant, type Stage } from '../stage.js'
import type { Sent } from '../server.js'

/** Between the answer to one renewal and the next that nobody asked for. */
const FLOOR = 2000
/** Clocks count whole milliseconds. */
const ROUNDING = 3
/** How long a 401 may be on its way, or wait for its turn. */
const CAUSED = 20_000

/** I7: renewals never storm, also those that succeed: for all tabs together there is a floor between two, whatever lifetimes say. */
export const pacing = (stage: Stage): Invariant => {
  const { world, server, calls, history } = stage
  const { setup } = history
  const applies = setup.scheme === 'bearer' && setup.storage !== 'memory' && isExact(history)
  const answers = new Map<Sent, number>()
  const clock = () => world.time + world.wallOffset
  let checked = 0
  let open: Sent[] = []

  const check = (sent: Sent) => {
    if (server.tokenRequests.some((each) => each !== sent && each.refreshToken === sent.refreshToken && each.at <= sent.at)) return
    const former = server.tokenRequests.findLast((each) => each.issued === sent.refreshToken && answers.has(each))
    if (!former) return
    const real = sent.at - former.settled!
    if (Math.max(real, clock() - answers.get(former)!) >= FLOOR - ROUNDING) return
    if (world.jumpedAt >= former.at || stage.shakySince(former.at - 5000) || stage.wipedAt >= 0) return
    const asked = calls.some(({ what, at, done = Infinity }) => what === 'refresh' && at <= sent.at && done >= former.at)
    const refused = server.apiRequests.some(({ status, at }) => status === 401 && at <= sent.at && sent.at - at < CAUSED)
    if (!asked && !refused) stage.violate('I7', `${sent.tab.name} renewed tokens that came ${real.toFixed(0)} ms ago, and nobody had asked for it`)
  }

  return {
    step() {
      if (!applies) return
      for (; checked < server.tokenRequests.length; checked++) {
        const sent = server.tokenRequests[checked]!
        check(sent)
        open.push(sent)
      }
      if (!open.length) return
      for (const sent of open) if (sent.outcome === 'answered' && !answers.has(sent)) answers.set(sent, clock())
      open = open.filter(({ settled }) => settled === undefined)
    },
  }
}
