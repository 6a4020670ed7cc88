import type { Platform } from './platform.js'
import { isOnPurpose } from './record.js'
import type { RecordStore } from './recordTypes.js'
import type { SessionState } from './session.js'

/**
 * Stands in for a session of which only the server knows whether there is one. Its tokens are over, so that the
 * schedule asks at once, and the first call that needs to know waits for the answer. What was ended on purpose stays so.
 * Tabs that open together suppose the same, down to id and revision, so that they ask once, as for any refresh.
 */
export const supposeSession = ({ randomId }: Platform, { shared }: RecordStore, state: SessionState): void => {
  const { record } = state
  if (record?.tokens || (record && isOnPurpose(record))) return
  const { revision = 0 } = record ?? {}
  const tokens = { accessToken: '', receivedAt: 0, lifetime: 1 }
  // The reason of the former end is shown until there is something newer to say.
  state.adopt({ ...record, id: shared ? `${revision}` : randomId(), revision: revision + 1, tokens }, 'remote', false)
}
