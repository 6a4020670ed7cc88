import type { Sent } from '../server.js'
import { isExact, isRefused, type Invariant, type Stage } from '../stage.js'

/** The shortest pause after the n-th request with one refresh token: twice as long each time, give or take a quarter. */
const pauseAfter = (n: number) => 0.75 * Math.min(1000 * 2 ** n, 60_000)
/** As far as a server is obeyed that asks for a longer one. */
const LONGEST_RETRY_AFTER = 300_000
/** Clocks count whole milliseconds. */
const ROUNDING = 3
/** From writing down the intent to sending, when storage is at its slowest without failing. */
const WRITING = 500
/** An intent that took longer to write than this is not acted upon. */
const OLDEST_INTENT = 2500
/** How long a holder that cannot be asked counts as alive. */
const HOLD_LIMIT = 8000
/** How long a holder that can be asked stays without a reply before it counts as frozen: two questions, 0.8 and 1 s. */
const ASKED_FOR = 1750
/** The shortest pause after a request whose sender died or froze. */
const AFTER_A_DEATH = 750
/** Requests with one refresh token in one minute: 0, 2, 6, 14, 30 and 62 s after the first, a quarter sooner at most, and some for tabs that die. */
const TRIES_PER_MINUTE = 12

export const isLost = (sent: Sent): boolean => sent.outcome === 'lost'
/** It was stopped after sending, and may never have seen the answer. */
export const wasStopped = ({ tab, at }: Sent): boolean => tab.dead || tab.frozen || tab.stoppedAt >= at

/**
 * I1: a refresh token is sent again only after its earlier sender died or its answer was lost or was transient, never
 * concurrently, each time with the same idempotency key, after the pause.
 * I7: no storm, whatever the faults.
 */
export const sending = (stage: Stage): Invariant => {
  const { world, server, history } = stage
  const { setup } = history
  let checked = 0
  const clocks = new Map<Sent, number>()
  const clock = () => world.time + world.wallOffset

  const again = (sent: Sent, former: Sent, n: number) => {
    // Each page that opens may ask once whether there is a session, as long as there is none.
    if (setup.scheme !== 'bearer' && !former.meant && (isRefused(former) || (!sent.meant && former.key !== sent.key))) return
    // What could tell one try from the other is gone: each tab puts back what it remembers (R40).
    if (stage.wipedAt >= (sent.family ? stage.logins.get(sent.family)!.at : 0)) return
    // With the tokens in cookies nothing in an answer tells that it was none.
    if (former.plausible) return
    const who = `${sent.tab.name} sent a refresh token again`
    // Who closes its session is as good as dead to the others.
    const stopped = wasStopped(former) || stage.tabs.some(({ tab, closed }) => closed && tab === former.tab)
    const over = former.settled !== undefined
    const useless = over && (isLost(former) || former.status !== 200 || former.rubbish || former.masked)
    // Storage that answers late may have taken what was given up as not stored.
    const shaky = stage.shakySince(former.at - OLDEST_INTENT) || stage.wipedAt >= former.at - OLDEST_INTENT
    // Where that cannot be written down, or a logout by nobody takes it away, each tab that opens asks for itself.
    const left = stage.logouts.some(({ at, done = at }) => done >= former.at - OLDEST_INTENT && at <= sent.at)
    if (setup.scheme !== 'bearer' && !sent.meant && (shaky || left)) return
    // Where it does not tell of a cookie's session, each tab has a record of its own of it.
    if (setup.scheme !== 'bearer' && sent.family && stage.shakySince(stage.logins.get(sent.family)!.at)) return
    const real = sent.at - former.at
    const wall = clock() - clocks.get(former)!
    const deceived = stage.deceivedSince(former.at - OLDEST_INTENT)

    // Storage that fails cannot tell for how long a holder has held: then the server's grace is what is left.
    if (!over && !stopped && !deceived && !shaky) stage.violate('I1', `${who} while ${former.tab.name} waits for the answer to it`)
    if (over && !useless && !stopped && !shaky && !deceived) stage.violate('I1', `${who} though ${former.tab.name} has the answer to it`)
    if (former.key !== sent.key && !shaky && sent.meant === former.meant) stage.violate('I1', `${who} with another idempotency key`)
    // A clock that was set back cannot tell a pause, nor can one that went on while the intent was written down.
    const setBack = wall < -900 || stage.deceivedSince(former.at - OLDEST_INTENT)
    const paused = over && !stopped ? sent.at - former.settled! : real
    // Who settled left a pause of the backoff behind; after one that died, the shortest is right.
    const settled = over && !stopped && !shaky
    const named = Math.min((!isLost(former) && former.retryAfter) || 0, LONGEST_RETRY_AFTER)
    // What the server names is the pause; less than a second is no pause.
    const pause = settled ? (named >= 1000 ? named : pauseAfter(n)) : AFTER_A_DEATH
    if (!setBack && !deceived && Math.max(paused, wall) < pause - (settled ? ROUNDING : WRITING)) {
      stage.violate('I1', `${who} ${paused.toFixed(0)} ms after ${former.tab.name} did, and should have paused ${pause.toFixed(0)} ms`)
    }
    const tooSoon = setup.channel === 'broadcast' ? sent.at - former.tab.stoppedAt < ASKED_FOR : Math.max(real, wall) < HOLD_LIMIT - WRITING
    if (!over && !deceived && !shaky && former.tab.frozen && !former.tab.cached && !former.tab.dead && tooSoon) {
      stage.violate('I1', `${who} ${real.toFixed(0)} ms after ${former.tab.name} did, which is frozen and not yet given up`)
    }
  }

  /** What may make a refresh necessary in one minute, besides a retry. */
  const causes = () => {
    const recent = (time: number) => world.time - time < 120_000
    const asked = stage.calls.filter((call) => call.what === 'refresh' && (call.done === undefined || recent(call.done))).length
    const refused = server.apiRequests.filter((request) => request.status === 401 && recent(request.at)).length
    // With `resume` each page that opens may ask; with a cookie for all and a record each, all do all of it.
    const opened = setup.scheme === 'bearer' ? 0 : stage.tabs.filter(({ tab }) => recent(tab.openedAt)).length
    const each = setup.scheme !== 'bearer' && setup.storage === 'memory' ? stage.tabs.length : 1
    // However short a lifetime is, there is a floor between two renewals.
    const shortest = /cached|shrinking/.test(setup.field?.tokens ?? '') ? 4000 : setup.lifetime
    return opened + each * (4 + Math.ceil(60_000 / (shortest * 0.5)) + asked + refused + (recent(world.jumpedAt) || recent(world.sleptAt) ? 4 : 0))
  }
  const storm = (sent: Sent) => {
    const recent = server.tokenRequests.filter((each) => sent.at - each.at < 60_000)
    const same = recent.filter((each) => each.refreshToken === sent.refreshToken).length
    const opened = sent.meant || setup.scheme === 'bearer' ? 0 : stage.tabs.length
    // Where tabs cannot see each other's tries, each has a budget of its own.
    const named = recent.filter((each) => each.retryAfter && !isLost(each)).length
    const budget = TRIES_PER_MINUTE * (isExact(history) ? 1 : stage.tabs.filter(({ tab }) => !tab.dead).length) + opened + named
    if (same > budget) stage.violate('I7', `${same} requests with one refresh token within a minute`)
    const refreshes = new Set(recent.filter((each) => each.family === sent.family).map((each) => each.refreshToken)).size
    // Where no storage says that it was done, each tab does it: with the tokens in cookies, to nobody's harm.
    const each = setup.scheme !== 'bearer' && stage.shakySince(world.time - 120_000) ? stage.tabs.filter(({ tab }) => !tab.dead).length : 1
    if (refreshes > causes() * each) stage.violate('I7', `${refreshes} refreshes of one session within a minute, and ${causes()} causes at most`)
  }

  return {
    step() {
      for (; checked < server.tokenRequests.length; checked++) {
        const sent = server.tokenRequests[checked]!
        stage.note(sent.tab.name, `  token request with ${sent.refreshToken}, key ${sent.key}`)
        if (isExact(history)) {
          const earlier = server.tokenRequests.slice(0, checked).filter((each) => each.refreshToken === sent.refreshToken)
          // Tries are counted in the record: where that was lost with its key, they begin anew.
          // So where the answer to one was taken for good (above).
          const taken = earlier.findLastIndex(({ plausible }) => plausible)
          const tries = (former: Sent) => earlier.slice(taken + 1).filter(({ key, at }) => key === former.key && at <= former.at).length
          for (const former of earlier) again(sent, former, setup.scheme === 'bearer' || sent.meant ? tries(former) : 1)
        }
        clocks.set(sent, clock())
        storm(sent)
      }
    },
  }
}
