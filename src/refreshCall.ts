import { pinned } from './endpoint.js'
import { readAnswer } from './outcome.js'
import type { Platform } from './platform.js'
import type { TokenSet } from './recordTypes.js'
import type { RefreshFunction, Scheme, TokenResponse } from './types.js'

export interface RefreshCall {
  /** Calls the app's refresh function once, and settles within the timeout. @throws {RefreshError} */
  send(tokens: TokenSet, idempotencyKey: string): Promise<TokenSet>
  /** Whether a request is under way. */
  readonly sending: boolean
  /** Stops waiting for the call under way: after `delay` milliseconds its answer counts as lost. */
  interrupt(delay: number): void
  /**
   * Whether a call is part of the refresh, and not to be wrapped: made while the refresh function is being called
   * (R64), with the signal that it was given, or with the refresh token in its body.
   */
  owns(signal?: AbortSignal | null, text?: string): boolean
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
  let owns: RefreshCall['owns'] = () => false
  let sending = false
  return {
    send(tokens, idempotencyKey) {
      const controller = new AbortController()
      const { signal } = controller
      const { refreshToken } = tokens
      const stop = setTimer((abort = () => controller.abort()), timeout)
      let calling = false
      owns = (given, text) => calling || given === signal || !!(refreshToken && text?.includes(refreshToken))
      const ask = () => {
        calling = true
        try {
          return refresh(tokens, { signal, idempotencyKey, fetch: pinned(fetch, origin), origin })
        } finally {
          calling = false
        }
      }
      sending = true
      return readAnswer(ask, signal, scheme, take, now).finally(() => {
        sending = false
        stop()
      })
    },
    get sending() {
      return sending
    },
    interrupt: (delay) => setTimer(abort, delay),
    owns: (given, text) => owns(given, text),
  }
}
