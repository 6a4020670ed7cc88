import { createSessionOn } from './createSession.js'
import { eventHistory } from './history.js'
import { browserPlatform } from './platform.js'
import { indexedDBStorage } from './storage/indexedDBStorage.js'
import type { Session, SessionOptions, UnverifiedClaims } from './types.js'

/**
 * Opens the session of this origin, in every tab the same. Nothing is sent by it; what is stored is read in the
 * background, see {@link Session.ready}.
 * @throws {SessionError} `invalid_option`, `insecure_context`: at once, naming the option and the fix.
 */
export const createSession = <Claims = UnverifiedClaims>(options: SessionOptions): Session<Claims> =>
  createSessionOn<Claims>(browserPlatform(), options, { storage: indexedDBStorage, history: eventHistory })
