import { createSessionOn } from './createSession.js'
import { browserPlatform } from './platform.js'
import type { TokenStorage } from './recordTypes.js'
import type { Session, SessionOptions, UnverifiedClaims } from './types.js'

/**
 * `createSession` without a default storage, so that a page which keeps its tokens elsewhere loads no IndexedDB code.
 * @throws {SessionError} `invalid_option`, `insecure_context`: at once, naming the option and the fix.
 */
export const createSession = <Claims = UnverifiedClaims>(options: SessionOptions & { storage: TokenStorage }): Session<Claims> =>
  createSessionOn<Claims>(browserPlatform(), options)
