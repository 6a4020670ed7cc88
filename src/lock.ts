import type { Platform } from './platform.js'

/**
 * A wait is given up and asked for anew this often. In Chromium a page in the back/forward cache keeps its
 * lock, and those who wait already starve until somebody asks anew (docs/how-it-works.md).
 */
const SLICE = 2000

/** `held` answers whether the lock still is ours: it is let go when the page is left. */
type LockedBody<Result> = (exclusive: boolean, held: () => boolean) => Promise<Result>

export interface Lock {
  /**
   * Runs `body` while no other tab runs one under the same name. `exclusive` is false where that cannot be
   * told: no Web Locks here, or the holder seemed dead and was passed over. The record's fence is the safety then.
   */
  run<Result>(body: LockedBody<Result>): Promise<Result>
  /** Lets go at once, as the page is left; what runs under the lock runs on. */
  release(): void
}

/**
 * `patience`: how long to wait for a holder before it counts as dead, in milliseconds. More than it may hold.
 * `isAtWork`: whether somebody waits for an answer, and not for too long.
 * `onMissing`: there are no Web Locks, or they do not work.
 */
export const createLock = (
  { locks, monotonic, setTimer }: Platform,
  name: string,
  shared: boolean,
  patience: number,
  isAtWork: () => Promise<boolean>,
  onMissing: () => void,
): Lock => {
  let release = () => {}
  const missing = () => {
    locks = undefined
    onMissing()
  }
  if (!locks && shared) missing()

  const request = async <Result>(body: LockedBody<Result>, since: number): Promise<Result> => {
    let left = patience - monotonic() + since
    // Who holds it now may have begun long after we began to wait.
    if (left <= 0 && (await isAtWork())) left = SLICE
    return new Promise((resolve) => {
      const slice = new AbortController()
      const stop = setTimer(() => slice.abort(), Math.min(SLICE, Math.max(left, 0)))
      let granted = false
      let held = false
      const ask = async () =>
        locks!.request(name, left > 0 ? { signal: slice.signal } : { steal: true }, () => {
          granted = true
          stop()
          held = true
          const result = body(left > 0, () => held)
          resolve(result)
          const released = new Promise<void>((gone) => {
            release = () => {
              held = false
              gone()
            }
          })
          return Promise.race([result.catch(() => {}), released])
        })
      // Stolen from us, which the fence deals with; not granted within the slice; or not to be had at all.
      ask().catch(() => {
        stop()
        held = false
        if (granted) return
        if (!slice.signal.aborted) missing()
        resolve(locks ? request(body, since) : body(false, () => true))
      })
    })
  }

  return {
    // Nobody else can reach a record that is not shared.
    run: async (body) => (locks && shared ? request(body, monotonic()) : body(!shared, () => true)),
    release: () => release(),
  }
}
