import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encryptedStorage } from '../../src/storage/encryptedStorage.js'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { record } from './contract.js'

const settled = (request: IDBOpenDBRequest) =>
  new Promise<IDBDatabase>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a database that never answers', () => {
  test('F7: the first open fires nothing: given up after the time limit, and the next try opens anew', async () => {
    const opens = vi.spyOn(indexedDB, 'open').mockReturnValueOnce({} as IDBOpenDBRequest)
    const store = indexedDBStorage({ timeout: 50 }).open('a')
    await expect(store.read()).rejects.toMatchObject({ code: 'storage_failed' })
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
    expect(opens).toHaveBeenCalledTimes(2)
  })

  test('F7: a connection that comes too late is closed, and what was given up is not done', async () => {
    const { open } = IDBFactory.prototype
    let late: (() => void) | undefined
    const held = {} as IDBOpenDBRequest
    vi.spyOn(indexedDB, 'open').mockImplementationOnce((name) => {
      const request = open.call(indexedDB, name)
      request.onsuccess = () => (late = () => (Object.assign(held, { result: request.result }), held.onsuccess!.call(held, new Event('success'))))
      request.onupgradeneeded = () => request.result.createObjectStore('sessions')
      return held
    })
    const store = indexedDBStorage({ timeout: 50 }).open('a')
    const change = vi.fn(() => record())
    await expect(store.update(change)).rejects.toMatchObject({ code: 'storage_failed' })
    const closed = vi.spyOn(IDBDatabase.prototype, 'close')
    late!()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(closed).toHaveBeenCalledTimes(1)
    expect(change).not.toHaveBeenCalled()
    expect(await store.read()).toBeUndefined()
  })

  test('F7: transactions of an open connection stop: the next try has a connection of its own', async () => {
    const store = indexedDBStorage({ timeout: 50 }).open('a')
    await store.update(() => record())
    const stuck = new Proxy({}, { get: () => () => ({}), set: () => true })
    const opens = vi.spyOn(indexedDB, 'open')
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockReturnValueOnce({ objectStore: () => stuck } as unknown as IDBTransaction)
    await expect(store.update(() => record(2))).rejects.toMatchObject({ code: 'storage_failed' })
    expect(await store.read()).toEqual(record())
    expect(opens).toHaveBeenCalledTimes(1)
  })

  test('F7: the key of encryptedStorage too', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(indexedDB, 'open').mockReturnValueOnce({} as IDBOpenDBRequest)
    const { open } = indexedDBStorage()
    const store = encryptedStorage({ storage: { open } }).open('a')
    const failure = expect(store.update(() => record())).rejects.toMatchObject({ code: 'storage_failed' })
    await vi.advanceTimersByTimeAsync(10_000)
    await failure
    vi.useRealTimers()
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
  })
})

describe('a database without its object store', () => {
  for (const [what, make] of [['indexedDBStorage', indexedDBStorage], ['encryptedStorage', encryptedStorage]] as const) {
    test(`F8: is repaired by ${what}, and what else is in there stays`, async () => {
      for (const name of ['latchkey', 'latchkey-keys']) {
        const request = indexedDB.open(name, 3)
        request.onupgradeneeded = () => request.result.createObjectStore('other')
        ;(await settled(request)).close()
      }
      const store = make().open('a')
      expect(await store.read()).toBeUndefined()
      await store.update(() => record())
      expect(await make().open('a').read()).toEqual(record())
      const database = await settled(indexedDB.open('latchkey'))
      expect([database.version, ...database.objectStoreNames]).toEqual([4, 'other', 'sessions'])
      database.close()
    })
  }

  test('F8: two tabs repair it at once', async () => {
    ;(await settled(indexedDB.open('latchkey'))).close()
    const [one, two] = [indexedDBStorage().open('a'), indexedDBStorage().open('a')]
    await Promise.all([one.update(() => record(1)), two.update((stored) => record((stored?.revision ?? 0) + 1))])
    expect((await one.read())!.revision).toBe(2)
    expect((await two.read())!.revision).toBe(2)
  })

  test('F8: somebody who keeps it open is waited for no longer than the time limit, and it is repaired when they let go', async () => {
    const database = await settled(indexedDB.open('latchkey'))
    const store = indexedDBStorage({ timeout: 50 }).open('a')
    await expect(store.read()).rejects.toMatchObject({ code: 'storage_failed' })
    database.close()
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
  })

  test('S15: encryptedStorage with the database of indexedDBStorage does not overwrite its own key', async () => {
    const store = encryptedStorage({ databaseName: 'latchkey' }).open('a')
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
    expect(await encryptedStorage({ databaseName: 'latchkey' }).open('a').read()).toEqual(record())
  })
})
