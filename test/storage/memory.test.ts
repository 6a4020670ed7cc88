import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import { record, storageContract } from './contract.js'

describe('memoryStorage', () => {
  storageContract(() => memoryStorage())

  afterEach(() => vi.unstubAllGlobals())

  test('G3: a logout in one document ends the session of another, and shares nothing secret', async () => {
    const values = new Map<string, string>()
    vi.stubGlobal('localStorage', { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => values.set(key, value) })
    const [one, two] = [memoryStorage().open('latchkey'), memoryStorage().open('latchkey')]
    await one.update(() => record(1, 'one'))
    await two.update(() => record(1, 'two'))
    await one.update(() => ({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' }))
    expect((await two.read())!.tokens).toBeNull()
    expect([...values].flat().join()).not.toMatch(/one|two|rt/)
    await two.update((stored) => record(stored!.revision + 1, 'again'))
    expect((await two.read())!.tokens!.accessToken).toBe('again')
  })

  test('a session that the server refused ends in its own document only', async () => {
    const values = new Map<string, string>()
    vi.stubGlobal('localStorage', { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => values.set(key, value) })
    const [one, two] = [memoryStorage().open('latchkey'), memoryStorage().open('latchkey')]
    await two.update(() => record())
    await one.update(() => ({ id: 'x', revision: 2, tokens: null, endedBecause: 'rejected' }))
    expect((await two.read())!.tokens).not.toBeNull()
  })

  test('a login in one document does not end what another one asks the server for', async () => {
    const values = new Map<string, string>()
    vi.stubGlobal('localStorage', { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => values.set(key, value) })
    const [one, two] = [memoryStorage().open('latchkey'), memoryStorage().open('latchkey')]
    await one.update(() => record(1, 'one'))
    await one.update(() => ({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' }))
    await one.update(() => record(3, '')) // No access token yet: it asks whether there is a session.
    await two.update(() => ({ ...record(3, 'two'), id: 'two' })) // Every login has an id of its own.
    expect((await one.read())!.tokens).not.toBeNull()
    await two.update(() => ({ id: 'two', revision: 4, tokens: null, endedBecause: 'logout' }))
    expect((await one.read())!.tokens).toBeNull()
  })

  test('localStorage that is blocked disturbs nothing', async () => {
    vi.stubGlobal('localStorage', { getItem: () => { throw new Error('denied') }, setItem: () => { throw new Error('denied') } })
    const store = memoryStorage().open('latchkey')
    await store.update(() => record())
    await store.update(() => ({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' }))
    expect((await store.read())!.tokens).toBeNull()
  })
})
