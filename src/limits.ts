import { invalidOption, own } from './options.js'
import { listen } from './platform.js'
import type { Extension } from './types.js'

export interface SessionLimitsOptions {
  /** How long nobody may touch any tab, in milliseconds. Default: no limit. */
  idleTimeout?: number | undefined
  /** How long before that the `warning` event fires, in milliseconds. Default: 60 000, at most half of `idleTimeout`. */
  idleWarning?: number | undefined
  /** How long a session lasts from its login on, in milliseconds; a refresh does not extend it. Default: no limit. */
  absoluteLifetime?: number | undefined
}

export interface SessionLimits extends Extension {
  /** Counts as activity, for what no event of the page shows, such as a film that is being watched. */
  touch(): void
}

/** A tab writes down its activity this often at most, in milliseconds. */
const PACE = 1000
/** Timers take a signed 32-bit number of milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1
const ACTIVITY = 'pointerdown pointermove keydown wheel touchstart'

const check = (options: SessionLimitsOptions): void => {
  for (const name of ['idleTimeout', 'idleWarning', 'absoluteLifetime'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) throw invalidOption(`sessionLimits: ${name}`, value, 'milliseconds above 0')
  }
  const { idleTimeout, idleWarning, absoluteLifetime } = options
  if (!idleTimeout && !absoluteLifetime) throw invalidOption('sessionLimits: idleTimeout', idleTimeout, 'given, or absoluteLifetime')
  if (idleWarning && !(idleTimeout! > idleWarning)) throw invalidOption('sessionLimits: idleWarning', idleWarning, 'given with an idleTimeout that is longer')
}

/**
 * Ends a session that nobody has used for a while, or that has lasted long enough: in all tabs, also after a reload
 * or after sleep. Both go by the wall clock, which alone knows of sleep. Activity in any tab counts for all of
 * them as far as localStorage works; where it is blocked, each tab counts its own.
 * @throws {SessionError} `invalid_option`
 */
export const sessionLimits = (given: SessionLimitsOptions): SessionLimits => {
  const options = own(given)
  check(options)
  const { idleTimeout = Infinity, absoluteLifetime = Infinity } = options
  const idleWarning = options.idleWarning ?? Math.min(60_000, idleTimeout / 2)
  let touch = () => {}

  return {
    touch: () => touch(),
    attach({ name, now, setTimer, localStorage, startedAt, end, emit, on }) {
      let seen = 0
      let noted = 0
      let warned = 0
      let cancel = () => {}

      /** What the tabs tell each other; where it is blocked, each knows its own. */
      const own: Record<string, number> = {}
      const shared = (key: string, value?: number): number => {
        if (value !== undefined) own[key] = value
        try {
          if (value !== undefined) localStorage?.setItem(`${name}.${key}`, String(value))
          return Number(localStorage?.getItem(`${name}.${key}`)) || own[key] || 0
        } catch {
          return own[key] || 0
        }
      }
      /** When the session began; one that was resumed after a reload began when it was first seen. */
      const began = () => {
        const at = startedAt()
        if (at === undefined) return
        // Written by a clock that was ahead: it began when that is noticed, also after that clock is right.
        if (at > now() && shared('ahead') !== at) shared('began', shared('ahead', at) && now())
        const known = shared('began')
        const start = (at !== shared('ahead') && at) || (known <= now() && known) || now()
        // To begin is activity, once: for all, also where each tab has a session of its own.
        if (start !== noted && start > shared('activity')) shared('activity', start)
        noted = start
        return known === start ? start : shared('began', start)
      }

      const lastActivity = () => {
        began()
        // A tab that opened at the same moment may have written an earlier time over the latest activity.
        const told = shared('activity')
        seen = told < seen ? shared('activity', seen) : told
        // A clock that was set back must not make it longer: what is ahead of it counts as now, once.
        if (seen > now()) seen = shared('activity', now())
        return seen
      }
      touch = () => {
        if (began() === undefined || Math.abs(now() - seen) < PACE || exceeded()) return
        seen = now()
        shared('activity', seen)
      }
      const ends = () => ({ idle: lastActivity() + idleTimeout, lifetime: began()! + absoluteLifetime })
      const exceeded = () => {
        if (began() === undefined) return
        const { idle, lifetime } = ends()
        return now() >= lifetime ? 'lifetime' : now() >= idle ? 'idle' : undefined
      }
      const arm = () => {
        cancel()
        if (began() === undefined) return
        const reason = exceeded()
        if (reason) return end(reason)
        const { idle, lifetime } = ends()
        const warnAt = idle - idleWarning
        if (now() >= warnAt && warned < idle) {
          warned = idle
          emit('warning', { source: 'local', endsAt: idle, preventDefault: touch })
        }
        // Looked at again when the warning is due; what was touched meanwhile moves it.
        const next = Math.min(now() < warnAt ? warnAt : idle, lifetime)
        if (next < Infinity) cancel = setTimer(arm, Math.min(next - now(), LONGEST_DELAY))
      }
      const stop = listen(ACTIVITY, () => touch())
      on('snapshot', arm)
      on('wake', arm)
      // Whoever signs in next, and is resumed, begins anew.
      on('logout', () => shared('began', 0))
      on('close', () => {
        cancel()
        stop()
      })
      return { exceeded }
    },
  }
}
