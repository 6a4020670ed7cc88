import type { Hints } from './channel.js'
import { own } from './options.js'
import type { Platform } from './platform.js'
import { pauseLeft } from './record.js'
import type { RecordStore } from './recordTypes.js'

/**
 * Milliseconds after which a tab that waits asks the holder for a sign of life, and requests the lock once more: in Chromium
 * a page in the back/forward cache keeps its lock until somebody requests it anew (docs/how-it-works.md). A holder that
 * leaves two questions in a row without a reply is frozen.
 */
const SLICE = 1000

/** `isHeld` says whether this tab still holds the lock: it lets go when the page is left, and another tab can take over. */
type LockedBody<Result> = (exclusive: boolean, isHeld: () => boolean) => Promise<Result>

/** What `body` resolves with; in an object, so that `await` stops at the lock. */
interface Granted<Result> {
  result: Promise<Result>
}

export interface Lock {
  /**
   * Runs `body` while no other tab runs one under the same name. `exclusive`: whoever held the lock before has died or is
   * frozen, so a request of theirs that has no outcome is lost. It is `false` where that cannot be told: there are no Web
   * Locks here, or the holder held for too long. The record's fence is the safety then.
   */
  run<Result>(body: LockedBody<Result>): Promise<Result>
  /** Lets go at once, as the page is left; what runs under the lock runs on. */
  release(): void
}

/**
 * `patience`: for how long a holder may hold, in milliseconds, even if it is alive.
 * `onMissing`: there are no Web Locks, or they do not work.
 */
export const createLock = (
  { locks, monotonic, now, random, setTimer }: Platform,
  name: string,
  store: RecordStore,
  patience: number,
  hints: Pick<Hints, 'ask' | 'hold' | 'isHolding' | 'replies'>,
  onMissing: () => void,
): Lock => {
  let release = () => {}
  const missing = () => {
    locks = undefined
    onMissing()
  }
  if (!locks && store.shared) missing()

  /** Counted from when the holder sent its request, which may be long before or after this tab began to wait; else from then. */
  const timeLeft = async (since: number) => {
    const asked = monotonic()
    const intent = (await store.read())?.intent
    // This page was frozen during the read: that holder may have gone since, and another come.
    if (monotonic() - asked > SLICE) return SLICE
    return intent && intent.retryAt === undefined ? pauseLeft(intent, now(), patience) : patience - monotonic() + since
  }

  /** Requests the lock once. Resolves when `body` has begun, or with nothing when the lock was not granted. */
  const request = <Result>(options: LockOptions, exclusive: boolean, body: LockedBody<Result>) =>
    new Promise<Granted<Result> | undefined>((resolve) => {
      let phase: 'waiting' | 'held' | 'over' = 'waiting'
      const begin = () => {
        // Another tab stole the lock before this callback ran.
        if (phase === 'over') return
        phase = 'held'
        const isHeld = () => phase === 'held'
        hints.hold(isHeld)
        const end = () => void (phase = 'over')
        const result = body(exclusive, isHeld)
        resolve({ result })
        const released = new Promise<void>((gone) => {
          release = () => {
            end()
            gone()
          }
        })
        return Promise.race([result.then(end, end), released])
      }
      const ask = async () => locks!.request(name, own(options), begin)
      ask().catch((error: Error) => {
        // Stolen after it began: the fence deals with that. Otherwise not granted in time, or not to be had at all.
        if (phase === 'waiting' && !options.signal?.aborted && error.name !== 'AbortError') missing()
        phase = 'over'
        resolve(undefined)
      })
    })

  /** The same, for a limited time: at random, so that of several tabs one asks first, and the others hear it. */
  const wait = async <Result>(body: LockedBody<Result>, left: number) => {
    const slice = new AbortController()
    const stop = setTimer(() => slice.abort(), Math.min(SLICE * (0.8 + random() / 5), left))
    const granted = await request({ signal: slice.signal }, true, body)
    stop()
    return granted
  }

  const acquire = async <Result>(body: LockedBody<Result>): Promise<Result> => {
    const since = monotonic()
    let left = patience
    let asked = 0
    /** Questions of this tab that had no reply, since the last sign of life. */
    let unanswered = 0
    for (;;) {
      const { replies } = hints
      const isFrozen = unanswered > 1
      const steals = isFrozen || left <= 0
      const granted = await (steals ? request({ steal: true }, isFrozen, body) : wait(body, left))
      if (granted) return granted.result
      if (!locks) return body(false, () => true)
      try {
        // When two tabs steal at the same time, the first loses the lock before its callback runs. It waits instead of
        // stealing back; otherwise the two would steal from each other forever.
        left = steals ? SLICE : await timeLeft(since)
      } catch {
        // Nobody can tell for how long the lock has been held. The holder is left alone, and the fence decides.
        return body(false, () => true)
      }
      unanswered = steals || hints.isHolding() || hints.replies !== replies ? 0 : unanswered + asked
      asked = Number(hints.ask(SLICE))
    }
  }

  return {
    // Nobody else can reach a record that is not shared.
    run: async (body) => (locks && store.shared ? acquire(body) : body(!store.shared, () => true)),
    release: () => release(),
  }
}
