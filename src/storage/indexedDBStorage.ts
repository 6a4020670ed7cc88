import { own } from '../options.js'
import { asRecord } from '../record.js'
import type { TokenStorage } from '../recordTypes.js'
import { openDatabase } from './database.js'

export interface IndexedDBStorageOptions {
  /** Default: `'latchkey'`, any other gets the prefix `latchkey:`. Sessions of different names share one database. */
  databaseName?: string | undefined
  /** How long an operation may take before it counts as failed, in milliseconds. Default: 3000. */
  timeout?: number | undefined
}

/** Shared by all tabs of the origin, and kept across restarts of the browser. The default. */
export const indexedDBStorage = (options?: IndexedDBStorageOptions): TokenStorage => ({
  open(name) {
    const { databaseName = 'latchkey', timeout = 3000 } = own(options)
    const { get, update, close } = openDatabase(databaseName, 'sessions', timeout)
    return {
      shared: true,
      read: async () => asRecord(await get(name)),
      update: (change) => update(name, (stored) => change(asRecord(stored))),
      close,
    }
  },
})
