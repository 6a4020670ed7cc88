import type { Credential, Credentials } from './credentials.js'

/** Where the token may go; and whether a call is the refresh itself. */
export interface FetchRules {
  /** The absolute URL that the browser will use. @throws {TypeError} */
  parse(url: string): URL
  allows(url: URL): boolean
  bypass(): boolean
  header(accessToken: string): [name: string, value: string]
}

/** By brand, not by instanceof: a Request of another frame is one too. */
const isRequest = (input: unknown): input is Request => Object.prototype.toString.call(input) === '[object Request]'

const isPlain = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Adds one header and leaves the rest as the caller wrote it: a `Headers` copy would change the case on the wire. */
const withHeader = (headers: HeadersInit | undefined | null, [name, value]: [string, string]): HeadersInit => {
  if (Array.isArray(headers)) return [...headers, [name, value]]
  if (!headers || isPlain(headers)) return { ...(headers as Record<string, string>), [name]: value }
  const copy = new Headers(headers)
  copy.set(name, value)
  return copy
}

/**
 * Prepares the two sends that a call may need; the second is the replay. A Request is cloned, which is the only
 * lossless way to change a header of one; else the caller's own init is kept and only its headers change.
 */
const sender = (fetch: typeof globalThis.fetch, input: RequestInfo | URL, init: RequestInit | undefined, rules: FetchRules) => {
  if (!isRequest(input) && (!init || isPlain(init))) {
    const kept = { ...init }
    return ({ accessToken }: Credential) =>
      fetch(input, { ...kept, headers: withHeader(kept.headers, rules.header(accessToken)) })
  }
  const own = isRequest(input) && !init ? input : new Request(input, init)
  const first = own.clone()
  // Uses up the caller's body at once, as native does.
  const second = own === input ? new Request(own) : own
  let next = first
  return ({ accessToken }: Credential) => {
    const request = next
    next = second
    request.headers.set(...rules.header(accessToken))
    return fetch(request)
  }
}

/**
 * `fetch` with the token attached where it belongs, and one replay after a 401. What is not attached goes to
 * the underlying fetch as it came; with a fresh token in memory, the underlying fetch is called in the same task.
 */
export const createAuthorizedFetch = (
  underlying: typeof globalThis.fetch,
  credentials: Credentials,
  rules: FetchRules,
): typeof globalThis.fetch => {
  // A method in braces keeps the name, one parameter the length, that the native function has.
  const wrapper = {
    fetch(input: RequestInfo | URL): Promise<Response> {
      const args = arguments as unknown as Parameters<typeof globalThis.fetch>
      const init = args[1]
      const native = () => underlying(...args)
      if (rules.bypass()) return native()

      let url: URL
      let send: (credential: Credential) => Promise<Response>
      let credential: Credential | null | undefined
      const request = isRequest(input) ? input : undefined
      const signal = init?.signal ?? request?.signal
      const keepalive = init?.keepalive ?? request?.keepalive
      try {
        url = rules.parse(request ? request.url : String(input))
        if (
          !rules.allows(url) ||
          signal?.aborted ||
          (init?.mode ?? request?.mode) === 'no-cors' ||
          new Headers(init?.headers ?? request?.headers).has(rules.header('')[0])
        ) {
          return native()
        }
        credential = keepalive ? credentials.held() : credentials.current()
        if (credential === null) return native()
        send = sender(underlying, input, init, rules)
      } catch {
        // Whatever is wrong with the call, native says it in its own words.
        return native()
      }

      const oneShot = keepalive || typeof (init?.body as ReadableStream | undefined)?.getReader === 'function'
      const start = (used: Credential) =>
        send(used).then(async (response) => {
          if (response.status !== 401) return response
          // The browser took the header off on its way to another origin: a new token would not help (R53).
          if (response.redirected && rules.parse(response.url).origin !== url.origin) return response
          const challenge = response.headers.get('WWW-Authenticate') ?? ''
          // Only the user can help here, no refresh can (RFC 6750 §3.1, RFC 9470 §3).
          if (/insufficient_(scope|user_authentication)/.test(challenge)) return response
          const successor = await credentials.renew(used, /invalid_token/.test(challenge), signal)
          if (!successor || oneShot) return response
          void response.body?.cancel().catch(() => {})
          return send(successor)
        })
      return credential
        ? start(credential)
        : credentials.obtain(signal).then((obtained) => (obtained ? start(obtained) : native()))
    },
  }
  return wrapper.fetch
}
