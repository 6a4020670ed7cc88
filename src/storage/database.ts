import { get, update, type UseStore } from 'idb-keyval'
import { SessionError } from '../errors.js'
import { scoped } from '../options.js'

/** An IndexedDB database of keys and values. */
export interface Database {
  get(key: string): Promise<unknown>
  /** In one transaction; `undefined` leaves things as they are. */
  update(key: string, change: (stored: unknown) => unknown): Promise<void>
  close(): void
}

const STORE = 'sessions'

const connect = (name: string) =>
  new Promise<IDBDatabase>((resolve, reject) => {
    // Without a version: a database that a later release has upgraded is opened as it is.
    const request = indexedDB.open(scoped(name))
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Operations reject with `storage_failed` after `timeout` milliseconds, or when they have failed twice. */
export const openDatabase = (name: string, timeout: number): Database => {
  let connection: Promise<IDBDatabase> | undefined

  const close = () => {
    void connection?.then((database) => database.close(), () => {})
    connection = undefined
  }
  const store: UseStore = async (mode, run) => {
    const database = await (connection ??= connect(name))
    // Another tab upgrades or deletes it; or the browser dropped it.
    database.onversionchange = database.onclose = close
    // Strict: a refresh token that was rotated must not be lost with the power (IndexedDB 3.0, "durability").
    return run(database.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE))
  }

  /** Within the time limit; opened anew once, since Safari loses the connection in the field (WebKit 197050). */
  const attempt = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer within ${timeout} ms`)), timeout)
    })
    const again = () => {
      close()
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
    get: (key) => attempt(() => get(key, store)),
    async update(key, change) {
      const unchanged = {}
      await attempt(() =>
        update(
          key,
          (stored: unknown) => {
            const next = change(stored)
            if (!next) throw unchanged
            return next
          },
          store,
        ).catch((error: unknown) => {
          if (error !== unchanged) throw error
        }),
      )
    },
    close,
  }
}
