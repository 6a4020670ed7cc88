import type { Platform } from './platform.js'
import type { SessionState } from './session.js'

/**
 * Stands in for a session of which only the server knows whether there is one. Its tokens are over, so that the
 * schedule asks at once, and the first call that needs to know waits for the answer.
 */
export const supposeSession = ({ now, randomId }: Platform, state: SessionState): void => {
  if (state.record) return
  const tokens = { accessToken: '', receivedAt: 0, lifetime: 1 }
  state.adopt({ id: randomId(), revision: now(), tokens }, 'remote', false)
}
