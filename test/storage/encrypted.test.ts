import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { SessionRecord } from '../../src/recordTypes.js'
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
  describe('S6: each seal belongs to one name, one session and one revision', () => {
    /** Puts an old seal where it does not belong. */
    const forge = async (change: (raw: SessionRecord) => SessionRecord, name = 'bound') => {
      await encryptedStorage().open('bound').update(() => record())
      const raw = (await indexedDBStorage().open('bound').read())!
      await indexedDBStorage().open(name).update(() => change(raw))
      return encryptedStorage().open(name).read()
    }
    for (const [where, change, name] of [
      ['under a newer revision', (raw) => ({ ...raw, revision: 2 }), 'bound'],
      ['under another session', (raw) => ({ ...raw, id: 'another' }), 'bound'],
      ['under another name', (raw) => raw, 'elsewhere'],
    ] as [string, (raw: SessionRecord) => SessionRecord, string][]) {
      test(`an old one ${where} is unreadable`, async () => {
        expect(await forge(change, name)).toMatchObject({ tokens: null, endedBecause: 'unreadable' })
      })
    }
    test('what is no seal at all is unreadable too, without an error', async () => {
      for (const accessToken of ['sealed ', 'sealed x', 'sealed k %%%', 'sealed k AAAA', `sealed ${'A'.repeat(99)}`]) {
        expect(await forge((raw) => ({ ...raw, tokens: { ...raw.tokens!, accessToken } }))).toMatchObject({ tokens: null, endedBecause: 'unreadable' })
      }
    })
  })

  describe('S6: the database of the key is deleted while tabs are open', () => {
    const dropKeys = () => new Promise((resolve) => (indexedDB.deleteDatabase('latchkey-keys').onsuccess = resolve))
    const login = (id: string, revision: number) => () => ({ ...record(revision, `token of ${id}`), id })
    const setup = async () => {
      const tabs = [encryptedStorage().open('heal'), encryptedStorage().open('heal')] as const
      await tabs[0].update(login('first', 1))
      await tabs[1].read()
      await dropKeys()
      return tabs
    }

    test('they go on, and the next write gives the key back: nobody is signed out, then or after a reload', async () => {
      const tabs = await setup()
      for (const tab of tabs) expect((await tab.read())!.tokens!.accessToken).toBe('token of first')
      await tabs[1].update(login('first', 2))
      for (const tab of [...tabs, encryptedStorage().open('heal')]) expect(await tab.read()).toMatchObject({ revision: 2, tokens: { accessToken: 'token of first' } })
    })
    test('a login in a new tab, which has a new key, is read by all; and so is the next of each', async () => {
      const tabs = [...(await setup()), encryptedStorage().open('heal')]
      expect(await tabs[2]!.read()).toMatchObject({ tokens: null, endedBecause: 'unreadable' })
      for (const [revision, writer] of [[2, 2], [3, 0], [4, 1], [5, 2], [6, 1]] as const) {
        await tabs[writer]!.update(login(`login ${revision}`, revision))
        for (const tab of [...tabs, encryptedStorage().open('heal')]) expect((await tab.read())!.tokens!.accessToken).toBe(`token of login ${revision}`)
      }
    })
    test('a tab that holds the former key writes over its own record with the new one', async () => {
      const [one, two] = await setup()
      await encryptedStorage().open('elsewhere').update(() => record()) // Another session makes the database again.
      await encryptedStorage().open('heal').update((stored) => (stored!.tokens ? undefined : { ...record(9), id: 'probe' }))
      expect(await two.read()).toMatchObject({ id: 'probe' })
      await one.update((stored) => ({ ...stored!, revision: 10 }))
      expect(await two.read()).toMatchObject({ id: 'probe', revision: 10, tokens: { accessToken: 'at' } })
    })
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
