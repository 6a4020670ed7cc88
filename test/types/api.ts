// What the types promise, checked by `tsc -p test/types` against the declarations that are published.
// A line under @ts-expect-error has to be wrong; `true satisfies Equals<…>` has to be right.
import {
  cookieStorage,
  createSession,
  indexedDBStorage,
  isSessionError,
  memoryStorage,
  RefreshError,
  refreshTokenGrant,
  type SessionError,
} from 'latchkey'
import type {
  EndReason,
  RefreshErrorCode,
  Session,
  SessionErrorCode,
  SessionEvents,
  SessionOptions,
  SessionSnapshot,
  SessionStatus,
  TokenResponse,
  TokenStorage,
  UnverifiedClaims,
} from 'latchkey'

/** Whether two types are the same, not only assignable to each other. */
type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

const refresh = refreshTokenGrant({ url: '/token' })

// createSession takes one object of options, and nothing that is not one.
const session = createSession({ refresh })
true satisfies Equals<typeof session, Session<UnverifiedClaims>>
createSession({ refresh: async () => ({ access_token: 'a', expires_in: 300 }) })
createSession({ refresh: async (tokens, { signal, idempotencyKey }) => {
  true satisfies Equals<typeof signal, AbortSignal>
  true satisfies Equals<typeof idempotencyKey, string>
  true satisfies Equals<typeof tokens.refreshToken, string | undefined>
  return { access_token: tokens.accessToken }
} })
createSession({ refresh, storage: memoryStorage(), origins: ['https://api.example.com'], name: 'admin' })
createSession({ refresh, storage: cookieStorage({ sameSite: 'strict' }) })
createSession({ refresh, storage: indexedDBStorage() })
createSession({})
// @ts-expect-error: options are missing
createSession()
// @ts-expect-error: there is no such option
createSession({ refresh, storge: memoryStorage() })
// @ts-expect-error: a storage is made by a call
createSession({ refresh, storage: memoryStorage })
// @ts-expect-error: a storage is a value, not a name
createSession({ refresh, storage: 'cookie' })
// @ts-expect-error: origins are a list
createSession({ refresh, origins: 'https://api.example.com' })
// @ts-expect-error: a refresh function answers with a token response, wire names and all
createSession({ refresh: async () => ({ accessToken: 'a' }) })
// @ts-expect-error: a grant needs its url
refreshTokenGrant({ clientId: 'web' })
// @ts-expect-error: no such SameSite value
cookieStorage({ sameSite: 'sometimes' })
true satisfies Equals<Parameters<typeof createSession>, [options: SessionOptions]>
true satisfies Equals<ReturnType<typeof memoryStorage>, TokenStorage>
true satisfies Equals<ReturnType<typeof indexedDBStorage>, TokenStorage>
true satisfies Equals<ReturnType<typeof cookieStorage>, TokenStorage>

// session.fetch is a fetch, for whoever wants one.
const native: typeof fetch = session.fetch
const wrapped: typeof fetch = session.wrapFetch(native)
const { fetch: bound } = session
bound(new URL('https://api.example.com/me'), { method: 'POST', body: 'x' }) satisfies Promise<Response>
wrapped(new Request('/me')) satisfies Promise<Response>

// Claims are typed by the caller, and called unverified.
interface Claims {
  sub: string
  role: 'admin' | 'reader'
}
const typed = createSession<Claims>({ refresh })
true satisfies Equals<typeof typed.unverifiedClaims, Claims | undefined>
true satisfies Equals<typeof session.unverifiedClaims, UnverifiedClaims | undefined>
true satisfies Equals<ReturnType<typeof typed.getSnapshot>, SessionSnapshot<Claims>>
// @ts-expect-error: nobody may be signed in
typed.unverifiedClaims.role
// @ts-expect-error: nothing in here is verified, and the name says so
typed.claims

// What one asks, and what one gets.
true satisfies Equals<typeof session.status, SessionStatus>
true satisfies Equals<SessionStatus, 'loading' | 'authenticated' | 'anonymous'>
true satisfies Equals<EndReason, 'logout' | 'rejected' | 'rotation_lost' | 'expired' | 'idle' | 'lifetime' | 'unreadable'>
session.getAccessToken() satisfies Promise<string | undefined>
session.getAccessToken({ signal: AbortSignal.timeout(1) })
session.refresh({ signal: AbortSignal.timeout(1) }) satisfies Promise<void>
session.logout() satisfies Promise<void>
session.ready satisfies Promise<void>
session.setTokens({ access_token: 'a', expires_in: '300', refresh_token: null, custom: 1 }) satisfies Promise<void>
session.setTokens({ access_token: 'a' }, { subject: 'ada' })
session.setTokens({} as TokenResponse)
// @ts-expect-error: wire names, as the server sent them
session.setTokens({ accessToken: 'a' })
// @ts-expect-error: a token response, not a token
session.setTokens('a')
// @ts-expect-error: the state is for reading
session.status = 'authenticated'

// Events: the payload follows from the name, and the answer is the unsubscriber.
true satisfies Equals<keyof SessionEvents, 'login' | 'refresh' | 'logout' | 'change' | 'stepup' | 'warning' | 'error'>
const off = session.on('logout', (event) => {
  true satisfies Equals<typeof event.reason, EndReason>
  true satisfies Equals<typeof event.source, 'local' | 'remote'>
  // @ts-expect-error: an event is for reading
  event.source = 'local'
})
true satisfies Equals<typeof off, () => void>
session.on('error', ({ error }) => {
  true satisfies Equals<typeof error, SessionError | RefreshError>
}, { signal: AbortSignal.timeout(1) })
session.on('stepup', ({ challenge }) => {
  true satisfies Equals<typeof challenge, string>
})
session.on('login', (event) => {
  // @ts-expect-error: only a logout has a reason
  event.reason
})
// @ts-expect-error: there is no such event
session.on('signout', () => {})
true satisfies Equals<ReturnType<typeof session.subscribe>, () => void>

// Errors: one question to tell ours from others, and a closed list of codes.
declare const thrown: unknown
if (isSessionError(thrown)) {
  true satisfies Equals<typeof thrown, SessionError>
  true satisfies Equals<typeof thrown.code, SessionErrorCode | RefreshErrorCode>
  if (thrown.code === 'storage_failed') true satisfies Equals<typeof thrown.code, 'storage_failed'>
  // @ts-expect-error: there is no such code
  if (thrown.code === 'expired') true
  // @ts-expect-error: a code is for reading
  thrown.code = 'closed'
}
if (thrown instanceof RefreshError) {
  true satisfies Equals<typeof thrown.code, RefreshErrorCode>
  true satisfies Equals<typeof thrown.status, number | undefined>
  if (thrown.code === 'rejected') true satisfies Equals<typeof thrown.code, 'rejected'>
  // @ts-expect-error: a refresh does not end this way
  if (thrown.code === 'cookie_too_large') true
}
function advice(code: RefreshErrorCode): string {
  switch (code) {
    case 'rejected':
      return 'sign in again'
    case 'unavailable':
    case 'unanswered':
    case 'cooldown':
    case 'offline':
      return 'later'
    case 'misconfigured':
      return 'tell the developer'
    default:
      return code satisfies never
  }
}
advice('offline')
