import type { Platform } from './platform.js'
import { pauseLeft } from './record.js'
import type { RecordStore } from './recordTypes.js'

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
 * `patience`: for how long a holder may hold before it counts as dead, in milliseconds.
 * `onMissing`: there are no Web Locks, or they do not work.
 */
export const createLock = (
  { locks, monotonic, now, setTimer }: Platform,
  name: string,
  store: RecordStore,
  patience: number,
  onMissing: () => void,
): Lock => {
  let release = () => {}
  const missing = () => {
    locks = undefined
    onMissing()
  }
  if (!locks && store.shared) missing()

  /** Counted from when the holder asked the server, which may be long before or after we began to wait; else from then. */
  const timeLeft = async (since: number) => {
    const asked = monotonic()
    const intent = (await store.read())?.intent
    // Before a page that was stopped on the way got to see it, that holder may have gone, and another come.
    if (monotonic() - asked > SLICE) return SLICE
    return intent && intent.retryAt === undefined ? pauseLeft(intent, now(), patience) : patience - monotonic() + since
  }

  const request = <Result>(body: LockedBody<Result>, since: number, left = patience): Promise<Result> =>
    new Promise((resolve) => {
      const slice = new AbortController()
      const stop = setTimer(() => slice.abort(), Math.min(SLICE, Math.max(left, 0)))
      let granted = false
      let over = false
      let held = false
      const ask = async () =>
        locks!.request(name, left > 0 ? { signal: slice.signal } : { steal: true }, () => {
          // Robbed before it began, and asked for anew.
          if (over) return
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
      ask().catch((error: Error) => {
        stop()
        over = true
        held = false
        if (granted) return
        if (!slice.signal.aborted && error.name !== 'AbortError') missing()
        if (!locks) return resolve(body(false, () => true))
        // Two that steal at once: the first is robbed before it had anything, and waits, or they would go on for ever.
        const next = left > 0 ? timeLeft(since) : Promise.resolve(SLICE)
        resolve(
          next.then(
            (left) => request(body, since, left),
            // Nobody can tell how long the holder has had it: it is left alone, and the fence decides.
            () => body(false, () => true),
          ),
        )
      })
    })

  return {
    // Nobody else can reach a record that is not shared.
    run: async (body) => (locks && store.shared ? request(body, monotonic()) : body(!store.shared, () => true)),
    release: () => release(),
  }
}
