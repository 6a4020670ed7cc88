/** Whether a body is that of a token request, whose endpoint takes no access token (RFC 6749 §3.2). What has a space, a quote or a brace before is no form. */
export const isTokenRequest = (text: string): boolean => /^([^\s"{]*&)?grant_type=/.test(text)

/**
 * The URL of a Request, of another frame too, by the native getter: a subclass can say one thing and send another.
 * Nothing for what the native function takes for a URL itself, such as a Proxy around a Request.
 */
export const urlOf = (input: unknown): string | undefined => {
  try {
    // The error takes longer than all the rest of a call.
    return typeof input === 'object' && !(input instanceof URL) ? Reflect.get(Request.prototype, 'url', input!) : undefined
  } catch {
    return
  }
}

export interface Copy {
  request?: Request
  rest?: RequestInit
}

/** A Request, and the members of `init` that the browser does not ask for, so that the Request does not hold them: they are for another program. */
export const requestAnd = (input: RequestInfo | URL, init: RequestInit): Copy => {
  const rest: any = { __proto__: null, ...init }
  return { request: new Request(input, new Proxy(init, { get: (from: any, name) => (delete rest[name], from[name]) })), rest }
}

/**
 * What a Request has to be sent with when there is a second argument, which resets all this (Fetch, "Request
 * constructor"; Firefox forgets keepalive). Nothing for other inputs. By brand, not by instanceof: a Request of
 * another frame is one too.
 */
export const restate = (input: RequestInfo | URL): (RequestInit & { signal: AbortSignal; credentials: RequestCredentials }) | undefined => {
  if (Object.prototype.toString.call(input) !== '[object Request]') return
  const { credentials, keepalive, referrer, referrerPolicy, signal } = input as Request
  return { credentials, keepalive, referrer, referrerPolicy, signal }
}
