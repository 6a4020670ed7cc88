import { readAnswer } from './outcome.js'
import type { Platform } from './platform.js'
import type { TokenSet } from './recordTypes.js'
import type { RefreshFunction, Scheme, TokenResponse } from './types.js'

export interface RefreshCall {
  /** Calls the app's refresh function once, and settles within the timeout. @throws {RefreshError} */
  send(tokens: TokenSet, idempotencyKey: string): Promise<TokenSet>
  /** Stops waiting for the call under way: after `delay` milliseconds its answer counts as lost. */
  interrupt(delay: number): void
  /** True while the refresh function is being called: what it fetches there is not to be wrapped (R64). */
  readonly calling: boolean
}

/** The one bounded request that is made under the lock. */
export const createRefreshCall = (
  { fetch, origin, now, setTimer }: Platform,
  refresh: RefreshFunction,
  scheme: Scheme,
  take: (response: TokenResponse) => TokenSet,
  timeout: number,
): RefreshCall => {
  let abort = () => {}
  let calling = false
  return {
    send(tokens, idempotencyKey) {
      const controller = new AbortController()
      const { signal } = controller
      const stop = setTimer((abort = () => controller.abort()), timeout)
      const ask = () => {
        calling = true
        try {
          return refresh(tokens, { signal, idempotencyKey, fetch, origin })
        } finally {
          calling = false
        }
      }
      return readAnswer(ask, signal, scheme, take, now).finally(stop)
    },
    interrupt: (delay) => setTimer(abort, delay),
    get calling() {
      return calling
    },
  }
}
