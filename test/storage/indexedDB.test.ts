import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { record, storageContract } from './contract.js'

describe('indexedDBStorage', () => {
  storageContract(() => indexedDBStorage({ databaseName: 'contract' }))

  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  test('C37: every write asks for strict durability', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const store = indexedDBStorage({ databaseName: 'strict' }).open('a')
    await store.update(() => record())
    expect(transaction).toHaveBeenLastCalledWith('sessions', 'readwrite', { durability: 'strict' })
  })

  test('R69 C59: a connection that was closed under it is opened anew, once per operation', async () => {
    const opens = vi.spyOn(indexedDB, 'open')
    const store = indexedDBStorage({ databaseName: 'closed' }).open('a')
    await store.update(() => record())
    const database = await new Promise<IDBDatabase>((resolve) => {
      opens.mock.results[0]!.value.onsuccess = null
      resolve(opens.mock.results[0]!.value.result)
    })
    database.close()
    expect(await store.read()).toEqual(record())
    expect(opens).toHaveBeenCalledTimes(2)
  })

  test('C63: another copy may delete or upgrade the database', async () => {
    const store = indexedDBStorage({ databaseName: 'upgraded' }).open('a')
    await store.update(() => record())
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open('latchkey:upgraded', 7)
      request.onsuccess = () => (request.result.close(), resolve())
      request.onblocked = () => reject(new Error('blocked'))
      request.onerror = () => reject(request.error)
    })
    expect(await store.read()).toEqual(record())
  })

  for (const [what, open] of [
    ['never answers', () => ({})],
    ['throws', () => { throw new DOMException('denied', 'SecurityError') }],
  ] as const) {
    test(`R69 C61: an open that ${what} is a storage_failed within the time limit`, async () => {
      vi.stubGlobal('indexedDB', { open })
      const store = indexedDBStorage({ databaseName: 'hangs', timeout: 50 }).open('a')
      await expect(store.read()).rejects.toMatchObject({ name: 'SessionError', code: 'storage_failed' })
      await expect(store.update(() => record())).rejects.toMatchObject({ code: 'storage_failed' })
    })
  }

  test('C61: no IndexedDB at all is a storage_failed', async () => {
    vi.stubGlobal('indexedDB', undefined)
    await expect(indexedDBStorage().open('a').read()).rejects.toMatchObject({ code: 'storage_failed' })
  })

  test('what somebody else put there is nothing, and is replaced by a login', async () => {
    const store = indexedDBStorage({ databaseName: 'rubbish' }).open('a')
    await store.update(() => ({ anything: true }) as never)
    expect(await store.read()).toBeUndefined()
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
  })
})
