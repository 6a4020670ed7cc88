import { createStore, get, update, type UseStore } from 'idb-keyval'
import { SessionError } from '../errors.js'
import { asRecord } from '../record.js'
import type { TokenStorage } from '../recordTypes.js'

export interface IndexedDBStorageOptions {
  /** Default: `'latchkey'`. Sessions of different names share one database. */
  databaseName?: string
  /** How long an operation may take before it counts as failed, in milliseconds. Default: 3000. */
  timeout?: number
}

const STORE = 'sessions'

/** Shared by all tabs of the origin, and kept across restarts of the browser. The default. */
export const indexedDBStorage = ({ databaseName = 'latchkey', timeout = 3000 }: IndexedDBStorageOptions = {}): TokenStorage => ({
  open(name) {
    let connection: UseStore | undefined
    let database: IDBDatabase | undefined

    const disconnect = () => {
      database?.close()
      database = connection = undefined
    }
    // idb-keyval opens; the transaction is our own.
    const store: UseStore = async (mode, run) =>
      (connection ??= createStore(databaseName, STORE))('readonly', ({ transaction: { db } }) => {
        database = db
        // Another tab upgrades or deletes it.
        db.onversionchange = disconnect
        // Strict: a refresh token that was rotated must not be lost with the power (IndexedDB 3.0, "durability").
        const result = run(db.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE))
        if (!connection) disconnect()
        return result
      })

    /** Within the time limit; opened anew once, since Safari loses the connection in the field (WebKit 197050). */
    const attempt = async <Result>(run: () => Promise<Result>): Promise<Result> => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`No answer within ${timeout} ms`)), timeout)
      })
      const again = () => {
        disconnect()
        return run()
      }
      try {
        return await Promise.race([run().catch(again), late])
      } catch (cause) {
        throw new SessionError('storage_failed', 'IndexedDB does not answer or is blocked, the session goes on in memory', { cause })
      } finally {
        clearTimeout(timer)
      }
    }

    return {
      shared: true,
      read: async () => asRecord(await attempt(() => get(name, store))),
      async update(change) {
        const unchanged = {}
        await attempt(() =>
          update(
            name,
            (value: unknown) => {
              const next = change(asRecord(value))
              if (!next) throw unchanged
              return next
            },
            store,
          ).catch((error: unknown) => {
            if (error !== unchanged) throw error
          }),
        )
      },
      close: disconnect,
    }
  },
})
