import { SessionError } from './errors.js'
import { type Outcome, outcomeOf } from './outcome.js'
import type { Platform } from './platform.js'
import type { TokenSet } from './recordTypes.js'
import type { RefreshFunction } from './types.js'

export interface RefreshCall {
  /** Calls the app's refresh function once. Settles within the timeout, never rejects. */
  send(tokens: TokenSet, idempotencyKey: string): Promise<Outcome>
  /** Stops waiting for the call under way: after `delay` milliseconds its answer counts as lost. */
  interrupt(delay: number): void
  /** True while the refresh function is being called: what it fetches there is not to be wrapped (R64). */
  readonly calling: boolean
}

/** The one bounded request that is made under the lock. */
export const createRefreshCall = (
  platform: Platform,
  refresh: RefreshFunction,
  tokenType: string,
  timeout: number,
): RefreshCall => {
  let interrupt = () => {}
  let calling = false
  return {
    async send(tokens, idempotencyKey) {
      const controller = new AbortController()
      const call = async () => {
        calling = true
        try {
          return refresh(tokens, { signal: controller.signal, idempotencyKey, fetch: platform.fetch, origin: platform.origin })
        } finally {
          calling = false
        }
      }
      const lost = new Promise<never>((_, reject) => {
        interrupt = () => {
          controller.abort()
          reject(new SessionError('closed', 'Nobody waits for the answer any more'))
        }
      })
      const stop = platform.setTimer(interrupt, timeout)
      // Around the whole, reading the body included: in Firefox and WebKit the promises of a page that was in
      // the back/forward cache may never settle.
      const outcome = outcomeOf(call, tokenType, platform.now)
      const result = await Promise.race([outcome, outcomeOf(() => lost, tokenType, platform.now)])
      stop()
      return result
    },
    interrupt(delay) {
      platform.setTimer(interrupt, delay)
    },
    get calling() {
      return calling
    },
  }
}
