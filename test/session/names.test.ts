import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { eventHistory } from '../../src/history.js'
import { sessionLimits } from '../../src/limits.js'
import { encryptedStorage } from '../../src/storage/encryptedStorage.js'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import { record } from '../storage/contract.js'
import { bench } from './harness.js'

describe('what latchkey calls its own on an origin', () => {
  afterEach(() => vi.unstubAllGlobals())

  for (const [name, scope] of [['auth', 'latchkey:auth'], ['latchkey', 'latchkey']] as const) {
    test(`F19: locks, channels and keys of a session named ${name} begin with ${scope}`, async () => {
      const b = bench()
      const used = new Set<string>()
      const one = await b.open({ name, extensions: [eventHistory(), sessionLimits({ idleTimeout: 60_000 })] }, (tab) => {
        const { locks, openChannel } = tab.platform
        tab.platform = {
          ...tab.platform,
          locks: { request: (lock: string, ...rest: never[]) => (used.add(lock), locks!.request(lock, ...(rest as unknown as [() => void]))) } as unknown as LockManager,
          openChannel: (channel, listener) => (used.add(channel), openChannel(channel, listener)),
        }
      })
      await b.finish(one.session.setTokens(b.server.login('alice')))
      await b.finish(one.session.refresh())
      for (const key of Object.keys(one.tab.platform.localStorage!)) used.add(key.split('.')[0]!)
      expect([...used]).toEqual([scope])
    })
  }

  test('F19: what storages keep there begins with latchkey, whatever the options say', async () => {
    const keys = new Set<string>()
    vi.stubGlobal('localStorage', { getItem: (key: string) => (keys.add(key), null), setItem: (key: string) => keys.add(key) })
    await memoryStorage().open('auth').update(() => record())
    await indexedDBStorage({ databaseName: 'app' }).open('auth').update(() => record())
    await encryptedStorage({ databaseName: 'keys' }).open('auth').update(() => record())
    expect([...keys, ...(await indexedDB.databases()).map(({ name }) => name)].sort()).toEqual(['latchkey', 'latchkey:app', 'latchkey:auth.logouts', 'latchkey:keys'])
  })
})
