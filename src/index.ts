export { abortOnLogout } from './abortOnLogout.js'
export { createSession } from './createDefaultSession.js'
export { findSessionError, isSessionError, RefreshError, SessionError } from './errors.js'
export { eventHistory } from './history.js'
export { installFetch } from './installFetch.js'
export { sessionLimits } from './limits.js'
export { refreshTokenGrant } from './refreshTokenGrant.js'
export { cookieSession } from './schemes/cookieSession.js'
export { cookieStorage } from './storage/cookieStorage.js'
export { encryptedStorage } from './storage/encryptedStorage.js'
export { indexedDBStorage } from './storage/indexedDBStorage.js'
export { memoryStorage } from './storage/memoryStorage.js'

export type { RefreshErrorCode, SessionErrorCode } from './errors.js'
export type { SessionLimits, SessionLimitsOptions } from './limits.js'
export type { EndReason, RecordStore, RefreshIntent, SessionRecord, TokenSet, TokenStorage } from './recordTypes.js'
export type { RefreshTokenGrantOptions } from './refreshTokenGrant.js'
export type { CookieSessionOptions } from './schemes/cookieSession.js'
export type { CookieStorageOptions } from './storage/cookieStorage.js'
export type { EncryptedStorageOptions } from './storage/encryptedStorage.js'
export type { IndexedDBStorageOptions } from './storage/indexedDBStorage.js'
export type {
  CookieSessionResponse,
  HistoryEntry,
  Extension,
  InternalEvents,
  RefreshContext,
  RefreshFunction,
  RevokeFunction,
  Scheme,
  Session,
  SessionDoor,
  SessionEvents,
  SessionOptions,
  SessionSnapshot,
  SessionStatus,
  TokenResponse,
  UnverifiedClaims,
} from './types.js'
