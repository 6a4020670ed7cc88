import type { Family, Sent } from '../server.js'
import { isExact, isRefused, isUnclear, mayPauseForLong, type Invariant, type Stage } from '../stage.js'
import { isLost, wasStopped } from './sending.js'

/** How long the renderers of two tabs may disagree about a value in localStorage. */
export const LAG = 400
/** How long the server's answer to a logout is on its way, which clears the cookie whosever it is by then. */
const CLEARING = 100

/**
 * I3: a session ends only for a reason of the closed list that really happened; with an honest server and only
 * transient faults it never ends. And whoever is signed out is told why (G7).
 */
export const ending = (stage: Stage): Invariant => {
  const { server, history, calls, logins, logouts } = stage
  const { setup } = history
  let checkedRevocations = 0
  const late = Math.max(setup.storage === 'memory' ? LAG : 0, setup.scheme === 'bearer' ? 0 : CLEARING)
  /**
   * A server that rotates a cookie cannot tell the browser whose it is meant to replace: an answer that was under way
   * when somebody else signed in takes the cookie away from the new session. Nothing in the page could see that.
   */
  const robbed = (family: Family) => {
    const { at } = logins.get(family)!
    return setup.scheme === 'mixed' && server.tokenRequests.some((sent) => sent.family !== family && sent.at <= at && (sent.settled ?? Infinity) >= at)
  }

  /**
   * A logout that the server had not heard of is told it when it can be reached again: by a cookie, which from the answer to
   * another login on is that one's, and no page can know until `setTokens` has stored it.
   */
  const ousted = new Set<Family>()
  const isUnknown = (family: Family) => {
    const { at, done = Infinity } = logins.get(family)!
    return setup.scheme === 'cookie' && (stage.world.time - CLEARING * 2 <= done || stage.shakySince(at))
  }

  const leftBy = (family: Family) => {
    const login = logins.get(family)!
    return logouts.some((logout) => (logout.done ?? Infinity) >= login.at - late)
  }
  const replaced = (family: Family) => {
    const login = logins.get(family)!
    return [...logins].some(([other, { done }]) => other !== family && (done ?? Infinity) >= login.at)
  }
  /** The server made an answer, and its asker may not have got it, or could not keep it. */
  const wasLost = (sent: Sent) =>
    sent.masked || (sent.status === 200 && !sent.rubbish && (isLost(sent) || wasStopped(sent) || sent.settled === undefined || stage.shakySince(sent.at)))

  /** Without the word on who sent it, which comes with one in a cookie. */
  const bare = ({ refreshToken }: Sent) => refreshToken.split(' ')[0]
  const refusedRightly = (family: Family, reason: string): string | undefined => {
    const requests = server.tokenRequests.filter((sent) => sent.family === family || sent.meant === family)
    if (!requests.some(isRefused)) return 'though the server refused nothing'
    // The server said so itself.
    if (ousted.has(family) || requests.some(({ nobody }) => nobody)) return
    // A tab that is gone may have written down that it asks, and not asked.
    const gone = stage.tabs.some(({ tab, closed }) => closed || tab.stoppedAt > -Infinity)
    // What a gateway says in the server's name with status 200 is not understood, so it leaves the same doubt as one that was lost.
    const inDoubt = (sent: Sent) => isLost(sent) || wasStopped(sent) || isUnclear(sent) || (sent.rubbish && sent.status === 200) || sent.settled === undefined
    // A clock that was set back cannot tell a request under way from one whose asker died.
    const excused = gone || stage.deceivedSince(requests[0]!.at - 5000)
    if (reason === 'rotation_lost' && !excused && !requests.some((sent) => inDoubt(sent) || stage.shakySince(sent.at - 5000))) return 'though no answer was lost'
    if (family.revokedBy === 'admin') return
    // With cookies it is the browser that chooses: there may be none any more, or that of somebody else.
    if (setup.scheme !== 'bearer' && (leftBy(family) || replaced(family) || robbed(family))) return
    if (family.revokedBy === 'client') return leftBy(family) || replaced(family) || stage.overdue?.(family) ? undefined : 'for it had revoked its own token'
    // Spent twice. By the browser, then nobody knows of it; else an answer was lost, and the reason says so.
    if (requests.some((sent) => sent.duplicated)) return
    const reuse = requests.find((sent) => sent.reuse)
    // One that was given up came late, after the one that took its place.
    if (reuse && (isLost(reuse) || wasStopped(reuse))) return
    if (reuse && (stage.deceivedSince(requests[0]!.at - 5000) || stage.wipedAt >= requests[0]!.at)) return
    if (!reuse) return 'and nobody had revoked it'
    const former = requests.filter((sent) => bare(sent) === bare(reuse) && sent !== reuse)
    if (!former.some(wasLost)) return 'for a token that was spent twice, with no answer lost'
    // Where each tab has a record of its own, it cannot know what another one lost; nor can a session know that of the
    // question whether there is one, in answer to which it was found.
    if (setup.scheme !== 'bearer' && (setup.storage === 'memory' || former.some((sent) => wasLost(sent) && sent.meant !== reuse.meant))) return
    // What it did get it could not store, and the server gave it again: nobody knows that this was too late.
    if (former.some((sent) => stage.shakySince(sent.at))) return
    if (reason !== 'rotation_lost') return 'though an answer was lost'
    return
  }

  /** Whom the last login left signed in, if that is certain. */
  const expected = (tab: (typeof stage.tabs)[number]['tab']) => {
    // It was told that nobody is there; or what may be spent is not sent again for long.
    if (server.tokenRequests.some(({ nobody }) => nobody) || mayPauseForLong(history)) return false
    // Without any way to tell, a visible tab learns of a login when it looks the next time.
    if (setup.server !== 'patient' || !isExact(history) || setup.channel === 'none') return false
    const mine = [...logins.entries()].filter(([, login]) => setup.storage !== 'memory' || login.tab === tab)
    const [family, login] = mine.at(-1) ?? []
    if (ousted.has(family!)) return false
    if (!login || login.done === undefined || login.tab.dead && login.tab.stoppedAt < login.done) return false
    if (stage.tabs.some((running) => running.tab === login.tab && running.closed)) return false
    if (stage.shakySince(login.at) || stage.wipedAt >= login.at || stage.overdue?.(family!)) return false
    if (setup.scheme !== 'bearer' && (robbed(family!) || stage.crossed(family!) || [...logins.keys()].at(-1) !== family)) return false
    return !leftBy(family!) && logouts.every((logout) => (logout.done ?? Infinity) < login.at - late)
  }

  return {
    step() {
      // Nobody revokes what is still in use.
      for (; checkedRevocations < server.revocations.length; checkedRevocations++) {
        const { family, tab } = server.revocations[checkedRevocations]!
        if (family && isUnknown(family) && logouts.length) {
          ousted.add(family)
          continue
        }
        // Late tokens of one that the server itself had ended are in use nowhere.
        if (family?.revokedBy === 'client' && !stage.overdue?.(family) && isExact(history) && !leftBy(family) && !replaced(family)) {
          stage.violate('I3', `${tab.name} revoked session ${family.number}, which nobody had ended`)
        }
      }
    },
    ended({ tab }, family, reason) {
      if (!family || stage.outOfOrder()) return
      // An older answer to the question whether there is a session may be written over a newer one.
      if (reason === undefined && setup.scheme !== 'bearer' && !isExact(history)) return
      // The server's cookie may be that of another by now, and the record that said so was not to be had.
      if (setup.scheme !== 'bearer' && stage.shakySince(0)) return
      const who = `${tab.name} signed out of session ${family.number} (${reason})`
      if (reason === 'logout') {
        if (isExact(history) && !leftBy(family)) stage.violate('I3', `${who}, and nobody had called logout`)
      } else if (reason === 'rejected' || reason === 'rotation_lost') {
        // Another login may have taken its place meanwhile, and what ended was that.
        const all = [...logins].flatMap(([other, { done }]) => ((done ?? Infinity) >= logins.get(family)!.at ? [other] : []))
        const wrong = refusedRightly(family, reason)
        if (isExact(history) && wrong && all.every((other) => refusedRightly(other, reason))) stage.violate('I3', `${who} ${wrong}`)
      } else if (reason === 'unreadable' && setup.sealed && stage.wipedAt >= 0) {
        // The key went with the rest.
        return
      } else if (!setup.limits || !/idle|lifetime/.test(reason)) stage.violate('I3', `${who}, for no reason of this history`)
    },
    end() {
      for (const { tab, endings, reasons, closed } of stage.tabs) {
        // One whose limit was over before it could be shown has an end that was told, and not seen; so has one that
        // began with an answer which was none, and says of nobody whose it is.
        const unseen = setup.limits || (setup.scheme === 'cookie' && server.tokenRequests.some(({ plausible }) => plausible))
        if (!tab.dead && !closed && (unseen ? endings > reasons : endings !== reasons)) {
          stage.violate('I3', `${tab.name} was signed out ${endings} times, and told why ${reasons} times`)
        }
      }
      for (const { tab, last, result, number } of calls) {
        // A clock that was set back may put this 401 into the cooldown of an earlier one; the next call gets through.
        if (result === '401' && stage.world.jumpedAt >= 0) continue
        if (last && !tab.dead && result !== '200' && !result?.endsWith('session_changed') && expected(tab)) {
          stage.violate('I3', `${tab.name} was not signed out by anybody, and its call #${number} came to ${result}`)
        }
      }
    },
  }
}
