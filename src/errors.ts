/** What can go wrong besides a refresh. A closed list; see docs/errors.md for what to do about each. */
export type SessionErrorCode =
  | 'invalid_option'
  | 'invalid_response'
  | 'invalid_token'
  | 'insecure_context'
  | 'cookie_too_large'
  | 'cookie_rejected'
  | 'storage_failed'
  | 'revocation_failed'
  | 'install_failed'
  | 'session_changed'
  | 'session_ended'
  | 'csrf_cookie_missing'
  | 'degraded'
  | 'on_server'
  | 'closed'

/** Why a refresh brought no tokens. Only `rejected` ends a session. */
export type RefreshErrorCode =
  /** Definitive: the server said that the refresh token is no good (`invalid_grant`). */
  | 'rejected'
  /** Transient: not sent, or answered with 408, 425, 429 or 5xx. */
  | 'unavailable'
  /** Ambiguous: sent, and the answer was lost or unreadable. */
  | 'unanswered'
  /** Any other OAuth error code or status: something is set up wrongly. */
  | 'misconfigured'
  /** A refresh failed a moment ago, in this tab or another; nothing was sent. */
  | 'cooldown'
  /** The browser says that it is offline; nothing was sent. */
  | 'offline'

interface Details {
  cause?: unknown
}

interface AnswerDetails extends Details {
  status?: number | undefined
  error?: string | undefined
  retryAfter?: number | undefined
  spent?: boolean | undefined
}

/** Tells our errors, those of another copy of latchkey included, from an app's own class of the same name. */
const BRAND = /* #__PURE__ */ Symbol.for('latchkey.error')

/**
 * What may be kept of an error that is not ours. Its message may quote a response, and the request may hang on it: all of
 * that may hold tokens.
 */
const outline = (cause: unknown): unknown => {
  if (isSessionError(cause)) return cause
  const { name, code, status, response } = Object(cause)
  const known = Object.entries({ name, code, status: status ?? Object(response).status })
  return Object.assign(new Error(), Object.fromEntries(known.filter(([, value]) => /^([A-Za-z]{0,30}Error|[A-Z_]{1,40}|[1-5]\d\d)$/.test(String(value)))))
}

export class SessionError extends Error {
  override readonly name: string = 'SessionError'
  declare readonly code: SessionErrorCode | RefreshErrorCode
  constructor(code: SessionErrorCode, message: string, details?: Details)
  /** @internal */
  constructor(code: SessionErrorCode | RefreshErrorCode, message: string, details?: Details)
  constructor(code: SessionErrorCode | RefreshErrorCode, message: string, details?: Details) {
    super(message, details)
    // The cause is there already, not enumerable, and stays so.
    Object.assign(this, details, { code, [BRAND]: true })
    if (details?.cause) this.cause = outline(details.cause)
  }
}

export class RefreshError extends SessionError {
  override readonly name: string = 'RefreshError'
  declare readonly code: RefreshErrorCode
  /** HTTP status of the answer, if there was one. */
  declare readonly status: number | undefined
  /** `error` of the answer's body (RFC 6749 §5.2), if there was one. */
  declare readonly error: string | undefined
  /** Milliseconds the server asked to wait (Retry-After, RFC 9110 §10.2.3). */
  declare readonly retryAfter: number | undefined
  /** @internal The response came without tokens, and the refresh token may be spent. */
  declare readonly spent: boolean | undefined
  constructor(code: RefreshErrorCode, message: string, details?: AnswerDetails) {
    super(code, message, details)
  }
}

/** Also holds for errors of another copy of latchkey on the page. */
export const isSessionError = (error: unknown): error is SessionError => BRAND in Object(error)

/** The {@link SessionError} behind an error of a client that wraps what its `fetch` rejected with: itself, or one of its causes. */
export const findSessionError = (error: unknown): SessionError | undefined => {
  for (let depth = 0; depth < 5; depth++, error = Object(error).cause) if (isSessionError(error)) return error
  return undefined
}

export const closedError = (): SessionError => new SessionError('closed', 'This session object is closed, create a new one')
