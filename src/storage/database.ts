import { get, update, type UseStore } from 'idb-keyval'
import { SessionError } from '../errors.js'
import { scoped } from '../options.js'
import { inOrder, inTime } from './inOrder.js'

/** An IndexedDB database of keys and values. */
export interface Database {
  get(key: string): Promise<unknown>
  /** In one transaction; `undefined` leaves things as they are. Updates happen in the order asked. */
  update(key: string, change: (stored: unknown) => unknown): Promise<void>
  close(): void
}

const connect = (name: string, store: string, version?: number): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    // Without a version at first: a database that a later release has upgraded is opened as it is.
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => request.result.createObjectStore(store)
    request.onsuccess = () => {
      const database = request.result
      if (database.objectStoreNames.contains(store)) return resolve(database)
      // Some tool opened it first and made it without the store. Only a new version can add one; open tabs
      // close their connections for it.
      database.close()
      resolve(connect(name, store, database.version + 1))
    }
    request.onerror = () => reject(request.error)
  })

/** Operations reject with `storage_failed` after `timeout` milliseconds, or when they have failed twice. */
export const openDatabase = (name: string, store: string, timeout: number): Database => {
  const queue = inOrder()
  let connection: Promise<IDBDatabase> | undefined

  /** The next operation opens a connection of its own. One that still comes is closed. */
  const close = () => {
    void connection?.then((database) => database.close(), () => {})
    connection = undefined
  }

  /** Within the time limit. Tried again once on a new connection, since Safari loses the open one (WebKit 197050). */
  const attempt = async <Result>(run: (use: UseStore) => Promise<Result>): Promise<Result> => {
    let over = false
    const use: UseStore = async (mode, body) => {
      const database = await (connection ??= connect(scoped(name), store))
      // The caller was told that it failed, and may have asked for something else since.
      if (over) throw new Error('Given up')
      // Another tab upgrades or deletes it; or the browser dropped it.
      database.onversionchange = database.onclose = close
      // Strict: a refresh token that was rotated must not be lost with the power (IndexedDB 3.0, "durability").
      return body(database.transaction(store, mode, { durability: 'strict' }).objectStore(store))
    }
    const again = (error: unknown) => {
      if (over) throw error
      close()
      return run(use)
    }
    try {
      return await inTime(run(use).catch(again), timeout)
    } catch (cause) {
      over = true
      close()
      throw new SessionError('storage_failed', 'IndexedDB does not answer or is blocked, the session goes on in memory', { cause })
    }
  }

  return {
    get: (key) => attempt((use) => get(key, use)),
    update: (key, change) =>
      queue(() => {
        const unchanged = {}
        return attempt((use) =>
          update(
            key,
            (stored: unknown) => {
              const next = change(stored)
              if (!next) throw unchanged
              return next
            },
            use,
          ).catch((error: unknown) => {
            if (error !== unchanged) throw error
          }),
        )
      }),
    close,
  }
}
