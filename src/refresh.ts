import { type Attempt, type AttemptParts, attemptRefresh } from './attempt.js'
import { RefreshError, SessionError } from './errors.js'
import type { Lock } from './lock.js'
import type { SessionRecord } from './recordTypes.js'

const POLL = 1000

export interface Refresher {
  /**
   * Replaces the tokens of session `id` if `used` is still its access token. Every cause passes through here:
   * calls in one tab share one promise, tabs share the lock, and who comes second finds the work done.
   */
  refresh(id: string, used: string, unauthorized?: boolean): Promise<void>
  /** Looks again at once, if it was pausing. */
  poke(): void
  close(): void
}

/** `onCommit`: this tab changed the session; called when that is stored, and the lock free again. */
export const createRefresher = (
  parts: AttemptParts,
  lock: Lock,
  onCommit: (record: SessionRecord) => void,
): Refresher => {
  const { platform, state, call, refreshTimeout } = parts
  let flight: { id: string; promise: Promise<void> } | undefined
  let closed = false
  let poke = () => {}

  const pause = (delay: number) =>
    new Promise<void>((resolve) => {
      const cancel = platform.setTimer(resolve, Math.min(delay, POLL))
      poke = () => {
        cancel()
        resolve()
      }
    })

  const run = async (id: string, used: string, unauthorized: boolean) => {
    // While prerendering, a lock would stay pending (nav-speculation, "prerendering").
    await platform.whenActivated()
    const giveUp = platform.monotonic() + refreshTimeout * 1.5
    for (;;) {
      const attempt: Attempt = await lock.run((exclusive) => attemptRefresh(parts, id, used, unauthorized, exclusive))
      const { record, source, saved = state.saved, error, again } = attempt
      if (closed) throw new SessionError('closed', 'This session object was closed')
      if (source === 'local' && record!.tokens?.accessToken !== used) onCommit(record!)
      state.adopt(record, source, saved)()
      if (again === undefined) {
        if (error) throw error
        return
      }
      if (platform.monotonic() + again > giveUp) {
        throw error ?? new RefreshError('cooldown', 'Other tabs keep changing the session')
      }
      await pause(again)
    }
  }

  return {
    refresh(id, used, unauthorized = false) {
      if (flight?.id !== id) {
        const promise = run(id, used, unauthorized).finally(() => {
          if (flight?.promise === promise) flight = undefined
        })
        flight = { id, promise }
      }
      return flight.promise
    },
    poke: () => poke(),
    close() {
      closed = true
      poke()
      lock.release()
    },
  }
}
