import type { Load, Story } from './fleet.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export interface Figures {
  /** Requests a second in quiet times. */
  normal: number
  /** Busiest second over the mean: of the first minute after an outage, or of the hours after a rush. */
  peakOverMean: number
  /** The same second over quiet times. */
  peakOverNormal: number
  /** Seconds until 99 of 100 that had failed have their token. */
  recovered?: number
  /** Requests a second while the endpoint is down. */
  duringOutage?: number
  signedOut: number
}

const mean = (values: Uint32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const peak = (values: Uint32Array) => values.reduce((most, value) => Math.max(most, value), 0)

const outage = (title: string, length: number): { title: string; story: Omit<Story, 'clients'>; figures(load: Load): Figures } => {
  const from = 20 * MINUTE
  const until = from + length
  return {
    title,
    // Everybody has been there for hours: any moment of a lifetime is as likely as any other.
    story: { lifetime: HOUR, login: (random) => -3 * HOUR - random * HOUR, down: [from, until], duration: until + 60 * MINUTE },
    figures({ perSecond, waits, signedOut }) {
      const [start, end] = [from / 1000, until / 1000]
      const normal = mean(perSecond.subarray(0, start))
      const after = perSecond.subarray(end, end + 60)
      return {
        normal, signedOut,
        peakOverMean: peak(after) / mean(after),
        peakOverNormal: peak(perSecond.subarray(end)) / normal,
        duringOutage: mean(perSecond.subarray(start, end)),
        ...(waits.length > 0 && { recovered: waits[Math.floor(waits.length * 0.99)]! }),
      }
    },
  }
}

export const stories = {
  rush: {
    title: 'Everybody logs in within ten minutes; the six hours from the third on',
    story: { lifetime: HOUR, login: (random: number) => random * 10 * MINUTE, duration: 9 * HOUR },
    figures({ perSecond, signedOut }: Load): Figures {
      const late = perSecond.subarray((3 * HOUR) / 1000)
      return { normal: mean(late), peakOverMean: peak(late) / mean(late), peakOverNormal: peak(late) / mean(late), signedOut }
    },
  },
  restart: outage('The endpoint restarts: 503 for 30 seconds', 30_000),
  outage: outage('An outage: 503 for ten minutes', 10 * MINUTE),
}
