import { SessionError } from './errors.js'

export const isLoopback = (hostname: string): boolean => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname)

/**
 * Whether no server, however it decodes, takes a path for another. So a path has letters, digits and printable ASCII, encoded in
 * UTF-8 or as they are, but no `%`, backslash, semicolon or pair of dots, and no dot or slash that is encoded.
 * @throws {URIError} for what is no UTF-8
 */
const isPlain = (path: string): boolean =>
  !/%2[ef]|\.\./i.test(path) && /^[ -$&-:<-[\]-~\p{L}\p{M}\p{Nd}]+$/u.test(decodeURIComponent(path))

/**
 * Checks `origins`, and returns what is asked of every URL: its absolute form where the token may go, else nothing.
 * It throws what is no URL. @throws {SessionError}
 */
export const originRule = (
  origins: readonly string[],
  allowInsecureOrigins: boolean,
  baseURL: () => string | undefined,
  /** It is that of the page, which no option says. */
  isOwn = false,
): ((url: string) => string | undefined) => {
  const whole: string[] = []
  const narrowed: string[] = []
  origins.forEach((entry, index) => {
    const what = isOwn ? "The page's own origin" : `origins[${index}]`
    let url: URL | undefined
    try {
      url = new URL(entry)
    } catch {
      // Said below.
    }
    // Also without user, query and fragment.
    if (!url || !/^https?:/.test(url.href) || url.href !== url.origin + url.pathname) {
      throw new SessionError('invalid_option', `${what} is no web origin: set origins to scheme, host and port, such as 'https://api.example.com'`)
    }
    // Anybody on the way could read along, unless it is this machine itself (secure-contexts §3.1).
    if (!allowInsecureOrigins && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      throw new SessionError('insecure_context', `${what} is plain http: use https, or set allowInsecureOrigins`)
    }
    // With no room for a user, and segment by segment.
    ;(url.pathname === '/' ? whole : narrowed).push(url.href.replace(/\/?$/, '/'))
  })
  const below = (prefixes: string[], url: string) => prefixes.some((prefix) => url.startsWith(prefix))
  let base: string | undefined = ''
  let root: string

  return (url) => {
    const now = baseURL()
    // To parse would be most of what a call costs. A slash and a letter lead to the host of the base, and whatever
    // follows the slash after a host leads to no other.
    if (/^\/\w/.test(url)) {
      if (now !== base) root = new URL('/', now).href
      base = now
      url = root + url.slice(1)
    }
    if (below(whole, url)) return url
    const { href } = new URL(url, now)
    const path = href.replace(/[?#].*/, '') + '/'
    return below(whole, path) || (below(narrowed, path) && isPlain(path)) ? href : undefined
  }
}
