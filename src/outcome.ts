import { abortable } from './abortable.js'
import { isSessionError, RefreshError } from './errors.js'
import { own, member } from './options.js'
import type { TokenSet } from './recordTypes.js'
import type { CookieSessionResponse, Scheme, TokenResponse } from './types.js'

/** What a response means that is no renewal; see {@link RefreshError} for the codes. */
const refusal = ({ status, headers }: Response, named: unknown, signedOut: unknown, advice: string, now: number): RefreshError => {
  const error = typeof named === 'string' && /^[a-z_]{1,40}$/.test(named) ? named : undefined
  // Both forms of RFC 9110 §10.2.3.
  const after = headers.get('Retry-After')!
  const delay = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now
  const isBusy = status >= 500 || [408, 425, 429].includes(status)
  const [code, what] =
    signedOut || (error === 'invalid_grant' && !isBusy)
      ? (['rejected', 'the user must sign in again'] as const)
      : isBusy
        ? (['unavailable', 'it is tried again'] as const)
        : (['misconfigured', advice] as const)
  // A browser hides the status of a redirect.
  return new RefreshError(code, `The refresh was answered ${status || 'with a redirect'}${error ? ` ${error}` : ''}, ${what}`, {
    status,
    error,
    retryAfter: delay > 0 ? delay : undefined,
  })
}

/**
 * The border: whatever a refresh function did becomes tokens or a {@link RefreshError}, by code, never by text. What was
 * read and is no renewal is a mistake, `misconfigured`: the same request would bring the same response. What was lost, or
 * thrown without a code, may or may not have reached the server: `unanswered`, and tried again.
 */
export const readAnswer = async (
  ask: () => Promise<Response | TokenResponse | CookieSessionResponse>,
  signal: AbortSignal,
  scheme: Scheme,
  take: (response: TokenResponse) => TokenSet,
  now: () => number,
): Promise<TokenSet> => {
  const isSignedOut = member(scheme, 'isSignedOut')
  const tokenless = member(scheme, 'tokenless')
  const advice = member(scheme, 'advice') ?? "check URL and parameters; to end the session, answer 400 with error 'invalid_grant'"
  const understand = (response: TokenResponse) => {
    try {
      return take(response)
    } catch (error) {
      // An endpoint that answers with JSON may have rotated the refresh token, and its successor cannot be found.
      throw new RefreshError('misconfigured', `The refresh brought no tokens: ${isSessionError(error) && error.message}`, { spent: !tokenless })
    }
  }
  const read = async () => {
    const answer = (await ask()) as Response & TokenResponse
    if (typeof answer?.text !== 'function') return understand(answer)
    // A body that is cut off is as good as the beginning of one.
    const text = await answer.text().catch(() => '{')
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      // Never a parser's error as the cause: it quotes the text, and that may hold tokens.
      if (tokenless && !text) body = {}
    }
    const { error, access_token } = own(body as Partial<TokenResponse>)
    const signedOut = isSignedOut?.(answer, body)
    if (answer.ok && !signedOut) {
      if (body !== undefined && (access_token || !error) && !(tokenless && answer.redirected)) return understand(body as TokenResponse)
      // It ends early.
      if (body === undefined && /^($|{)/.test(text)) throw undefined
    }
    throw refusal(answer, error, signedOut, advice, now())
  }
  try {
    // Around the whole, reading the body included: in Firefox and WebKit the promises of a page that was in
    // the back/forward cache may never settle.
    return await abortable(read(), signal)
  } catch (error) {
    if (isSessionError(error) && error.name === 'RefreshError') throw error
    // Script cannot tell a response that CORS hides from a network that failed. And a refresh function that waits for its
    // own session waits for itself.
    throw new RefreshError('unanswered', 'The refresh got no usable answer (network, CORS, or a call of its own session without context.fetch), it is tried again', { cause: error })
  }
}
