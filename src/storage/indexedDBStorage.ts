import { get, update, type UseStore } from 'idb-keyval'
import { SessionError } from '../errors.js'
import { isRecord } from '../record.js'
import type { TokenStorage } from '../recordTypes.js'

export interface IndexedDBStorageOptions {
  /** Default: `'latchkey'`. Sessions of different names share one database. */
  databaseName?: string
  /** How long an operation may take before it counts as failed, in milliseconds. Default: 3000. */
  timeout?: number
}

const STORE = 'sessions'

const openDatabase = (name: string) =>
  new Promise<IDBDatabase>((resolve, reject) => {
    // Without a version: a database that a later release has upgraded is opened as it is.
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Shared by all tabs of the origin, and kept across restarts of the browser. The default. */
export const indexedDBStorage = ({ databaseName = 'latchkey', timeout = 3000 }: IndexedDBStorageOptions = {}): TokenStorage => ({
  open(name) {
    let opened: Promise<IDBDatabase> | undefined

    const connect = () =>
      (opened ??= openDatabase(databaseName).then(
        (database) => {
          const close = () => {
            database.close()
            opened = undefined
          }
          // Another tab upgrades or deletes it; or the browser dropped the connection.
          database.onversionchange = close
          database.onclose = close
          return database
        },
        (error: unknown) => {
          opened = undefined
          throw error
        },
      ))
    const store: UseStore = async (mode, run) =>
      // Strict: a refresh token that was rotated must not be lost with the power (IndexedDB 3.0, "durability").
      run((await connect()).transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE))

    /** Within the time limit; opened anew once, since Safari loses the connection in the field (WebKit 197050). */
    const attempt = async <Result>(run: () => Promise<Result>): Promise<Result> => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`No answer within ${timeout} ms`)), timeout)
      })
      const again = () => {
        void opened?.then((database) => database.close(), () => {})
        opened = undefined
        return run()
      }
      try {
        return await Promise.race([run().catch(again), late])
      } catch (cause) {
        throw new SessionError('storage_failed', 'IndexedDB did not answer or is blocked: the session goes on in memory', { cause })
      } finally {
        clearTimeout(timer)
      }
    }

    return {
      shared: true,
      async read() {
        const value: unknown = await attempt(() => get(name, store))
        return isRecord(value) ? value : undefined
      },
      async update(change) {
        const unchanged = {}
        await attempt(() =>
          update(
            name,
            (value: unknown) => {
              const next = change(isRecord(value) ? value : undefined)
              if (!next) throw unchanged
              return next
            },
            store,
          ).catch((error: unknown) => {
            if (error !== unchanged) throw error
          }),
        )
      },
      close() {
        void opened?.then((database) => database.close(), () => {})
        opened = undefined
      },
    }
  },
})
