import type { Platform } from './platform.js'
import { isOnPurpose } from './record.js'
import type { SessionState } from './session.js'

/**
 * Stands in for a session of which only the server knows whether there is one. Its tokens are over, so that the
 * schedule asks at once, and the first call that needs to know waits for the answer. What was ended on purpose stays so.
 */
export const supposeSession = ({ now, randomId }: Platform, state: SessionState): void => {
  const { record } = state
  if (record?.tokens || (record && isOnPurpose(record))) return
  const { endedBecause, revision = 0 } = record ?? {}
  const unknown = { accessToken: '', receivedAt: 0, lifetime: 1 }
  // The reason of the former end is shown until there is something newer to say.
  const reason = endedBecause && { endedBecause }
  state.adopt({ id: randomId(), revision: Math.max(now(), revision + 1), tokens: unknown, ...reason }, 'remote', false)
}
