import { afterEach, describe, expect, test, vi } from 'vitest'
import type { RecordStore } from '../../src/recordTypes.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import { bench } from '../session/harness.js'
import { record } from './contract.js'

const KEY = 'latchkey.logouts'
const tombstone = (id = 'id', revision = 2) => ({ id, revision, tokens: null, endedBecause: 'logout' as const })

/** A localStorage that can be full, and what is in it. */
const stubLocalStorage = () => {
  const values = new Map<string, string>()
  const stub = { values, full: false, blocked: false }
  vi.stubGlobal('localStorage', {
    getItem(key: string) {
      if (stub.blocked) throw new DOMException('Denied', 'SecurityError')
      return values.get(key) ?? null
    },
    setItem(key: string, value: string) {
      if (stub.blocked) throw new DOMException('Denied', 'SecurityError')
      if (stub.full && value.length > (values.get(key)?.length ?? -1)) throw new DOMException('Full', 'QuotaExceededError')
      values.set(key, value)
    },
  })
  return stub
}
const open = () => memoryStorage().open('latchkey')
const isLive = async (store: RecordStore) => !!(await store.read())?.tokens

describe('what memoryStorage takes for a logout of another tab', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('S5: localStorage.clear() is none, before and after a login', async () => {
    const { values } = stubLocalStorage()
    const [one, two] = [open(), open()]
    await one.update(() => ({ ...record(), id: 'one' }))
    values.clear()
    expect(await isLive(one)).toBe(true)
    await one.update(() => tombstone('one'))
    await two.update(() => ({ ...record(3), id: 'two' }))
    values.clear()
    expect(await isLive(two)).toBe(true)
    await two.update(() => tombstone('two', 4))
    expect(await isLive(open())).toBe(false)
  })

  test('S5: what latchkey never wrote is none, and says nothing', async () => {
    const { values } = stubLocalStorage()
    const one = open()
    await one.update(() => record())
    const texts = [
      '', 'x', 'in', 'null', '{}', '-', '- ', '- a', '- a 1', '- a 1 hacked', '- a x logout', '- a 1 logout <b>', '-a 1 logout', '+ a', '+ a 1 rejected', '- a 1e308 logout', '- a -1 logout',
      '- a 99999999999999999999 logout', '- a 1 toString', '- a 1 LOGOUT', ' - a 1 logout', '- a 1 logout\n', 'id 2 logout',
    ]
    for (const text of texts) {
      values.set(KEY, text)
      expect([text, await isLive(one)]).toEqual([text, true])
      expect(await open().read()).toBeUndefined()
    }
  })

  test('S5: the same logout again is none for who has signed in since', async () => {
    const { values } = stubLocalStorage()
    const [one, two] = [open(), open()]
    await one.update(() => ({ ...record(), id: 'one' }))
    await one.update(() => tombstone('one'))
    const text = values.get(KEY)!
    await two.update(() => ({ ...record(), id: 'two' }))
    values.set(KEY, text)
    expect(await isLive(two)).toBe(true)
  })

  test('S5: storage that is full when somebody signs in does not sign anybody out, and a logout still gets in over a former one', async () => {
    const stub = stubLocalStorage()
    const [one, two] = [open(), open()]
    await one.update(() => ({ ...record(), id: 'one' }))
    await one.update(() => tombstone('one'))
    stub.full = true
    await one.update(() => ({ ...record(3), id: 'two' }))
    await two.update(() => ({ ...record(3), id: 'six' }))
    expect([await isLive(one), await isLive(two)]).toEqual([true, true])
    expect(await open().read()).toBeUndefined()
    await one.update(() => tombstone('two', 4))
    expect([await isLive(two), await open().read()]).toMatchObject([false, { endedBecause: 'logout' }])
  })

  for (const fault of ['full', 'blocked'] as const) {
    test(`S5: with localStorage ${fault}, a logout reaches the tabs that are open, and only once`, async () => {
      const stub = stubLocalStorage()
      stub[fault] = true
      const b = bench({ storage: 'memory' })
      const [one, two] = [await b.open(), await b.open()]
      await b.finish(one.session.setTokens(b.server.login('alice')))
      await b.finish(two.session.setTokens(b.server.login('alice')))
      await b.finish(one.session.logout())
      await b.world.run(50)
      expect([two.session.status, two.events]).toEqual(['anonymous', ['login:local', 'logout:remote:logout']])
      await b.finish(two.session.setTokens(b.server.login('bob')))
      await b.world.run(10_000)
      expect([one.session.status, two.session.status]).toEqual(['anonymous', 'authenticated'])
    })
  }

  test('S5: a message that says something else ends nothing', async () => {
    stubLocalStorage()
    const b = bench({ storage: 'memory' })
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const other = await b.open()
    const channel = other.tab.platform.openChannel('latchkey', () => {})!
    for (const reason of [undefined, 'rejected', 'hacked', 'logout ', ['logout'], 1]) channel.post({ v: 1, type: 'changed', id: 'x', revision: 0, endedBecause: reason })
    await b.world.run(100)
    expect([one.session.status, one.events]).toEqual(['authenticated', ['login:local']])
  })
})
