import { SessionError } from './errors.js'

export const isLoopback = (hostname: string): boolean => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname)

/** Checks `origins`, and returns the test of a parsed URL against them. @throws {SessionError} */
export const originRule = (origins: readonly string[], allowInsecureOrigins: boolean): ((href: string) => boolean) => {
  const rules = origins.map((entry, index) => {
    let url: URL | undefined
    try {
      url = new URL(entry)
    } catch {
      // Said below.
    }
    // Also without user, query and fragment.
    if (!url || !/^https?:/.test(url.href) || url.href !== url.origin + url.pathname) {
      throw new SessionError('invalid_option', `origins[${index}] is no origin: give scheme, host and port, such as 'https://api.example.com'`)
    }
    // Anybody on the way could read along, unless it is this machine itself (secure-contexts §3.1).
    if (!allowInsecureOrigins && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      throw new SessionError('insecure_context', `origins[${index}] is plain http: use https, or set allowInsecureOrigins`)
    }
    const prefix = url.href.replace(/\/?$/, '/')
    // Where a path narrows it, what a server may yet take for `/` or `..` is outside.
    return (path: string) => path.startsWith(prefix) && (url.pathname === '/' || !/%2[ef]|%5c|\.\./i.test(path))
  })
  // Of what the URL parser made of it, with no room for a user, and segment by segment: a prefix ends with a slash.
  return (href) => {
    const path = href.replace(/[?#].*/, '') + '/'
    return rules.some((rule) => rule(path))
  }
}
