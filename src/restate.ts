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
