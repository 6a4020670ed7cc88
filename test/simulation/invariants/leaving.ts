import type { Family } from '../server.js'
import { isExact, type Invariant, type Logout, type Stage } from '../stage.js'
import { LAG } from './ending.js'

/** R35, and R67 for the way over storage events. */
export const PROPAGATION = { broadcast: 500, storage: 2000, none: Infinity }
/** A hidden tab that was stopped without notice trusts its memory this long. */
export const UNNOTICED = 1500
/** Whoever wants the lock of a cookie takes the machine's sleep for the holder's, and both write; then it is put right. */
const STOLEN = 5000
const BLOCKED = 1000
/** When storage failed during a logout, or when the news of one came: it works again within this time. */
const RECOVERY = 60_000

/**
 * I2: after a logout completes in any tab no tab attaches that session's token again, ever, and no storage holds it.
 */
export const leaving = (stage: Stage): Invariant => {
  const { world, server, history, indexedDB } = stage
  const { setup } = history
  const ended = new Map<Family, Logout>()
  let checked = 0
  let due = false
  const limit = PROPAGATION[setup.channel]

  /** Its tab could not try again. */
  const gaveUp = ({ tab, at }: Logout) => tab.stoppedAt >= at || stage.tabs.some((running) => running.tab === tab && running.closed)

  /** Its cookie came back: with an answer that was under way as somebody else signed in, which no page can see. */
  const revived = (family: Family) =>
    setup.scheme === 'mixed' &&
    server.tokenRequests.some((sent) => sent.family === family && [...stage.logins].some(([other, { at }]) => other !== family && sent.at <= at && (sent.settled ?? Infinity) >= at))

  const check = ({ tab, at, token }: (typeof server.attached)[number]) => {
    if (!token) {
      // With the tokens in cookies nothing in an answer tells that it was none.
      if (setup.scheme === 'cookie' && server.tokenRequests.some(({ plausible }) => plausible)) return
      return stage.violate('I2', `${tab.name} attached the headers of a session with nobody signed in`)
    }
    const family = server.familyOf(token)!
    const logout = ended.get(family)
    if (!logout || at <= logout.done!) return
    if (revived(family)) return
    const since = at - logout.done!
    const violate = (why: string) =>
      stage.violate('I2', `${tab.name} attached a token of session ${family.number} ${since.toFixed(0)} ms after its logout${why}`)
    if (logout.shaky && stage.outOfOrder()) return
    if (tab === logout.tab && (stage.wipedAt < logout.at || family === logout.held)) return violate(', which it made itself')
    // After a wipe nothing is left that could tell a tab which slept through the logout.
    if (stage.wipedAt >= logout.at) return
    if (logout.shaky || stage.shakySince(logout.at)) {
      // Whoever could not write it down, and was stopped before it could be tried again, told nobody.
      if (logout.shaky && gaveUp(logout)) return
      // Without any way to tell, a visible tab learns of it when it looks the next time.
      if (limit === Infinity) return
      if (at - Math.max(logout.done!, indexedDB.failedAt, tab.resumedAt ?? 0) > RECOVERY) violate(', with storage back for long')
      return
    }
    // Where only a value in localStorage tells, whoever comes back too soon may not see it yet.
    if ((tab.resumedAt ?? -1) > logout.done! + (setup.storage === 'memory' ? LAG : 0)) {
      if (tab.resumeNoticed || since > UNNOTICED) violate(', which it slept through')
    } else if (since > (tab.hidden ? Math.min(limit, UNNOTICED) : limit)) violate('')
  }

  /** What the storage itself holds; what renderers remember of it is not storage. */
  const checkStored = () => {
    // After a wipe each tab puts back what it remembers, until it has heard the news (R40).
    if (!ended.size || world.time - stage.wipedAt < Math.min(limit, RECOVERY)) return
    for (const [token] of stage.stored().matchAll(/[ar]t-SECRETSECRET-\d+-/g)) {
      const family = server.familyOf(token)!
      const logout = ended.get(family)
      if (!logout || stage.wipedAt >= logout.at || logout.shaky || stage.shakySince(logout.at)) continue
      if (setup.storage === 'cookie' && stage.deceivedSince(logout.at - STOLEN) && world.time - logout.done! < STOLEN) continue
      stage.violate('I2', `storage holds a token of session ${family.number}, which was logged out`)
    }
  }

  /** R35: every visible tab says so. */
  const checkShown = (logout: Logout) => {
    if (stage.violations.length || logout.shaky || stage.shakySince(logout.at) || stage.wipedAt >= logout.at) return
    // A page that is stopped with a transaction under way holds up the others' for a while.
    if (setup.storage === 'indexedDB' && stage.tabs.some(({ tab }) => tab.stoppedAt > logout.at - BLOCKED)) return
    for (const { tab, shown, closed } of stage.tabs) {
      const awake = !tab.dead && !tab.frozen && !closed && tab.openedAt < logout.at && !(tab.stoppedAt >= logout.at)
      if (awake && !tab.hidden && (tab.resumedAt ?? 0) < logout.at && shown && logout.families.includes(shown)) {
        stage.violate('I2', `${tab.name} still shows session ${shown.number} ${limit} ms after its logout in ${logout.tab.name}`)
      }
    }
  }

  return {
    step() {
      for (; checked < server.attached.length; checked++) if (isExact(history)) check(server.attached[checked]!)
      if (due) checkStored()
      due = false
    },
    written() {
      due = isExact(history)
    },
    loggedOut(logout) {
      for (const family of logout.families) if (!ended.has(family)) ended.set(family, logout)
      due = isExact(history)
      if (isExact(history) && limit < Infinity) world.schedule(undefined, limit, () => checkShown(logout))
    },
    end() {
      // Storage works again since long: what a logout could not clear then is cleared now, if its tab lived to do it.
      for (const [token] of isExact(history) ? stage.stored().matchAll(/[ar]t-SECRETSECRET-\d+-/g) : []) {
        const logout = ended.get(server.familyOf(token)!)
        if (logout && !(logout.shaky && gaveUp(logout)) && stage.wipedAt < logout.at) {
          stage.violate('I2', `storage holds a token of session ${server.familyOf(token)!.number} at the end, which ${logout.tab.name} logged out`)
        }
      }
    },
  }
}
