import type { SessionError } from './errors.js'
import type { Platform } from './platform.js'
import { floorLeft, pauseLeft } from './record.js'
import type { TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'

/** Timers take a signed 32-bit number of milliseconds; anything longer fires at once (HTML, "run steps after a timeout"). */
const LONGEST_DELAY = 2 ** 31 - 1

/** After a failure that left no trace in the record, such as being offline: about every half minute. */
const idlePause = (random: number): number => 30_000 * (0.5 + random)

/**
 * Margin before expiry in milliseconds: what is asked for, but a third of a short lifetime at most; plus
 * jitter, so that tabs and clients do not all go at once.
 */
export const leadOf = (lifetime: number, refreshBefore: number, jitter: number): number =>
  Math.min(refreshBefore, lifetime / 3) + (jitter * lifetime) / 10

export interface Schedule {
  /** Sets the one timer of this tab anew, or runs what is due. `afresh`: earlier failures do not count any more. */
  arm(afresh?: boolean): void
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
    const { record } = state
    if (running || !record?.tokens || !renewable(record.tokens)) return NaN
    const { tokens, intent } = record
    const now = platform.now()
    // What is over as it comes is renewed when a call needs it, or the clock would never rest.
    const lead = leadOf(tokens.lifetime || NaN, refreshBefore, jitter)
    // A hidden tab lets a visible one go first, and goes itself when none did.
    const due = state.remaining() - (platform.isHidden() ? lead / 2 : lead)
    const paced = intent ? pauseLeft(intent, now, refreshTimeout) : floorLeft(record, now)
    return Math.max(due, paced, notBefore - platform.monotonic())
  }

  const arm = (afresh?: boolean) => {
    cancel()
    if (afresh) notBefore = 0
    const wait = delay()
    // Timers drop what is less than a millisecond, and would ring once too early.
    if (wait < Infinity) cancel = platform.setTimer(fire, Math.min(Math.ceil(wait), LONGEST_DELAY))
  }

  const fire = async () => {
    // A timer of 24.8 days or one that was throttled says little: the clocks decide.
    if (delay() <= 0) {
      running++
      notBefore = 0
      await run().catch(onFailure)
      running--
      // The record says nothing of what went wrong.
      if (delay() <= 0) notBefore = platform.monotonic() + idlePause(platform.random())
    }
    arm()
  }

  return {
    arm,
    stop() {
      running++
      cancel()
    },
  }
}
