import type { Platform } from './platform.js'
import type { SessionRecord, TokenSet } from './recordTypes.js'
import type { SessionState } from './session.js'

/** Timers take a signed 32-bit number of milliseconds; anything longer fires at once (HTML, "run steps after a timeout"). */
const LONGEST_DELAY = 2 ** 31 - 1

/** After a failure that left no trace in the record, such as being offline: about every half minute. */
const PAUSE_AFTER_FAILURE = 30_000

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

/** Decides when a refresh starts by itself. `run` resolves with whether it failed. */
export const createSchedule = (
  platform: Platform,
  state: SessionState,
  refreshBefore: number,
  refreshTimeout: number,
  renewable: (tokens: TokenSet) => boolean,
  run: (record: SessionRecord) => Promise<boolean>,
): Schedule => {
  const jitter = platform.random()
  let cancel = () => {}
  let running = false
  let stopped = false
  let notBefore = 0

  /** Milliseconds from now; `undefined` when there is nothing to do by the clock. */
  const delay = (): number | undefined => {
    const { tokens, intent } = state.record ?? {}
    const remaining = state.remaining()
    if (!tokens?.lifetime || !renewable(tokens) || remaining === Infinity || running || stopped) return
    const lead = leadOf(tokens.lifetime, refreshBefore, jitter)
    // A hidden tab lets a visible one go first, and goes itself when none did.
    const due = remaining - lead + (platform.isHidden() ? lead / 2 : 0)
    const now = platform.now()
    const paced = intent ? (intent.retryAt ?? intent.sentAt + refreshTimeout) - now : notBefore - now
    return Math.max(due, paced)
  }

  const arm = () => {
    cancel()
    const wait = delay()
    if (wait !== undefined) cancel = platform.setTimer(fire, Math.min(wait, LONGEST_DELAY))
  }

  const fire = async () => {
    // A timer of 24.8 days or one that was throttled says little: the clocks decide.
    if ((delay() ?? 1) > 0) return arm()
    running = true
    const failed = await run(state.record!)
    running = false
    notBefore = failed ? platform.now() + PAUSE_AFTER_FAILURE * (0.5 + platform.random()) : 0
    arm()
  }

  return {
    arm,
    wake() {
      notBefore = 0
      arm()
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}
