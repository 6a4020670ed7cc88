import { describe, expect, test } from 'vitest'
import { createSessionOn } from '../../src/createSession.js'
import { createTab, freeze, hideInCache, kill, restoreFromCache, setHidden, setOffline, thaw } from '../simulation/platform.js'
import { diskStorage } from '../simulation/store.js'
import { API, bench } from './harness.js'

const twoTabs = async () => {
  const b = bench()
  const one = await b.open()
  const two = await b.open()
  await b.finish(one.session.setTokens(b.server.login('alice')))
  await b.world.run(100)
  return { ...b, one, two }
}

describe('logout is final', () => {
  test('R34: memory is clear in the task of the call, before storage or network', async () => {
    const { one } = await twoTabs()
    void one.session.logout()
    expect(one.session.status).toBe('anonymous')
    expect(one.session.unverifiedClaims).toBeUndefined()
  })

  test('R32 C21: a refresh that answers after logout in the same tab is discarded, and its tokens revoked', async () => {
    const b = await twoTabs()
    const refreshing = b.outcome(b.one.session.refresh())
    await b.world.run(30)
    await b.finish(b.one.session.logout())
    await refreshing
    await b.world.run(1000)
    expect(b.one.session.status).toBe('anonymous')
    expect(JSON.stringify(b.disk.value)).not.toContain('SECRET')
    const late = b.server.families[0]!.current
    expect(b.server.revoked).toContain(late)
  })

  test('R32 R33 C22: a refresh that answers after logout in another tab is discarded', async () => {
    const b = await twoTabs()
    const refreshing = b.outcome(b.two.session.refresh())
    await b.world.run(30)
    await b.finish(b.one.session.logout())
    expect(await refreshing).toBe('resolved')
    await b.world.run(1000)
    expect([b.one.session.status, b.two.session.status]).toEqual(['anonymous', 'anonymous'])
    expect(JSON.stringify(b.disk.value)).not.toContain('SECRET')
    expect(b.two.events).toEqual(['login:remote', 'logout:remote:logout'])
  })

  test('R35 C90: every tab knows within 500 ms, without a network call', async () => {
    const b = bench()
    const tabs = []
    for (let i = 0; i < 10; i++) tabs.push(await b.open({ revoke: undefined, refresh: undefined } as never))
    await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    void tabs[3]!.session.logout()
    await b.world.run(500)
    for (const { session } of tabs) {
      expect(session.status).toBe('anonymous')
      await b.finish(session.fetch(API))
    }
    expect(b.server.apiRequests.map((request) => request.token)).toEqual(Array(10).fill(undefined))
  })

  test('R34: it works offline, and the session stays ended online', async () => {
    const b = await twoTabs()
    setOffline(b.one.tab, true)
    await b.finish(b.one.session.logout())
    await b.world.run(20_000)
    setOffline(b.one.tab, false)
    await b.world.run(1000)
    expect([b.one.session.status, b.two.session.status]).toEqual(['anonymous', 'anonymous'])
    expect(b.one.errors.map((error) => (error as { code: string }).code)).toEqual(['revocation_failed'])
  })

  test('R37: the refresh token, then the access token, are revoked once', async () => {
    const b = await twoTabs()
    const tokens = b.disk.value!.tokens!
    await b.finish(b.one.session.logout())
    await b.world.run(1000)
    expect(b.server.revoked).toEqual([tokens.refreshToken, tokens.accessToken])
  })

  test('R36 C54: a page that was in the back/forward cache attaches nothing before it knows', async () => {
    const b = await twoTabs()
    hideInCache(b.two.tab)
    await b.finish(b.one.session.logout())
    await b.world.run(1000)
    restoreFromCache(b.two.tab)
    await b.finish(b.two.session.fetch(API))
    expect(b.server.apiRequests.at(-1)!.token).toBeUndefined()
    expect(b.two.session.status).toBe('anonymous')
  })

  test('R36 C54: a page that went into the back/forward cache as it first read looks again', async () => {
    const b = await twoTabs()
    const tab = createTab(b.browser, 'tab 3', b.server.fetch)
    const session = createSessionOn(tab.platform, { storage: diskStorage(b.disk, tab) })
    const reads = b.disk.reads
    await b.world.runUntil(() => b.disk.reads > reads, 1000)
    // The answer is on its way as the page stops, and reaches it when it comes back.
    hideInCache(tab)
    await b.finish(b.one.session.logout())
    restoreFromCache(tab)
    await b.world.run(20)
    expect(session.status).toBe('anonymous')
    await b.finish(session.fetch(API))
    expect(b.server.apiRequests.at(-1)!.token).toBeUndefined()
  })

  test('R36: a hidden tab that was stopped without notice attaches nothing before it knows', async () => {
    const b = await twoTabs()
    b.two.tab.hidden = true
    freeze(b.two.tab)
    await b.finish(b.one.session.logout())
    await b.world.run(60_000)
    // Its own work comes first, before the message that waits for it.
    b.two.tab.frozen = false
    const call = b.two.session.fetch(API)
    thaw(b.two.tab)
    await b.finish(call)
    expect(b.server.apiRequests.at(-1)!.token).toBeUndefined()
  })

  test('R36: a tab that becomes visible looks before it attaches', async () => {
    const b = await twoTabs()
    setHidden(b.two.tab, true)
    b.browser.channels = b.browser.channels.filter((channel) => channel.tab !== b.two.tab)
    await b.finish(b.one.session.logout())
    setHidden(b.two.tab, false)
    await b.finish(b.two.session.fetch(API))
    expect(b.server.apiRequests.at(-1)!.token).toBeUndefined()
  })

  test('R38: a call in flight at logout is neither refreshed nor replayed', async () => {
    const b = await twoTabs()
    b.server.expireAll()
    const call = b.one.session.fetch(API)
    await b.world.run(25)
    await b.finish(b.one.session.logout())
    expect((await b.finish(call)).status).toBe(401)
    await b.world.run(1000)
    expect(b.server.tokenRequests).toHaveLength(0)
    expect(b.server.apiRequests).toHaveLength(1)
  })

  test('R15 C24: storage that fails at logout leaves memory clear, and is cleared when it works again', async () => {
    const b = await twoTabs()
    b.disk.failing = 1
    await b.finish(b.one.session.logout())
    expect(b.one.session.status).toBe('anonymous')
    expect(b.one.errors).toHaveLength(1)
    b.disk.failing = 0
    for (const tell of b.one.tab.listeners) tell('wake')
    await b.world.run(100)
    expect(b.one.session.status).toBe('anonymous')
    expect(JSON.stringify(b.disk.value)).not.toContain('SECRET')
  })

  /** The first update is given up by its caller, and done by the server all the same. */
  const slow = () => {
    let late: () => void
    let updates = 0
    const b = bench({
      storage: (tab, disk) => ({
        open: (name) => {
          const store = diskStorage(disk, tab).open(name)
          return {
            ...store,
            update: (change) => {
              if (updates++) return store.update(change)
              late = () => void store.update(change)
              return Promise.reject(Object.assign(new Error('No answer'), { name: 'SessionError', code: 'storage_failed' }))
            },
          }
        },
      }),
    })
    return { ...b, late: () => late() }
  }

  test('R15: a login that storage takes late does not replace the one that came after it', async () => {
    const { late, ...b } = slow()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const two = await b.open()
    await b.world.run(3000)
    await b.finish(two.session.setTokens(b.server.login('bob')))
    late()
    await b.world.run(1000)
    for (const { session } of [one, two]) expect(session.unverifiedClaims?.sub).toBe('bob')
  })

  test('R15 R40: a login that storage takes late is not stored after a logout, and one that it never takes is stored later', async () => {
    const { late, ...b } = slow()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    await b.world.run(20_000)
    expect(b.disk.value?.tokens).toBeTruthy()
    await b.finish(session.logout())
    late()
    await b.world.run(1000)
    expect(b.disk.value?.tokens).toBeNull()
  })

  test('R15: a logout that storage takes late does not end the login that came after it', async () => {
    const { late, ...b } = slow()
    const { session } = await b.open()
    await b.finish(session.logout())
    await b.world.run(3000)
    await b.finish(session.setTokens(b.server.login('alice')))
    late()
    await b.world.run(1000)
    expect(b.disk.value?.tokens).toBeTruthy()
    expect(session.status).toBe('authenticated')
  })

  test('R15: nor one that comes while that login is in memory alone', async () => {
    const { late, ...b } = slow()
    const { session } = await b.open()
    await b.finish(session.logout())
    await b.world.run(3000)
    b.disk.failing = 1
    await b.finish(session.setTokens(b.server.login('alice')))
    b.disk.failing = 0
    late()
    await b.world.run(30_000)
    expect(session.status).toBe('authenticated')
    expect(b.disk.value?.tokens).toBeTruthy()
  })

  test('R32 R40: a refresh whose record was wiped does not overwrite the logout that came after it', async () => {
    const b = await twoTabs()
    void b.outcome(b.one.session.refresh())
    await b.world.runUntil(() => !!b.disk.value!.intent, 1000)
    // The other tab counts on from what it remembers, and comes to the number of the intent.
    b.disk.value = undefined
    await b.finish(b.two.session.logout())
    b.world.onStep = () => expect(b.disk.value).toMatchObject({ tokens: null, endedBecause: 'logout' })
    await b.world.run(5000)
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(b.one.session.status).toBe('anonymous')
  })

  test('R15 R40: the end of a session whose record was wiped is stored once storage can be written again', async () => {
    let full = false
    const b = bench({
      storage: (tab, disk) => ({
        open(name) {
          const store = diskStorage(disk, tab).open(name)
          const update: typeof store.update = async (change) => {
            if (full) throw Object.assign(new Error('The disk is full'), { name: 'SessionError', code: 'storage_failed' })
            return store.update(change)
          }
          return { ...store, update }
        },
      }),
    })
    const [one, two] = [await b.open(), await b.open()]
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    full = true
    b.disk.value = undefined
    await b.finish(one.session.logout())
    await b.world.run(30_000)
    full = false
    await b.world.run(30_000)
    expect(b.disk.value).toMatchObject({ tokens: null, endedBecause: 'logout' })
    expect(two.session.status).toBe('anonymous')
  })

  test('a call that waits for a refresh while somebody logs out is not sent', async () => {
    const b = await twoTabs()
    b.world.sleep(400_000)
    const call = b.outcome(b.two.session.fetch(API))
    await b.world.run(30)
    await b.finish(b.one.session.logout())
    expect(await call).toBe('SessionError:session_ended')
    expect(b.server.apiRequests).toHaveLength(0)
  })

  test('a login after a logout is a new session everywhere', async () => {
    const b = await twoTabs()
    const former = b.disk.value!.id
    await b.finish(b.one.session.logout())
    await b.finish(b.two.session.setTokens(b.server.login('bob')))
    await b.world.run(100)
    expect(b.disk.value!.id).not.toBe(former)
    expect(b.one.events).toEqual(['login:local', 'logout:local:logout', 'login:remote'])
    await b.finish(b.one.session.fetch(API))
    expect(b.server.userOf(b.server.apiRequests.at(-1)!.token!)).toBe('bob')
  })
})

describe('another user', () => {
  test('R39 C20: a login over a session is a change, and what waited for the former user is not sent', async () => {
    const b = await twoTabs()
    b.world.sleep(400_000)
    const call = b.outcome(b.two.session.fetch(API))
    await b.world.run(10)
    await b.finish(b.one.session.setTokens(b.server.login('bob')))
    expect(await call).toBe('SessionError:session_changed')
    await b.world.run(1000)
    expect(b.server.apiRequests).toHaveLength(0)
    expect(b.one.events).toContain('change:local')
    expect(b.two.events).toContain('change:remote')
    expect(await b.finish(b.two.session.getAccessToken())).toBe(b.disk.value!.tokens!.accessToken)
  })

  test('R39: a call answered 401 after the user changed is not replayed as the other', async () => {
    const b = await twoTabs()
    b.server.expireAll()
    const call = b.two.session.fetch(API)
    await b.finish(b.one.session.setTokens(b.server.login('bob')))
    expect((await b.finish(call)).status).toBe(401)
    await b.world.run(1000)
    expect(b.server.apiRequests).toHaveLength(1)
  })

  test('the same subject again is a login, not a change', async () => {
    const b = bench()
    const { session, events } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice'), { subject: 'alice' }))
    await b.finish(session.setTokens(b.server.login('alice'), { subject: 'alice' }))
    await b.finish(session.setTokens(b.server.login('bob'), { subject: 'bob' }))
    expect(events).toEqual(['login:local', 'login:local', 'change:local'])
  })
})

describe('between tabs', () => {
  test('R65 C8: no message, event or error holds a token', async () => {
    const b = await twoTabs()
    b.server.faults.status = { code: 400, times: 1, body: JSON.stringify({ error: 'rt-SECRET-2', access_token: 'at-SECRET-1' }) }
    const seen: unknown[] = []
    for (const { session } of [b.one, b.two]) {
      for (const type of ['login', 'refresh', 'logout', 'change', 'error'] as const) session.on(type, (event: unknown) => seen.push(event))
    }
    await b.finish(b.one.session.refresh().catch((error) => seen.push(error, error.message, error.stack, error.cause)))
    await b.world.run(170_000)
    await b.finish(b.one.session.refresh())
    await b.finish(b.two.session.logout())
    await b.world.run(1000)
    const { inspect } = await import('node:util')
    for (const thing of [...seen, ...b.browser.messages, b.one.session, b.one.session.getSnapshot()]) {
      expect(inspect(thing, { depth: 10, showHidden: true })).not.toContain('SECRET')
      expect(JSON.stringify(thing) ?? '').not.toContain('SECRET')
    }
    expect(b.browser.messages.length).toBeGreaterThan(2)
  })

  test('one message per login and refresh, two per logout (asked for, stored), however many tabs', async () => {
    const b = bench()
    const tabs = []
    for (let i = 0; i < 10; i++) tabs.push(await b.open())
    await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    await b.finish(Promise.all(tabs.map(({ session }) => session.refresh())))
    await b.finish(tabs[1]!.session.logout())
    expect(b.browser.messages).toHaveLength(4)
  })

  test('R66 C14 C15: forged, malformed and old messages cost a read each at most, and change nothing', async () => {
    const b = await twoTabs()
    const reads = b.disk.reads
    const forged = [
      null, 7, 'logout', {}, { v: 2 }, { v: 1, type: 'logout' }, { v: 1, type: 'changed', id: 'x', revision: 1e99 },
      { v: 1, type: 'changed', id: b.disk.value!.id, revision: -1 }, { v: 1, revision: NaN }, [], { v: 1, tokens: { accessToken: 'evil' } },
      'x'.repeat(1e6), { v: 1, type: 'changed', revision: { valueOf: () => 1 } },
    ]
    for (const message of forged) {
      for (const { receive, tab } of [...b.browser.channels]) if (tab === b.two.tab) receive(message)
      await b.world.run(200)
    }
    expect(b.two.session.status).toBe('authenticated')
    expect(b.disk.reads - reads).toBeLessThanOrEqual(forged.length * 2)
    expect(b.two.events).toEqual(['login:remote'])
    expect(b.two.tab.uncaught).toEqual([])
  })

  test('R67: without BroadcastChannel a tab learns of a logout when it looks', async () => {
    const b = bench({ faults: { noChannel: true } })
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const two = await b.open()
    expect(two.session.status).toBe('authenticated')
    await b.finish(one.session.logout())
    setHidden(two.tab, false)
    await b.world.run(100)
    expect(two.session.status).toBe('anonymous')
  })

  test('R73: sessions of different names do not touch each other', async () => {
    const b = bench({ storage: 'memory' })
    const one = await b.open({ name: 'one' })
    const two = await b.open({ name: 'two' })
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    expect(two.session.status).toBe('anonymous')
  })

  test('C56 C57: an idle page closes its channel on pagehide, reopens it on return, and is up to date then', async () => {
    const b = await twoTabs()
    hideInCache(b.two.tab)
    expect(b.browser.channels.map(({ tab }) => tab.name)).toEqual(['tab 1'])
    await b.finish(b.one.session.refresh())
    restoreFromCache(b.two.tab)
    await b.world.run(100)
    expect(b.browser.channels).toHaveLength(2)
    expect(await b.finish(b.two.session.getAccessToken())).toBe(b.disk.value!.tokens!.accessToken)
  })

  test('C34: a tab that navigates away mid-refresh lets go of the lock at once', async () => {
    const b = await twoTabs()
    b.world.sleep(400_000)
    b.server.faults.there = 5000
    b.one.session.refresh().catch(() => {})
    await b.world.run(100)
    hideInCache(b.one.tab)
    b.server.faults.there = 20
    const from = b.world.time
    expect((await b.finish(b.two.session.fetch(API))).status).toBe(200)
    expect(b.world.time - from).toBeLessThan(3000)
  })

  test('C55: back from the cache with an answer that never comes, calls are not stuck', async () => {
    const b = await twoTabs()
    b.world.sleep(400_000)
    b.server.faults.there = 1e9
    void b.outcome(b.two.session.refresh()).catch(() => {})
    await b.world.run(100)
    hideInCache(b.two.tab)
    await b.world.run(60_000)
    b.server.faults.there = 20
    restoreFromCache(b.two.tab)
    const from = b.world.time
    expect((await b.finish(b.two.session.fetch(API))).status).toBe(200)
    expect(b.world.time - from).toBeLessThan(8000)
  })

  test('R10: a tab that dies while logging out has logged out', async () => {
    const b = await twoTabs()
    void b.one.session.logout()
    await b.world.run(2)
    kill(b.one.tab)
    await b.world.run(100)
    expect(b.disk.value!.tokens).toBeNull()
  })
})
