import type { Emitter } from './emitter.js'
import { isSessionError, SessionError } from './errors.js'
import type { Platform } from './platform.js'
import type { InternalEvents } from './types.js'

export interface Reporting {
  /** For failures that nobody awaits. */
  report(thrown: unknown): void
  /** A refresh brought no tokens. */
  refused(error: SessionError): void
  /** For what is found out while the parts are made: told when there can be listeners. */
  degraded(what: string): Promise<void>
}

export const createReporting = (
  platform: Platform,
  emitter: Emitter<InternalEvents>,
  ready: () => Promise<void>,
): Reporting => {
  let last = { code: '', at: 0 }
  const report = (thrown: unknown) => {
    const error = isSessionError(thrown)
      ? thrown
      : new SessionError('storage_failed', 'The storage failed, the session goes on in memory', { cause: thrown })
    // What fails again and again says so once a second at most (R69).
    const now = platform.monotonic()
    if (error.code === last.code && now - last.at < 1000) return
    last = { code: error.code, at: now }
    if (error.code === 'misconfigured') platform.complain(error)
    emitter.emit('error', { source: 'local', error })
  }
  return {
    report,
    refused(error) {
      // Whoever waits for it may be told no more than a 401 that stays.
      if (error.code === 'misconfigured') report(error)
      emitter.emit('refused', { source: 'local', code: error.code })
    },
    async degraded(what) {
      await undefined
      await ready()
      report(new SessionError('degraded', what))
    },
  }
}
