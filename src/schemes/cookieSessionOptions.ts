import { isCookieName } from '../cookies.js'
import { invalidOption } from '../options.js'

export interface CookieSessionOptions {
  /**
   * Asked to renew the session's cookies. Answers 2xx with nothing or with a JSON object such as `{ "expires_in": 300 }`;
   * 401 or a body of `null` says that there is no session any more. Absolute, or relative to the page.
   */
  refreshUrl?: string | undefined
  /** How `refreshUrl` is asked. Default: `'POST'`. */
  refreshMethod?: 'GET' | 'POST' | undefined
  /**
   * What else says that there is no session any more, in an answer to `refreshUrl` or to a refresh function of your own that
   * resolves with the `Response`. `body` is what its JSON says, `undefined` when it is none. Default: nothing else.
   */
  isSignedOut?: ((response: Response, body: unknown) => boolean) | undefined
  /** Sent a POST at logout, so that the server ends the session and clears its cookies. */
  logoutUrl?: string | undefined
  /**
   * Sent with every call: a form or an image of another site cannot, so a server that asks for it is safe from
   * CSRF. Default: `{ 'X-CSRF': '1' }`.
   */
  headers?: Readonly<Record<string, string>> | undefined
  /** Name of a cookie that script can read and whose value goes back in `csrfHeader` (double submit). Default: none. */
  csrfCookie?: string | undefined
  /** Default: `'X-CSRF-Token'`. */
  csrfHeader?: string | undefined
  /** Name of a cookie that script can read and that says when the session expires, in **seconds** since the epoch. Default: none. */
  expiryCookie?: string | undefined
  /** Send to plain `http:` URLs of other origins that are not loopback, where anybody on the way can read. Default: `false`. */
  allowInsecure?: boolean | undefined
}


/** @throws {SessionError} `invalid_option` */
export const checkCookieSession = (options: CookieSessionOptions): void => {
  for (const name of ['refreshUrl', 'logoutUrl', 'csrfCookie', 'csrfHeader', 'expiryCookie'] as const) {
    const value = options[name]
    if (value !== undefined && (typeof value !== 'string' || !value)) throw invalidOption(`cookieSession: ${name}`, value, 'a string that is not empty')
    if (value !== undefined && !name.endsWith('Url') && !isCookieName(value)) {
      throw invalidOption(`cookieSession: ${name}`, value, 'letters, digits and - _ . only')
    }
  }
  const { isSignedOut, refreshMethod = 'POST' } = options
  if (!/^(GET|POST)$/.test(refreshMethod)) throw invalidOption('cookieSession: refreshMethod', refreshMethod, "'GET' or 'POST'")
  if (isSignedOut !== undefined && typeof isSignedOut !== 'function') throw invalidOption('cookieSession: isSignedOut', isSignedOut, 'a function')
  try {
    new Headers(options.headers)
  } catch {
    throw invalidOption('cookieSession: headers', options.headers, 'names and values of headers')
  }
}
