import { own } from './options.js'
import type { Platform } from './platform.js'
import { compact, isOnPurpose } from './record.js'
import type { RecordStore, SessionRecord } from './recordTypes.js'

/**
 * Stands in for a session of which only the server knows whether there is one. Its tokens are over, so that the
 * schedule asks at once, and the first call that needs to know waits for the answer. What was ended on purpose stays so.
 * Tabs that open together suppose the same, down to id and revision, so that they ask once, as for any refresh.
 */
export const supposedSession = (
  { randomId }: Platform,
  { shared }: RecordStore,
  record: SessionRecord = own({ revision: 0 } as SessionRecord),
): SessionRecord | undefined => {
  if (record.tokens || isOnPurpose(record)) return
  const tokens = { accessToken: '', receivedAt: 0, lifetime: 1 }
  const revision = record.revision + 1
  // The reason of the former end is shown until there is something newer to say.
  return compact({ ...record, id: shared ? `${revision}` : randomId(), revision, tokens })
}
