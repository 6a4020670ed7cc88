import { type Attempt, type AttemptParts, attemptRefresh } from './attempt.js'
import { closedError, RefreshError, type SessionError } from './errors.js'
import type { Lock } from './lock.js'
import { own } from './options.js'
import type { SessionRecord } from './recordTypes.js'
import { type Credential, isCurrent } from './session.js'

const POLL = 1000

export interface Refresher {
  /**
   * Replaces the tokens of a session if `used` is still current. Every cause passes through here: calls in one
   * tab share one promise, tabs share the lock, and who comes second finds the work done.
   */
  refresh(used: Credential, unauthorized?: boolean): Promise<void>
  /** The refresh of this tab whose request has left already, if there is one. */
  underWay(id: string): Promise<void> | undefined
  /** Looks again at once, if it was pausing. */
  poke(): void
  close(): void
}

/**
 * `onCommit`: this tab changed the session; called when that is stored, and the lock free again.
 * `onRefused`: no tokens came, once for all who wait in this tab.
 */
export const createRefresher = (
  parts: AttemptParts,
  lock: Lock,
  onCommit: (record: SessionRecord) => void,
  onRefused: (error: SessionError) => void,
): Refresher => {
  const { platform, state, refreshTimeout } = parts
  const flights: Record<string, Promise<void>> = Object.create(null)
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

  /** One attempt under the lock, or what makes it needless before its turn has come: whoever is next may stand still. */
  const turn = (used: Credential, unauthorized: boolean) =>
    new Promise<Attempt>((resolve, reject) => {
      let result: Promise<Attempt> | Attempt | undefined
      poke = () => {
        if (!isCurrent(used, state.record)) resolve((result ??= { record: state.record }))
      }
      lock
        .run(async (exclusive, held) => (result ??= attemptRefresh(parts, used, unauthorized, exclusive, () => held() && !closed)))
        .then(resolve, reject)
    })

  const run = async (used: Credential, unauthorized: boolean) => {
    // While prerendering, a lock would stay pending (nav-speculation, "prerendering").
    await platform.whenActivated()
    const giveUp = platform.monotonic() + refreshTimeout * 1.5
    for (;;) {
      const { record, local, saved = state.saved, error, again } = own(await turn(used, unauthorized))
      if (local && !isCurrent(used, record)) onCommit(record!)
      if (closed) throw closedError()
      state.adopt(record, local ? 'local' : 'remote', saved)()
      // Done by this tab, or by another.
      if (!error && !isCurrent(used, state.record)) return
      if (again === undefined) {
        if (error) throw error
        return
      }
      if (platform.monotonic() + again > giveUp) {
        throw error ?? new RefreshError('cooldown', 'Other tabs keep changing the session, try again')
      }
      await pause(again)
    }
  }

  return {
    refresh: (used, unauthorized = false) =>
      (flights[used.id] ??= run(used, unauthorized)
        .catch((error: SessionError) => {
          onRefused(error)
          throw error
        })
        .finally(() => delete flights[used.id])),
    underWay: (id) => (parts.call.sending ? flights[id] : undefined),
    poke: () => poke(),
    close() {
      closed = true
      poke()
      lock.release()
    },
  }
}
