import { isExact, mayPauseForLong, type Call, type Invariant, type Stage } from '../stage.js'

/**
 * How long a call may take while its tab runs. A refresh: storage twice, the wait for a holder that died, one request,
 * and the pauses in between. A fetch may need two.
 */
const BOUND: Record<Call['what'], number> = { refresh: 60_000, token: 60_000, fetch: 120_000, login: 15_000, logout: 15_000 }

/** I4: every pending call settles within its bound, no lock starves; with the faults gone, everybody is served. */
export const settling = (stage: Stage): Invariant => {
  const { world, calls } = stage
  let open: Call[] = []
  let seen = 0
  let evictions = 0
  return {
    step() {
      // The lock of a cookie is held for milliseconds; that of a refresh is let go as the page is left (R76).
      for (; evictions < stage.browser.evicted.length; evictions++) {
        const { tab, name } = stage.browser.evicted[evictions]!
        const closed = stage.tabs.some((running) => running.tab === tab && running.closed)
        if (!closed && !name.endsWith('.cookie')) stage.violate('I4', `${tab.name} went into the back/forward cache with a lock, and was thrown out`)
      }
      if (seen < calls.length) {
        open = open.concat(calls.slice(seen))
        seen = calls.length
      }
      open = open.filter((call) => {
        const { tab, what, number } = call
        if (call.done !== undefined || tab.dead) return false
        if (tab.frozen || tab.prerendering) return true
        const waited = world.time - Math.max(call.at, tab.resumedAt ?? 0, tab.activatedAt)
        if (waited <= BOUND[what]) return true
        stage.violate('I4', `${what} #${number} of ${tab.name} is not settled after ${(waited / 1000).toFixed(0)} s`)
        return false
      })
    },
    end() {
      // What may be spent is not sent again for long.
      const pausing = mayPauseForLong(stage.history)
      for (const { tab, what, number, last, result, done } of calls) {
        if (tab.dead) continue
        if (done === undefined) stage.violate('I4', `${what} #${number} of ${tab.name} never settled`)
        else if (last && !pausing && isExact(stage.history) && !/^(200|401|403)$|(session_changed|session_ended|rejected)$/.test(result!)) {
          stage.violate('I4', `with the faults gone for long, ${what} #${number} of ${tab.name} came to ${result}`)
        }
      }
      for (const { tab } of stage.tabs) {
        for (const error of tab.uncaught) stage.violate('I4', `${tab.name} threw ${String(error)}`)
      }
    },
  }
}
