import type { Invariant, Stage } from '../stage.js'

/** I9: a visitor is signed in only by an answer that says so. */
export const visiting = (stage: Stage): Invariant => ({
  step() {
    if (stage.logins.size) return
    for (const { tab, session } of stage.tabs) {
      if (session?.status !== 'authenticated' || stage.server.tokenRequests.some(({ plausible }) => plausible)) continue
      stage.violate('I9', `${tab.name} shows somebody signed in, and nobody is`)
    }
  },
})
