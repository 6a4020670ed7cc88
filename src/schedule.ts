import type { SessionError } from './errors.js'
import type { Platform } from './platform.js'
import { pauseLeft } from './record.js'
import type { TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'

/** Timers take a signed 32-bit number of milliseconds; anything longer fires at once (HTML, "run steps after a timeout"). */
const LONGEST_DELAY = 2 ** 31 - 1

/** After any failure, also one that left no trace in the record, such as being offline: about every half minute. */
export const idlePause = (random: number): number => 30_000 * (0.5 + random)

/**
 * Margin before expiry in milliseconds: what is asked for, but a third of a short lifetime at most; plus
 * jitter, so that tabs and clients do not all go at once.
 */
export const leadOf = (lifetime: number, refreshBefore: number, jitter: number): number =>
  Math.min(refreshBefore, lifetime / 3) + (jitter * lifetime) / 10

export interface Schedule {
  /** Sets the one timer of this tab anew, or runs what is due. */
  arm(): void
  /** The same, and forgets an earlier failure: something changed for the better. */
  wake(): void
  stop(): void
}

/** Decides when a refresh starts by itself. */
export const createSchedule = (
  platform: Platform,
  state: SessionState,
  refreshBefore: number,
  refreshTimeout: number,
  renewable: (tokens: TokenSet) => boolean,
  run: () => Promise<void>,
  onFailure: (error: SessionError) => void,
): Schedule => {
  const jitter = platform.random()
  let cancel = () => {}
  let running = 0
  let notBefore = 0

  /** Milliseconds from now; `NaN` or infinite when there is nothing to do by the clock. */
  const delay = (): number => {
    const { tokens, intent } = state.record ?? {}
    if (running || !tokens || !renewable(tokens)) return NaN
    const { lifetime = NaN } = tokens
    const lead = leadOf(lifetime, refreshBefore, jitter)
    // A hidden tab lets a visible one go first, and goes itself when none did.
    const due = state.remaining() - (platform.isHidden() ? lead / 2 : lead)
    const paced = intent ? pauseLeft(intent, platform.now(), refreshTimeout) : 0
    return Math.max(due, paced, notBefore - platform.monotonic())
  }

  const arm = () => {
    cancel()
    const wait = delay()
    // Timers drop what is less than a millisecond, and would ring once too early.
    if (wait < Infinity) cancel = platform.setTimer(fire, Math.min(Math.ceil(wait), LONGEST_DELAY))
  }

  const fire = async () => {
    // A timer of 24.8 days or one that was throttled says little: the clocks decide.
    if (delay() <= 0) {
      running++
      notBefore = 0
      await run().catch((error: SessionError) => {
        notBefore = platform.monotonic() + idlePause(platform.random())
        onFailure(error)
      })
      running--
    }
    arm()
  }

  return {
    arm,
    wake() {
      notBefore = 0
      arm()
    },
    stop() {
      running++
      cancel()
    },
  }
}
