import { type Endpoint, endpoint } from '../endpoint.js'
import { RefreshError, SessionError } from '../errors.js'
import { own } from '../options.js'
import { compact } from '../record.js'
import { restate } from '../requests.js'
import { date, lifetimeOf } from '../tokens.js'
import type { TokenSet } from '../recordTypes.js'
import type { CookieSessionResponse, RefreshFunction, RevokeFunction, Scheme } from '../types.js'
import { checkCookieSession, type CookieSessionOptions } from './cookieSessionOptions.js'
import { readableCookie } from './readableCookie.js'

export type { CookieSessionOptions } from './cookieSessionOptions.js'

/**
 * A session that the server keeps in HttpOnly cookies: the page holds no token, so script cannot carry one away
 * (RFC 10017, "Backend For Frontend"). Calls to the listed origins get the cookies and
 * the headers that keep other sites from using them; everything else is as with tokens.
 * @throws {SessionError} `invalid_option`, `insecure_context`
 */
export const cookieSession = (options: CookieSessionOptions = {}): Scheme => {
  const given = own(options)
  checkCookieSession(given)
  const { refreshUrl, refreshMethod = 'POST', isSignedOut, logoutUrl, headers = { 'X-CSRF': '1' }, csrfCookie, csrfHeader = 'X-CSRF-Token', expiryCookie, allowInsecure } = given
  const refreshURL = refreshUrl && endpoint('cookieSession: refreshUrl', refreshUrl, allowInsecure)
  const logoutURL = logoutUrl && endpoint('cookieSession: logoutUrl', logoutUrl, allowInsecure)

  const protection = (method: string): Record<string, string> => {
    // A call that changes nothing needs no proof, and a redirect would carry it to wherever it leads.
    if (!csrfCookie || /^(get|head|options)$/i.test(method)) return headers
    const value = readableCookie(csrfCookie)
    if (value === undefined) {
      throw new SessionError(
        'csrf_cookie_missing',
        `There is no cookie ${csrfCookie} that script can read: check csrfCookie, and that the server sets it at login, without HttpOnly, for this path`,
      )
    }
    return { ...headers, [csrfHeader]: value }
  }
  const ask = (fetch: typeof globalThis.fetch, method: string, href: string, init: RequestInit) =>
    fetch(href, own<RequestInit>({
      method,
      headers: { Accept: 'application/json', ...protection(method) },
      credentials: 'include',
      cache: 'no-store',
      // Followed, it could carry the proof to another origin, or pass a login page off as a renewal.
      redirect: 'manual',
      ...init,
    }))

  const refresh: RefreshFunction = async ({ accessToken }, { fetch, signal, origin }) => {
    try {
      return await ask(fetch, refreshMethod, (refreshURL as Endpoint)(origin), { signal })
    } catch (cause) {
      if ((cause as SessionError).code !== 'csrf_cookie_missing') throw cause
      // Who was never signed in has no such cookie yet.
      throw new RefreshError(accessToken ? 'misconfigured' : 'rejected', (cause as SessionError).message, { cause })
    }
  }
  const revoke: RevokeFunction = async (_tokens, { fetch, signal, origin }) => {
    const { ok, status } = await ask(fetch, 'POST', (logoutURL as Endpoint)(origin), { signal, keepalive: true })
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
    headers: (_accessToken, method) => protection(method),
    advice: 'check URL and CSRF protection, send JSON or nothing, redirect nowhere; to end the session, answer 401 or set isSignedOut',
    isSignedOut(response, body) {
      try {
        // A promise is no answer.
        return response.status === 401 || (response.ok && body === null) || isSignedOut?.(response, body) === true
      } catch {
        throw new RefreshError('misconfigured', 'cookieSession: isSignedOut threw an error, have it expect any status and body', { status: response.status })
      }
    },
    read(response, now) {
      const { expires_in, id_token, error } = own(response as CookieSessionResponse & { error?: unknown })
      // What comes from a proxy, a page or a login that failed says of nobody that they are signed in.
      if (Object(response) !== response || Array.isArray(response) || error) {
        throw new SessionError('invalid_response', 'This does not say that somebody is signed in: pass {} or a JSON object without error')
      }
      return compact<TokenSet>({
        accessToken: 'cookie',
        idToken: id_token ? String(id_token) : undefined,
        receivedAt: now,
        lifetime: lifetimeOf(expires_in, date(expiryCookie && readableCookie(expiryCookie))! - now / 1000),
      })
    },
    ...(refreshURL && { refresh }),
    ...(logoutURL && { revoke }),
  }
}
