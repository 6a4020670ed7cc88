import type { Family } from '../server.js'
import { isExact, type Invariant, type Running, type Stage } from '../stage.js'

/** A tab writes its activity down once a second at most, and the others hear of it a little later. */
const PACE = 1500
/** The login is answered a moment before the page says so, and clocks count whole milliseconds. */
const ROUNDING = 30
/** How long localStorage may take to tell the others. */
const LAG = 400
/** For timers, and for storage. */
const PATIENCE = 2000

/**
 * I3 for `sessionLimits`: a session ends by a limit only when that limit was reached, by what was done in any tab; and
 * once it was, no tab attaches it, and none shows it for long (R49, R50).
 */
export const limiting = (stage: Stage): Invariant => {
  const { world, server, logins, history } = stage
  const { idleTimeout = Infinity, absoluteLifetime = Infinity } = history.setup.limits!
  /** The last activity, as far as it certainly, and as far as it possibly counted: what comes too late does not. */
  const activity = new Map<Family, { certain: number; possible: number; before?: number; since?: number }>()
  const now = () => world.time + world.slept
  let checked = 0
  let seen = 0
  const begun = new Map<Family, { certain: number; possible: number }>()

  /** A wall clock that was set tells neither, and alone knows of sleep. Nor is it known where storage does not tell of a cookie's session. */
  const unknowable = (family: Family) => world.jumpedAt >= 0 || (history.setup.scheme !== 'bearer' && stage.shakySince(logins.get(family)!.at))
  let endedAt = -Infinity
  /** In any tab where somebody is signed in, it counts for all; for certain when the others have heard of it. */
  let touches = 0
  let touchedAt = -Infinity
  const touched = ({ shown }: Running) => {
    if (!shown) return
    const at = now()
    const number = ++touches
    const soon = world.time - Math.max(touchedAt, ...[...logins.values()].flatMap(({ at, done = at }) => [at, done])) < LAG
    touchedAt = world.time
    for (const last of activity.values()) {
      if (at < last.possible + idleTimeout + PACE) last.possible = at
      if (soon || at >= last.certain + idleTimeout - PACE) continue
      // One that was overwritten by another on the way is lost.
      world.schedule(undefined, LAG, () => number === touches && Object.assign(last, { certain: at, before: last.certain, since: world.time }))
    }
  }
  /** How long ago the session should have ended, for certain. */
  const overdue = (family: Family) =>
    Math.max(now() - activity.get(family)!.possible - idleTimeout, now() - begun.get(family)!.possible - absoluteLifetime)
  /** `by`: when that was decided; what became certain after it does not count. */
  const certainly = ({ certain, before = certain, since = 0 }: { certain: number; before?: number; since?: number }, by: number) => (since > by ? before : certain)
  const early = (family: Family, reason: string, by = world.time) =>
    reason === 'idle' ? certainly(activity.get(family)!, by) + idleTimeout - PACE - now() : begun.get(family)!.certain + absoluteLifetime - now()
  stage.overdue = (family) => activity.has(family) && (unknowable(family) || Math.min(early(family, 'idle'), early(family, 'lifetime')) <= ROUNDING)

  /**
   * Where each tab has a session of its own, somebody signs in, and a tab that slept through its idle timeout wakes
   * after that: one time of the last activity, which is all that tabs share, does not show the gap before. So where
   * a session may be written over the one that took its place, or that one was not stored or not heard of.
   */
  const alsoTouched = () => {
    const { storage, scheme, channel } = history.setup
    const apart = storage === 'memory' || channel === 'none' || !isExact(history) || stage.shakySince(0)
    if (apart) for (const last of activity.values()) last.possible = now()
    // Nor does a session that was found by asking the server know when it began, other than by what tabs share.
    if (apart && scheme !== 'bearer') for (const login of begun.values()) login.possible = now()
  }
  /** What one tab ended rightly, all others end after it. */
  const over = new Set<Family>()

  return {
    touched,
    step() {
      if (seen < logins.size) {
        for (const family of [...logins.keys()].slice(seen)) {
          begun.set(family, { certain: now(), possible: now() })
          activity.set(family, { certain: now(), possible: now() })
          alsoTouched()
        }
        seen = logins.size
      }
      // It begins at `setTokens`, which the machine may have slept before.
      for (const [family, login] of logins) {
        if (login.done !== undefined) continue
        begun.get(family)!.possible = activity.get(family)!.possible = now()
        alsoTouched()
      }
      for (; checked < server.attached.length; checked++) {
        const { tab, token } = server.attached[checked]!
        const family = server.familyOf(token)
        // The end of one tab's session is told by nothing but its next look, and takes the time of the login along.
        const unheard = history.setup.channel === 'none' && (history.setup.storage === 'memory' || !isExact(history)) && endedAt > 0
        if (!family || unknowable(family) || unheard) continue
        if (overdue(family) > ROUNDING + PACE) stage.violate('I3', `${tab.name} attached session ${family.number} ${overdue(family).toFixed(0)} ms after its limit`)
      }
    },
    ended({ tab, endedAt: by }, family, reason) {
      if (!family || unknowable(family) || !/idle|lifetime/.test(reason)) return
      // Where each tab has a session of its own, the end of one is that of all, as a logout is.
      const followed = history.setup.storage === 'memory' && world.time - endedAt < PATIENCE
      endedAt = world.time
      if (followed || over.has(family)) return
      if (early(family, reason, by) <= ROUNDING) return void over.add(family)
      stage.violate('I3', `${tab.name} ended session ${family.number} (${reason}) ${early(family, reason).toFixed(0)} ms too early`)
    },
    end() {
      for (const { tab, shown, closed } of stage.tabs) {
        if (tab.dead || tab.frozen || closed || !shown || unknowable(shown)) continue
        if (overdue(shown) > PATIENCE + PACE) stage.violate('I3', `${tab.name} still shows session ${shown.number} ${overdue(shown).toFixed(0)} ms after its limit`)
      }
    },
  }
}
