import { RefreshError, SessionError } from './errors.js'
import { invalidOption } from './options.js'
import { isLoopback } from './origins.js'
import { pageURL } from './page.js'

/** Answers the URL; `origin` is that of the session. */
export type Endpoint = (origin: string | undefined) => string

/**
 * The one absolute URL of a request that latchkey makes itself: taken when it is configured, relative to the page, whatever
 * `<base>` markup puts into it. Without a page (on a server) it is relative to the origin that the session has, if any.
 * @throws {SessionError} `invalid_option`, `insecure_context`
 */
export const endpoint = (name: string, url: string, allowInsecure?: boolean): Endpoint => {
  const page = pageURL()
  const judge = (base: string | undefined): string => {
    let parsed: URL | undefined
    try {
      parsed = new URL(url, base)
    } catch {
      // Said below.
    }
    if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) {
      throw invalidOption(name, url, 'a URL of http: or https:, absolute where the page has none')
    }
    // What a page that is plain http itself sends home is no less safe than the page.
    const isHome = base && parsed.origin === new URL(base).origin
    if (parsed.protocol === 'http:' && !allowInsecure && !isHome && !isLoopback(parsed.hostname)) {
      throw new SessionError('insecure_context', `${name} is plain http: use https, or set allowInsecure`)
    }
    return parsed.href
  }
  let known = page || /^\w+:/.test(url) ? judge(page) : undefined
  return (origin) => {
    if (!known && !origin) throw new RefreshError('misconfigured', `${name} is relative, and there is no page: give an absolute URL`)
    return (known ??= judge(origin))
  }
}

/** For a refresh function of the app: what a path leads to is on the page's own origin, whatever `<base>` says. */
export const pinned =
  (fetch: typeof globalThis.fetch, origin: string | undefined): typeof globalThis.fetch =>
  (input, init) => {
    const href = origin && /^\/\w/.test(input as string) ? origin + (input as string) : input
    return fetch(href, init)
  }
