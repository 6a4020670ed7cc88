import { expect, test } from 'vitest'
import type { RecordStore, SessionRecord, TokenStorage } from '../../src/recordTypes.js'

export const record = (revision = 1, accessToken = 'at'): SessionRecord => ({
  id: 'id', revision, tokens: { accessToken, refreshToken: 'rt; ,"%=ü', receivedAt: 1_800_000_000_000, lifetime: 300_000 },
})

/** What every storage promises, in sentences. `make` opens another handle on the same storage, as another tab would. */
export const storageContract = (make: () => TokenStorage): void => {
  const open = (name = 'contract') => make().open(name)

  test('nothing is stored at first', async () => {
    expect(await open('fresh').read()).toBeUndefined()
  })
  test('what was written is read, whole', async () => {
    const store = open('written')
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
  })
  test('update is given what is stored, and undefined leaves it', async () => {
    const store = open('given')
    await store.update(() => record())
    let seen: unknown
    await store.update((stored) => void (seen = stored))
    expect(seen).toEqual(record())
    expect(await store.read()).toEqual(record())
  })
  test('a tombstone replaces the tokens', async () => {
    const store = open('tombstone')
    await store.update(() => record())
    await store.update(() => ({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' }))
    expect(await store.read()).toEqual({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' })
  })
  test('R33: parallel updates lose nothing', async () => {
    const store = open('parallel')
    await store.update(() => record(0))
    await Promise.all(Array.from({ length: 50 }, () => store.update((stored) => record(stored!.revision + 1))))
    expect((await store.read())!.revision).toBe(50)
  })
  test('S6: what one tab asks happens in the order asked: a logout during a login comes after it', async () => {
    for (let time = 0; time < 20; time++) {
      const store = open(`order-${time}`)
      await store.update(() => record())
      await Promise.all([
        store.update((stored) => ({ ...record(stored!.revision + 1, 'new'), id: 'new' })),
        store.update(({ id, revision }: SessionRecord = record()) => ({ id, revision: revision + 1, tokens: null, endedBecause: 'logout' })),
      ])
      expect(await store.read()).toEqual({ id: 'new', revision: 3, tokens: null, endedBecause: 'logout' })
    }
  })
  test('S6: an update that fails does not stop the next', async () => {
    const store = open('fails')
    const failed = store.update(() => {
      throw new Error('of the caller')
    })
    const next = store.update(() => record())
    await expect(failed).rejects.toThrow()
    await next
    expect(await store.read()).toEqual(record())
  })
  test('S6: tabs that write at once lose nothing of each other', async () => {
    const tabs = [open('tabs'), open('tabs'), open('tabs')]
    if (!tabs[0]!.shared) return
    await tabs[0]!.update(() => record(0))
    await Promise.all(Array.from({ length: 30 }, (_, n) => tabs[n % 3]!.update((stored) => record(stored!.revision + 1))))
    expect(await Promise.all(tabs.map(async (tab) => (await tab.read())!.revision))).toEqual([30, 30, 30])
  })
  test('R73: another name is another session', async () => {
    const [one, two] = [open('name-one'), open('name-two')]
    await one.update(() => record(1, 'one'))
    await two.update(() => record(1, 'two'))
    expect((await one.read())!.tokens!.accessToken).toBe('one')
    expect((await two.read())!.tokens!.accessToken).toBe('two')
  })
  test('an error in change leaves the record as it was', async () => {
    const store = open('throws')
    await store.update(() => record())
    await expect(
      store.update(() => {
        throw new Error('of the caller')
      }),
    ).rejects.toThrow()
    expect(await store.read()).toEqual(record())
  })
  test('closed twice is closed', () => {
    const store: RecordStore = open('closed')
    store.close()
    store.close()
  })
}
