import { isSessionError, RefreshError } from './errors.js'
import { readTokenResponse } from './tokens.js'
import type { TokenSet } from './recordTypes.js'
import type { TokenResponse } from './types.js'

/** What one attempt came to. Only `rejected` ends a session; see {@link RefreshError} for the others. */
export type Outcome = { tokens: TokenSet } | { error: RefreshError }

/** Milliseconds; both forms of RFC 9110 §10.2.3. */
const retryAfterOf = (headers: Headers, now: number): number | undefined => {
  const value = headers.get('Retry-After')
  if (!value) return
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return delay > 0 ? delay : undefined
}

const failure = async (response: Response, now: number): Promise<RefreshError> => {
  const { status } = response
  // Never a cause here: a parser's message quotes the body, and the body may hold tokens.
  const body: unknown = await response.json().catch(() => undefined)
  const { error: code } = Object(body) as { error?: unknown }
  const error = typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined
  const retryAfter = retryAfterOf(response.headers, now)
  const details = { status, ...(error && { error }), ...(retryAfter && { retryAfter }) }
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return new RefreshError('unavailable', `The token endpoint answered ${status}; the session goes on, the refresh is tried again`, details)
  }
  if (error === 'invalid_grant') {
    return new RefreshError('rejected', 'The server refused the refresh token (invalid_grant): the user must sign in again', details)
  }
  return new RefreshError(
    'misconfigured',
    `The token endpoint answered ${status}${error ? ` ${error}` : ''}. If that means that the session is over, ` +
      "let it answer 400 with { error: 'invalid_grant' } (RFC 6749 section 5.2), or throw new RefreshError('rejected', …); " +
      'else check the URL, the client id and the parameters',
    details,
  )
}

const unanswered = (cause?: unknown) =>
  new RefreshError('unanswered', 'The refresh was sent and no usable answer came back; it is tried again after a pause', {
    ...(cause !== undefined && { cause }),
  })

/**
 * The border: whatever a refresh function did becomes one of a closed list, by code, never by text.
 * What it threw without saying more may or may not have reached the server, so it is ambiguous.
 */
export const outcomeOf = async (
  attempt: () => Promise<Response | TokenResponse>,
  tokenType: string,
  now: () => number,
): Promise<Outcome> => {
  let answer: Response | TokenResponse
  try {
    answer = await attempt()
  } catch (error) {
    return { error: isSessionError(error) && error.name === 'RefreshError' ? (error as RefreshError) : unanswered(error) }
  }
  try {
    if (answer && typeof (answer as Response).json === 'function') {
      const response = answer as Response
      if (!response.ok) return { error: await failure(response, now()) }
      answer = (await response.json()) as TokenResponse
    }
    return { tokens: readTokenResponse(answer as TokenResponse, tokenType, now()) }
  } catch (error) {
    // A parser's message quotes the body; ours says what is missing and quotes nothing.
    return { error: unanswered(isSessionError(error) ? error : undefined) }
  }
}
