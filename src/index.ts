export { createSession } from './createDefaultSession.js'
export { isSessionError, RefreshError, SessionError } from './errors.js'
export { installFetch } from './installFetch.js'
export { refreshTokenGrant } from './refreshTokenGrant.js'
export { cookieStorage } from './storage/cookieStorage.js'
export { indexedDBStorage } from './storage/indexedDBStorage.js'
export { memoryStorage } from './storage/memoryStorage.js'

export type { RefreshErrorCode, SessionErrorCode } from './errors.js'
export type { EndReason, RecordStore, RefreshIntent, SessionRecord, TokenSet, TokenStorage } from './recordTypes.js'
export type { RefreshTokenGrantOptions } from './refreshTokenGrant.js'
export type { CookieStorageOptions } from './storage/cookieStorage.js'
export type { IndexedDBStorageOptions } from './storage/indexedDBStorage.js'
export type {
  RefreshContext,
  RefreshFunction,
  RevokeFunction,
  Session,
  SessionEvents,
  SessionOptions,
  SessionSnapshot,
  SessionStatus,
  TokenResponse,
  UnverifiedClaims,
} from './types.js'
