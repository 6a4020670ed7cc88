import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { encryptedStorage } from '../../src/storage/encryptedStorage.js'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { record, storageContract } from './contract.js'

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
})

describe('encryptedStorage', () => {
  storageContract(() => encryptedStorage())

  test('R68: what is stored holds no token', async () => {
    await encryptedStorage().open('sealed').update(() => record(1, 'SECRET'))
    const raw = await indexedDBStorage().open('sealed').read()
    expect(raw).toMatchObject({ id: 'id', revision: 1 })
    expect(JSON.stringify(raw)).not.toMatch(/SECRET|rt; /)
    expect(atob(raw!.tokens!.accessToken.slice('sealed '.length))).not.toMatch(/SECRET|rt; /)
  })
  test('R68: the same tokens never look the same', async () => {
    const store = encryptedStorage().open('again')
    const raw = async () => (await indexedDBStorage().open('again').read())!.tokens!.accessToken
    await store.update(() => record(1))
    const first = await raw()
    await store.update(() => record(2))
    expect(await raw()).not.toBe(first)
  })
  test('R68: the key cannot be exported', async () => {
    const exported = vi.spyOn(crypto.subtle, 'generateKey')
    await encryptedStorage().open('key').update(() => record())
    expect(exported.mock.calls[0]![1]).toBe(false)
    exported.mockRestore()
  })
  test('R68: a key that was lost is one typed reason', async () => {
    await encryptedStorage().open('lost').update(() => record())
    await new Promise((resolve) => (indexedDB.deleteDatabase('latchkey-keys').onsuccess = resolve))
    const store = encryptedStorage().open('lost')
    expect(await store.read()).toEqual({ id: 'id', revision: 1, tokens: null, endedBecause: 'unreadable' })
    await store.update(() => ({ ...record(7, 'new'), id: 'another' }))
    expect(await encryptedStorage().open('lost').read()).toMatchObject({ id: 'another', tokens: { accessToken: 'new' } })
  })
  test('what was stored before encryption was turned on is read, and sealed by the next write', async () => {
    await indexedDBStorage().open('plain').update(() => record(1, 'plain-token'))
    const store = encryptedStorage().open('plain')
    expect(await store.read()).toEqual(record(1, 'plain-token'))
    await store.update((stored) => ({ ...stored!, revision: 2 }))
    expect(JSON.stringify(await indexedDBStorage().open('plain').read())).not.toContain('plain-token')
    expect(await store.read()).toEqual(record(2, 'plain-token'))
  })
  test('is refused where there is no WebCrypto, with the way out', () => {
    const { crypto } = globalThis
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    expect(() => encryptedStorage().open('insecure')).toThrow(expect.objectContaining({ code: 'insecure_context', message: expect.stringContaining('indexedDBStorage') }))
    vi.unstubAllGlobals()
  })
  test('a storage that is none is an invalid_option', () => {
    expect(() => encryptedStorage({ storage: {} as never }).open('none')).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
})
