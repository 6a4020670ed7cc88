import { abortable } from './abortable.js'
import { RefreshError } from './errors.js'
import type { TokenSet } from './recordTypes.js'
import type { CookieSessionResponse, TokenResponse } from './types.js'

/** What an answer that is not ok means; see {@link RefreshError} for the codes. */
const refusal = ({ status, headers }: Response, body: unknown, now: number): RefreshError => {
  const { error: named } = Object(body) as { error?: unknown }
  const error = typeof named === 'string' && /^[a-z_]{1,40}$/.test(named) ? named : undefined
  // Both forms of RFC 9110 §10.2.3.
  const after = headers.get('Retry-After')!
  const delay = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now
  const [code, advice] =
    status >= 500 || [408, 425, 429].includes(status)
      ? (['unavailable', 'it is tried again'] as const)
      : error === 'invalid_grant'
        ? (['rejected', 'the user must sign in again'] as const)
        : (['misconfigured', "check URL and parameters; to end the session, answer 400 with error 'invalid_grant'"] as const)
  return new RefreshError(code, `The refresh was answered ${status} ${error ?? ''}, ${advice}`, {
    status,
    error,
    retryAfter: delay > 0 ? delay : undefined,
  })
}

/**
 * The border: whatever a refresh function did becomes tokens or a {@link RefreshError}, by code, never by text.
 * What it threw without saying more may or may not have reached the server, so it is ambiguous.
 */
export const readAnswer = async (
  ask: () => Promise<Response | TokenResponse | CookieSessionResponse>,
  signal: AbortSignal,
  take: (response: TokenResponse) => TokenSet,
  now: () => number,
): Promise<TokenSet> => {
  const read = async () => {
    const answer = (await ask()) as Response & TokenResponse
    if (typeof answer?.json !== 'function') return take(answer)
    // Never a parser's error as the cause: it quotes the body, and the body may hold tokens.
    const body = await answer.json().catch(() => {})
    if (!answer.ok) throw refusal(answer, body, now())
    return take(body)
  }
  try {
    // Around the whole, reading the body included: in Firefox and WebKit the promises of a page that was in
    // the back/forward cache may never settle.
    return await abortable(read(), signal)
  } catch (error) {
    if (Object(error).name === 'RefreshError') throw error
    throw new RefreshError('unanswered', 'The refresh has no usable answer, it is tried again', { cause: error })
  }
}
