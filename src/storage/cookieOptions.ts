import { isCookieName } from '../cookies.js'
import { SessionError } from '../errors.js'
import { invalidOption, own } from '../options.js'
import { isLoopback } from '../origins.js'

export interface CookieStorageOptions {
  /** Name of the cookie, without the prefix. Default: the session's name. */
  name?: string | undefined
  /** Default: `'__Host-'` on https with path `/` and no domain, else none (RFC 6265bis §4.1.3). */
  prefix?: '__Host-' | '__Secure-' | '' | undefined
  /** Default: `'/'`. */
  path?: string | undefined
  /** Default: none, which keeps the cookie from other hosts of the domain. Hosts that share it share neither locks nor channels. */
  domain?: string | undefined
  /** Milliseconds until the cookie expires, counted from each write. Default: none, it goes with the browser session. */
  maxAge?: number | undefined
  /** The same as a date; `maxAge` wins over it. */
  expires?: Date | undefined
  /** Default: `true` on https. */
  secure?: boolean | undefined
  /** Default: `'strict'`. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Keyed by the top-level site (CHIPS). Default: `false`. */
  partitioned?: boolean | undefined
  /** Also write the bare access token into a cookie of this name, behind the same prefix, for a server that reads it from there. */
  mirror?: string | undefined
  /** Write cookies on plain http, where anybody on the way can read them. Loopback is always allowed. Default: `false`. */
  allowInsecure?: boolean | undefined
}

/** Whether the page around this one is of another origin: then maybe of another site, which cannot be told apart here. */
const isEmbedded = () => {
  try {
    void globalThis.top?.location.href
    return false
  } catch {
    return true
  }
}

type Given<Name extends keyof CookieStorageOptions> = { [Key in Name]: CookieStorageOptions[Key] | undefined }

interface Checked extends Given<'mirror' | 'maxAge' | 'expires'> {
  name: string
  attributes: Given<'path' | 'domain' | 'secure' | 'sameSite' | 'partitioned'>
}

/** What the cookie is called, and what is written with it. @throws {SessionError} `invalid_option`, `insecure_context` */
export const checkCookieOptions = (options: CookieStorageOptions, sessionName: string): Checked => {
  if (!globalThis.location) {
    throw new SessionError('invalid_option', 'cookieStorage needs a page, and there is none on a server: use memoryStorage there')
  }
  const https = location.protocol === 'https:'
  const {
    path = '/', domain, maxAge, expires, secure = https, sameSite = 'strict', partitioned, allowInsecure,
    name: bareName = sessionName, mirror: bareMirror, prefix = secure && https && path === '/' && !domain ? '__Host-' : '',
  } = own(options)
  const name = prefix + bareName
  // Without the prefix another host of the domain could put a token of its own there, which the server would believe.
  const mirror = bareMirror && prefix + bareMirror

  const needsSecure = prefix || sameSite === 'none' || partitioned
  const rules: [option: string, value: unknown, isRight: unknown, mustBe: string][] = [
    ['name', name, isCookieName(name), 'a cookie name (RFC 6265 section 4.1.1)'],
    ['mirror', mirror, isCookieName(mirror ?? 'x'), 'a cookie name (RFC 6265 section 4.1.1)'],
    ['path', path, !/[;,\s]/.test(path), 'free of ; , and spaces'],
    ['domain', domain, !/[;,\s]/.test(domain ?? ''), 'free of ; , and spaces'],
    ['maxAge', maxAge, (maxAge ?? 1) > 0, 'milliseconds above 0'],
    ['sameSite', sameSite, /^(strict|lax|none)$/.test(sameSite), "'strict', 'lax' or 'none'"],
    ['secure', secure, secure || !needsSecure, "true for a prefix, sameSite 'none' and partitioned"],
    ['prefix', prefix, prefix !== '__Host-' || (!domain && path === '/'), "'__Secure-' or '' with a domain or another path than /"],
  ]
  for (const [option, value, isRight, mustBe] of rules) {
    if (!isRight) throw invalidOption(`cookieStorage: ${option}`, value, mustBe)
  }
  if (!allowInsecure && !https && !isLoopback(location.hostname)) {
    throw new SessionError('insecure_context', 'cookieStorage on plain http shows the token to anybody on the way: use https, or set allowInsecure')
  }
  if (isEmbedded() && !partitioned) {
    throw new SessionError(
      'insecure_context',
      'cookieStorage in a page of another site may share its cookies with tabs that share no locks: set partitioned, or use memoryStorage',
    )
  }
  return { name, mirror, maxAge, expires, attributes: { path, secure, sameSite, domain, partitioned } }
}
