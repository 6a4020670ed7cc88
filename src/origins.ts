import { SessionError } from './errors.js'

const isLoopback = (hostname: string) => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname)

/** Where nobody on the way can read along: https, or this machine itself (secure-contexts §3.1). */
export const isConfidential = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))

/** Checks `origins`, and returns the test of a parsed URL against them. @throws {SessionError} */
export const originRule = (origins: readonly string[], allowInsecureOrigins: boolean): ((url: URL) => boolean) => {
  const allowed = new Set<string>()
  for (const [index, entry] of origins.entries()) {
    let url: URL | undefined
    try {
      url = new URL(entry)
    } catch {
      // Said below.
    }
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.pathname + url.search + url.hash !== '/') {
      throw new SessionError(
        'invalid_option',
        `origins[${index}] is not an origin: give scheme, host and port only, such as 'https://api.example.com'`,
      )
    }
    if (!allowInsecureOrigins && !isConfidential(url)) {
      throw new SessionError(
        'insecure_context',
        `origins[${index}] is plain http, where anybody on the way can read the token: use https, or set allowInsecureOrigins`,
      )
    }
    allowed.add(url.origin)
  }
  // A blob: URL has the origin of its page, but is none of its addresses.
  return (url) => /^https?:$/.test(url.protocol) && allowed.has(url.origin)
}
