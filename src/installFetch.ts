import { SessionError } from './errors.js'
import { replaceGlobalFetch } from './platform.js'
import type { Session } from './types.js'

/**
 * Puts `session.fetch` in the place of the global `fetch`, for code that cannot be handed one. Returns the undo:
 * if somebody has wrapped the global since, theirs stays, and ours underneath passes every call on as it is.
 * @throws {SessionError} `install_failed` when the global cannot be replaced
 */
export const installFetch = (session: Pick<Session, 'wrapFetch'>): (() => void) => {
  let installed = true
  const undo = replaceGlobalFetch((former) => {
    const authorized = session.wrapFetch(former)
    // In one expression with its use, a minifier would take the name away.
    const wrapper = {
      fetch(_input: RequestInfo | URL): Promise<Response> {
        return (installed ? authorized : former).apply(undefined, arguments as unknown as Parameters<typeof fetch>)
      },
    }
    return wrapper.fetch
  })
  if (!undo) {
    throw new SessionError('install_failed', 'The global fetch is frozen: use session.fetch instead')
  }
  return () => {
    installed = false
    undo()
  }
}
