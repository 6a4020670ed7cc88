import type {
  CookieSessionOptions, CookieStorageOptions, EncryptedStorageOptions, IndexedDBStorageOptions, RefreshTokenGrantOptions, Session, SessionLimitsOptions,
  SessionOptions,
} from '../../src/index.js'

/** F34 F52: what an app reads from its environment may be undefined, also under `exactOptionalPropertyTypes`. */
declare const undefinedOf: <Options>() => { [Name in keyof Options]-?: undefined }

undefinedOf<SessionOptions>() satisfies SessionOptions
undefinedOf<CookieSessionOptions>() satisfies CookieSessionOptions
undefinedOf<CookieStorageOptions>() satisfies CookieStorageOptions
undefinedOf<EncryptedStorageOptions>() satisfies EncryptedStorageOptions
undefinedOf<IndexedDBStorageOptions>() satisfies IndexedDBStorageOptions
undefinedOf<SessionLimitsOptions>() satisfies SessionLimitsOptions
;({ ...undefinedOf<RefreshTokenGrantOptions>(), url: '/token' }) satisfies RefreshTokenGrantOptions

declare const session: Session
const signal = undefined as AbortSignal | undefined
void session.getAccessToken({ signal })
void session.refresh({ signal })
void session.setTokens({ access_token: 'a' }, { subject: undefined })
session.on('login', () => {}, { signal })
