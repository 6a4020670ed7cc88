import type { Family } from '../server.js'
import { isExact, type Invariant, type Stage } from '../stage.js'
import type { Tab } from '../platform.js'
import { PROPAGATION, UNNOTICED } from './leaving.js'

/** I5: a request made for one user is never sent with another's token. */
export const belonging = (stage: Stage): Invariant => {
  const { server, calls, logins, history } = stage
  const { setup } = history
  let checked = 0
  let settled = 0

  /**
   * A cookie is attached by the browser: whichever there is when a call leaves, and the page does not get to see whose.
   * From the moment when another user's login was answered up to the one when `setTokens` for it has resolved, no page
   * can know. What is promised begins there: whoever has heard of the other user sends nothing more for the former one.
   */
  const unknowable = (owner: Family | undefined, tab: Tab, at: number): boolean => {
    if (setup.scheme === 'bearer') return false
    if (stage.outOfOrder()) return true
    const login = owner && logins.get(owner)
    // Where an older session may be written over a newer one, the server's cookie does not go back with it.
    if (!isExact(history)) return true
    // Without a cookie nobody's is sent.
    if (!login) return true
    if (login.done === undefined || at <= login.done) return true
    if (stage.crossed(owner!)) return true
    // Where storage fails, an older session that is stored may come back.
    if (stage.shakySince(login.at) || stage.wipedAt >= login.at) return true
    if (tab === login.tab) return false
    // Each tab has a record of its own, and learns by its next refresh of a login in another.
    if (setup.storage === 'memory') return true
    if ((tab.resumedAt ?? -1) > login.done) return !tab.resumeNoticed && at - login.done <= UNNOTICED
    const limit = PROPAGATION[setup.channel]
    return at - login.done <= (tab.hidden ? Math.min(limit, UNNOTICED) : limit)
  }

  /** Whoever calls after a limit calls as nobody, though the page has not said so yet. */
  const outlived = (user: string) => server.families.some((family) => family.user === user && stage.overdue?.(family))

  return {
    step() {
      for (; checked < server.attached.length; checked++) {
        const { tab, at, token, url, cookieOf } = server.attached[checked]!
        const { user, number } = calls[Number(new URL(url).searchParams.get('call'))]!
        const owner = setup.scheme === 'cookie' ? cookieOf : server.familyOf(token)
        if (!user || owner?.user === user || unknowable(owner, tab, at) || outlived(user)) continue
        stage.violate('I5', `call #${number} was made as ${user} and sent as ${owner?.user}`)
      }
      for (; settled < stage.settled.length; settled++) {
        const { tab, what, user, number, value, done } = stage.settled[settled]!
        if (what !== 'token' || !user || typeof value !== 'string') continue
        const owner = server.familyOf(value)
        if (owner?.user === user || unknowable(owner, tab, done!) || outlived(user)) continue
        stage.violate('I5', `call #${number} asked for a token as ${user} and got one of ${owner?.user}`)
      }
    },
  }
}
