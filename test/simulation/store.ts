import type { RecordStore, SessionRecord, TokenStorage } from '../../src/recordTypes.js'
import type { Tab } from './platform.js'

/** What a browser profile keeps, for all of its tabs. */
export interface Disk {
  value: SessionRecord | undefined
  /** How long an operation takes, in milliseconds. */
  latency: number
  /** Chance that an operation fails. */
  failing: number
  /** Operations so far. */
  reads: number
  writes: number
}

export const createDisk = (): Disk => ({ value: undefined, latency: 1, failing: 0, reads: 0, writes: 0 })

/** A store like IndexedDB: atomic updates, exact reads, and every way to fail. */
export const diskStorage = (disk: Disk, tab: Tab): TokenStorage => ({
  open() {
    const { world } = tab.browser
    const perform = <Result>(work: () => Result) =>
      new Promise<Result>((resolve, reject) => {
        world.schedule(tab, disk.latency * (0.5 + world.random()), () => {
          if (world.random() < disk.failing) {
            reject(Object.assign(new Error('The disk failed'), { name: 'SessionError', code: 'storage_failed' }))
            return
          }
          // Committed even if the tab dies before it hears of it.
          const result = work()
          world.schedule(tab, disk.latency * world.random(), () => resolve(result))
        })
      })
    const store: RecordStore = {
      shared: true,
      read: () =>
        perform(() => {
          disk.reads++
          return structuredClone(disk.value)
        }),
      update: (change) =>
        perform(() => {
          const next = change(structuredClone(disk.value))
          if (!next) return
          disk.writes++
          disk.value = structuredClone(next)
        }),
      close() {},
    }
    return store
  },
})
