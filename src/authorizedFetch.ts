import type { Credential, Credentials } from './credentials.js'
import { type Copy, isTokenRequest, requestAnd, urlOf } from './requests.js'
import type { SessionOptions } from './types.js'

/** Where the token may go, and what it looks like there. */
export interface FetchRules {
  /** The absolute URL, where the token may go; else nothing. @throws {TypeError} what is no URL */
  target(url: string): string | undefined
  /** Whether a call is part of the refresh, or comes after the end. */
  bypass(signal?: AbortSignal | null, text?: string): boolean
  headers(accessToken: string, method: string): Record<string, string>
  /** Names of headers, in lower case, with which a call is the caller's own affair. */
  names: readonly string[]
  /** Goes around the calls that are attached. */
  wrap(fetch: typeof globalThis.fetch): typeof globalThis.fetch
  /** A server wants more than a new token could give. */
  stepUp(challenge: string): void
  /** What the app takes for a 401. */
  unauthorized?: SessionOptions['unauthorized'] | undefined
}

/**
 * `fetch` with the token attached where it belongs, and one replay after a 401. What is not attached goes to
 * the underlying fetch as it came; with a fresh token in memory, the underlying fetch is called in the same task.
 */
export const createAuthorizedFetch = (
  underlying: typeof globalThis.fetch,
  credentials: Credentials,
  rules: FetchRules,
  /** What holds for these calls instead. */
  options?: Pick<FetchRules, 'unauthorized'>,
): typeof globalThis.fetch => {
  const attached = rules.wrap(underlying)
  const { unauthorized } = { ...rules, ...options }
  /** Whether the app takes an answer for a 401; nothing when it does not say. It reads a copy. */
  const verdict = async (response: Response) => {
    try {
      const copy = response.clone()
      const told = await unauthorized!(copy)
      // What was not read would be kept for nobody.
      copy.body?.cancel().catch(() => {})
      return told
    } catch {
      return
    }
  }
  /** A login has to get through, and a refresh that waited for a token would wait for itself. */
  const passes = (signal: AbortSignal | null | undefined, text: string) => (text && isTokenRequest(text)) || rules.bypass(signal, text)
  /** What to do for a call that gets the token; nothing for others. Throws when something is wrong with the call. */
  const prepare = (input: RequestInfo | URL, init?: RequestInit | null): (() => Promise<Response>) | undefined => {
    const current = credentials.current()
    if (current === null) return
    const url = urlOf(input)
    const source = url === undefined ? url : (input as Request)
    const {
      headers = source?.headers ?? [],
      keepalive = source?.keepalive,
      method = source?.method ?? 'GET',
      mode = source?.mode,
      signal = source?.signal,
      body,
      // Without a prototype, of which a polluted one would speak up.
    } = init ?? ({ __proto__: null } as RequestInit)
    if (passes(signal, typeof body === 'string' || body instanceof URLSearchParams ? `${body}` : '')) return
    const href = rules.target(url ?? `${input as string}`)
    const credential = keepalive ? credentials.held() : current
    if (credential === null || !href || mode === 'no-cors' || signal?.aborted) return
    const pairs = (Symbol.iterator in headers ? [...headers] : Object.entries(headers)) as [string, string][]
    if (pairs.some(([name]) => rules.names.includes(name.toLowerCase()))) return
    // Only the headers of a plain init change. What cannot be spread, or could change while the call waits,
    // becomes a Request first, as it does in the native function too.
    const exotic = init != null && Object.getPrototypeOf(init) !== Object.prototype
    const kept = exotic ? init : ({ __proto__: null, ...init } as RequestInit)
    // An iterator can be read but once.
    if (!exotic && kept.headers) kept.headers = pairs
    const { request, rest } = source || exotic || !credential ? requestAnd(source ?? href, kept) : ({} as Copy)
    const replayable = !keepalive && !(body as ReadableStream | undefined)?.getReader
    const spare = replayable ? request?.clone() : undefined

    const send = ({ accessToken }: Credential, request?: Request) => {
      const added = Object.entries(rules.headers(accessToken, method))
      if (request) {
        for (const [name, value] of added) request.headers.set(name, value)
        return attached(request, rest)
      }
      kept.headers = [...pairs, ...added]
      // The very URL that was decided on: a relative one may come to mean another.
      return attached(href, kept)
    }
    const answer = async (response: Response, used: Credential) => {
      // The browser took the header off on its way to another origin: a new token would not help (R53).
      if (response.redirected && new URL(response.url).origin !== new URL(href).origin) return response
      const challenge = response.headers.get('WWW-Authenticate') ?? ''
      // Only the user can help here, no refresh can (RFC 6750 §3.1, RFC 9470 §3).
      if (/insufficient_(scope|user_authentication)/.test(challenge)) rules.stepUp(challenge)
      else {
        const told = unauthorized && (await verdict(response))
        if (!(told ?? response.status === 401)) return response
        const successor = await credentials.renew(used, told || /invalid_token/.test(challenge), signal)
        if (successor && replayable) {
          response.body?.cancel().catch(() => {})
          return send(successor, spare)
        }
      }
      return response
    }
    const start = (used: Credential) =>
      send(used, request).then((response) => (unauthorized || response.status === 401 || response.status === 403 ? answer(response, used) : response))
    if (credential) return () => start(credential)
    return async () => {
      // Only now there is time to read what a client has put into a Request.
      const isText = source && /json|urlencoded/.test(request!.headers.get('Content-Type')!)
      if (!(isText && passes(signal, await request!.clone().text()))) {
        try {
          const obtained = await credentials.obtain(signal)
          // A session that was closed meanwhile hears of no logout.
          if (obtained && !rules.bypass()) return start(obtained)
        } catch (error) {
          if (!signal?.aborted) throw error
        }
      }
      // Also cancels a stream that was to be sent.
      return underlying(request!, rest)
    }
  }

  // A method keeps the name, and one parameter the length, that the native function has.
  const wrapper = {
    fetch(_input: RequestInfo | URL): Promise<Response> {
      const args = arguments as unknown as Parameters<typeof globalThis.fetch>
      let call: (() => Promise<Response>) | undefined | 0
      try {
        call = args.length && prepare(...args)
      } catch {
        // Whatever is wrong with the call, native says it in its own words.
      }
      try {
        return call ? call() : underlying(...args)
      } catch (error) {
        // A scheme that cannot make its headers.
        return Promise.reject(error)
      }
    },
  }
  return wrapper.fetch
}
