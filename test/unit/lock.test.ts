import { expect, test } from 'vitest'
import { createLock } from '../../src/lock.js'
import type { Platform } from '../../src/platform.js'
import type { RecordStore } from '../../src/recordTypes.js'

test('R11: a lock that was robbed before it began runs nothing, and is asked for anew', async () => {
  const robbed: (() => void)[] = []
  const request = (_name: string, { steal }: LockOptions, run: (lock?: object) => Promise<unknown>) => {
    if (!steal) return Promise.resolve(run({}))
    // Another stole it in the same moment: the promise says so before the callback is called.
    robbed.push(run)
    return Promise.reject(new DOMException('Robbed', 'AbortError'))
  }
  const store = { shared: true, read: async () => undefined } as unknown as RecordStore
  const platform = { locks: { request }, monotonic: () => 0, random: () => 0, now: () => 0, setTimer: () => () => {} } as unknown as Platform
  // Without patience it steals at once.
  const lock = createLock(platform, 'name', store, 0, { ask: () => false, hold() {}, isHolding: () => false, replies: 0 }, () => {})
  let runs = 0
  await lock.run(async () => runs++)
  for (const run of robbed) run()
  expect([robbed.length, runs]).toEqual([1, 1])
})
