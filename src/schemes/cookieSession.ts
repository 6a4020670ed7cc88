import { cookies } from '../cookies.js'
import { RefreshError, SessionError } from '../errors.js'
import { invalidOption } from '../options.js'
import { compact } from '../record.js'
import { restate } from '../restate.js'
import { date, seconds } from '../tokens.js'
import type { TokenSet } from '../recordTypes.js'
import type { CookieSessionResponse, RefreshFunction, RevokeFunction, Scheme } from '../types.js'

export interface CookieSessionOptions {
  /**
   * Sent a POST to renew the session's cookies. Answers 2xx with nothing or with JSON such as `{ "expires_in": 300 }`;
   * 401 says that there is no session any more. Absolute, or relative to the page.
   */
  refreshUrl?: string
  /** Sent a POST at logout, so that the server ends the session and clears its cookies. */
  logoutUrl?: string
  /**
   * Sent with every call: a form or an image of another site cannot, so a server that asks for it is safe from
   * CSRF. Default: `{ 'X-CSRF': '1' }`.
   */
  headers?: Readonly<Record<string, string>>
  /** Name of a cookie that script can read and whose value goes back in `csrfHeader` (double submit). Default: none. */
  csrfCookie?: string
  /** Default: `'X-CSRF-Token'`. */
  csrfHeader?: string
  /** Name of a cookie that script can read and that says when the session expires, in **seconds** since the epoch. Default: none. */
  expiryCookie?: string
}

const isCookieName = (value: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(value)

const check = (options: CookieSessionOptions): void => {
  for (const name of ['refreshUrl', 'logoutUrl', 'csrfCookie', 'csrfHeader', 'expiryCookie'] as const) {
    const value = options[name]
    if (value !== undefined && (typeof value !== 'string' || !value)) throw invalidOption(`cookieSession: ${name}`, value, 'a string that is not empty')
    if (value !== undefined && !name.endsWith('Url') && !isCookieName(value)) {
      throw invalidOption(`cookieSession: ${name}`, value, 'letters, digits and - _ . only')
    }
  }
  try {
    new Headers(options.headers)
  } catch {
    throw invalidOption('cookieSession: headers', options.headers, 'names and values of headers')
  }
}

/**
 * A session that the server keeps in HttpOnly cookies: the page holds no token, so script cannot carry one away
 * (draft-ietf-oauth-browser-based-apps, "Backend For Frontend"). Calls to the listed origins get the cookies and
 * the headers that keep other sites from using them; everything else is as with tokens.
 * @throws {SessionError} `invalid_option`
 */
export const cookieSession = (options: CookieSessionOptions = {}): Scheme => {
  check(options)
  const { refreshUrl, logoutUrl, headers = { 'X-CSRF': '1' }, csrfCookie, csrfHeader = 'X-CSRF-Token', expiryCookie } = options

  const protection = (): Record<string, string> => {
    if (!csrfCookie) return headers
    const value = cookies.get(csrfCookie)
    if (value === undefined) {
      throw new SessionError(
        'csrf_cookie_missing',
        `There is no cookie ${csrfCookie} that script can read: check csrfCookie, and that the server sets it at login, without HttpOnly, for this path`,
      )
    }
    return { ...headers, [csrfHeader]: value }
  }
  const post = (fetch: typeof globalThis.fetch, url: string, init: RequestInit) =>
    fetch(url, { method: 'POST', headers: { Accept: 'application/json', ...protection() }, credentials: 'include', cache: 'no-store', ...init })

  const refresh: RefreshFunction = async ({ accessToken }, { fetch, signal }) => {
    let response: Response
    try {
      response = await post(fetch, refreshUrl!, { signal })
    } catch (cause) {
      if ((cause as SessionError).code !== 'csrf_cookie_missing') throw cause
      // Who was never signed in has no such cookie yet.
      throw new RefreshError(accessToken ? 'misconfigured' : 'rejected', (cause as SessionError).message, { cause })
    }
    if (response.status === 401) throw new RefreshError('rejected', 'The server says that there is no session any more: the user must sign in again', { status: 401 })
    return response.ok && !(await response.clone().text()) ? {} : response
  }
  const revoke: RevokeFunction = async (_tokens, { fetch, signal }) => {
    const { ok, status } = await post(fetch, logoutUrl!, { signal, keepalive: true })
    if (!ok) throw new RefreshError('unavailable', `The logout endpoint answered ${status}`, { status })
  }

  return {
    tokenless: true,
    wrap: (fetch) => (input, init) => {
      const request = restate(input)
      // Credentials that the caller chose count; those of a Request that say the default may be no choice.
      const credentials = request && request.credentials !== 'same-origin' ? request.credentials : 'include'
      return fetch(input, { __proto__: null, ...request, credentials, ...init } as RequestInit)
    },
    names: Object.keys({ ...headers, ...(csrfCookie && { [csrfHeader]: '' }) }).map((name) => name.toLowerCase()),
    headers: protection,
    read(response, now) {
      const { expires_in, id_token } = Object(response) as CookieSessionResponse
      const lifetime = (seconds(expires_in, 0) ?? date(expiryCookie && cookies.get(expiryCookie))! - now / 1000) * 1000
      return compact<TokenSet>({
        accessToken: 'cookie',
        idToken: id_token ? String(id_token) : undefined,
        receivedAt: now,
        lifetime: lifetime > 0 ? lifetime : undefined,
      })
    },
    ...(refreshUrl && { refresh }),
    ...(logoutUrl && { revoke }),
  }
}
