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
export const createLock = (platform: Platform, name: string, shared: boolean, patience: number): Lock => {
  const { locks } = platform
  let release = () => {}

  const request = <Result>(body: (exclusive: boolean) => Promise<Result>, steal: boolean) =>
    new Promise<Result | undefined>((resolve, reject) => {
      const waiting = new AbortController()
      const stop = platform.setTimer(() => waiting.abort(), SLICE)
      let granted = false
      locks!
        .request(name, steal ? { steal } : { signal: waiting.signal }, () => {
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
          if (waiting.signal.aborted) resolve(undefined)
          else reject(error)
        })
    })

  return {
    async run(body) {
      // Nobody else can reach a record that is not shared.
      if (!locks || !shared) return body(!shared)
      const since = platform.monotonic()
      for (;;) {
        const result = await request(async (exclusive) => ({ of: await body(exclusive) }), platform.monotonic() - since > patience)
        if (result) return result.of
      }
    },
    release: () => release(),
  }
}
