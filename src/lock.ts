import type { Platform } from './platform.js'

/**
 * A wait is given up and asked for anew this often. In Chromium a page in the back/forward cache keeps its
 * lock, and those who wait already starve until somebody asks anew (docs/how-it-works.md).
 */
const SLICE = 2000

export interface Lock {
  /**
   * Runs `body` while no other tab runs one under the same name. `exclusive` is false where that cannot be
   * told: no Web Locks here, or the holder seemed dead and was passed over. The record's fence is the safety then.
   */
  run<Result>(body: (exclusive: boolean) => Promise<Result>): Promise<Result>
  /** Lets go at once, as the page is left; what runs under the lock runs on. */
  release(): void
}

/** `patience`: how long to wait for a holder before it counts as dead, in milliseconds. More than it may hold. */
export const createLock = (
  { locks, monotonic, setTimer }: Platform,
  name: string,
  shared: boolean,
  patience: number,
): Lock => {
  let release = () => {}

  const request = <Result>(body: (exclusive: boolean) => Promise<Result>, since: number): Promise<Result> =>
    new Promise((resolve, reject) => {
      const slice = new AbortController()
      const steal = monotonic() - since > patience
      const stop = setTimer(() => slice.abort(), SLICE)
      let granted = false
      locks!
        .request(name, steal ? { steal } : { signal: slice.signal }, () => {
          granted = true
          stop()
          const result = body(!steal)
          resolve(result)
          return Promise.race([result.catch(() => {}), new Promise<void>((left) => (release = left))])
        })
        // Stolen from us, which the fence deals with; or not granted within the slice.
        .catch((error: unknown) => {
          stop()
          if (granted) return
          if (slice.signal.aborted) resolve(request(body, since))
          else reject(error)
        })
    })

  return {
    // Nobody else can reach a record that is not shared.
    run: async (body) => (locks && shared ? request(body, monotonic()) : body(!shared)),
    release: () => release(),
  }
}
