import { isExact, type Invariant, type Stage } from '../stage.js'

const TOKEN = /[ar]t-SECRETSECRET-\d+-/g

/** For how long the SDK waits for storage. */
const PATIENCE = 3000

/** R29, for I1 and G4: no token is used before it is stored, since whoever dies next would take it along. */
export const storing = (stage: Stage): Invariant => {
  const { server, history } = stage
  const { setup } = history
  // With cookies there is no token to lose.
  const shared = setup.storage !== 'memory' && isExact(history) && setup.scheme !== 'cookie'
  const stored = new Set<string>()
  let checked = 0
  return {
    written() {
      if (shared) for (const [token] of stage.stored().matchAll(TOKEN)) stored.add(token)
    },
    step() {
      for (; checked < server.attached.length; checked++) {
        const { tab, token, at } = server.attached[checked]!
        // What storage refused lives in memory alone. A tab that is stopped as it writes takes it for refused.
        if (at - (tab.resumedAt ?? -Infinity) < PATIENCE) continue
        if (!shared || stored.has(token.match(TOKEN)![0]) || stage.shakySince(-1)) continue
        stage.violate('I1', `${tab.name} used a token that no storage ever held`)
      }
    },
  }
}
