import type { Hints } from './channel.js'
import type { Emitter } from './emitter.js'
import type { Lock } from './lock.js'
import type { Platform } from './platform.js'
import type { RefreshCall } from './refreshCall.js'
import type { Schedule } from './schedule.js'
import type { Sync } from './sync.js'
import type { InternalEvents } from './types.js'

/** How long a request that was in flight when the page went into the back/forward cache may still answer. */
const GRACE_AFTER_RETURN = 1000

/** What a session does when its page is left, comes back, or wakes. Returns what ends that. */
export const followLifecycle = (
  platform: Platform,
  { emit }: Emitter<InternalEvents>,
  hints: Hints,
  lock: Lock,
  call: RefreshCall,
  schedule: Schedule,
  follow: Sync['follow'],
): (() => void) => {
  let left = false
  return platform.onLifecycle((change) => {
    if (change !== 'wake') left = change === 'leave'
    if (left) {
      hints.close()
      return lock.release()
    }
    hints.open()
    if (change === 'return') call.interrupt(GRACE_AFTER_RETURN)
    schedule.arm(true)
    emit('wake', undefined)
    // A page that was frozen may have missed news, hidden or not.
    if (change !== 'return' && platform.isHidden()) return
    void follow(0, change === 'return' || undefined)
  })
}
