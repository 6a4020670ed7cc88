import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessionOn } from '../../src/createSession.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import { restoreFromCache, setHidden } from '../simulation/platform.js'
import { API, bench } from './harness.js'

describe('options', () => {
  const b = bench()
  const make = async (options: object) => createSessionOn((await b.open()).tab.platform, { storage: memoryStorage(), ...options } as never)
  for (const [options, named, fix] of [
    [{ refresh: '/token' }, 'refresh', 'refreshTokenGrant'],
    [{ storage: 'cookie' }, 'storage', 'indexedDBStorage'],
    [{ storage: null }, 'storage', 'null'],
    [{ origins: 'https://a.test' }, 'origins', 'array'],
    [{ origins: ['a.test'] }, 'origins[0]', 'https://api.example.com'],
    [{ origins: ['https://a.test', 'https://b.test/api?x'] }, 'origins[1]', 'scheme, host and port'],
    [{ origins: ['*'] }, 'origins[0]', 'scheme'],
    [{ origins: ['https://user@a.test'] }, 'origins[0]', 'scheme'],
    [{ name: 'a b' }, 'name', 'letters'],
    [{ name: 7 }, 'name', 'number'],
    [{ refreshBefore: '60' }, 'refreshBefore', 'milliseconds'],
    [{ refreshTimeout: 0 }, 'refreshTimeout', 'milliseconds'],
    [{ refreshTimeout: Infinity }, 'refreshTimeout', 'milliseconds'],
    [{ maxRetryAfter: -1 }, 'maxRetryAfter', 'milliseconds'],
    [{ orgins: [] }, 'orgins', 'origins'],
    [{ allowInsecureOrigins: 1 }, 'allowInsecureOrigins', 'true or false'],
  ] as const) {
    test(`${JSON.stringify(options)} is an invalid_option, thrown at once, that names ${named} and the fix`, async () => {
      await expect(make(options)).rejects.toMatchObject({ name: 'SessionError', code: 'invalid_option', message: expect.stringContaining(named) })
      await expect(make(options)).rejects.toThrow(fix)
    })
  }
  test('C4: an origin on plain http is refused unless asked for, loopback excepted', async () => {
    await expect(make({ origins: ['http://api.example.com'] })).rejects.toMatchObject({ code: 'insecure_context' })
    await make({ origins: ['http://api.example.com'], allowInsecureOrigins: true })
    await make({ origins: ['http://localhost:8080', 'http://127.0.0.1:3000', 'http://[::1]:1'] })
  })
  test('refreshTokenGrant names what is wrong with its own options', () => {
    for (const options of [{}, { url: '' }, { url: 7 }, { url: '/t', clientId: '' }, { url: '/t', scope: 7 }]) {
      expect(() => refreshTokenGrant(options as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    }
  })
  test('C11: a polluted Object.prototype sets no option', async () => {
    Object.assign(Object.prototype, { allowInsecureOrigins: true, origins: ['https://evil.test'], storage: {}, headers: { evil: '1' } })
    try {
      const { session, tab } = await bench({ storage: 'memory' }).open()
      expect(session.status).toBe('anonymous')
      expect(tab.uncaught).toEqual([])
      await expect(make({ origins: ['http://api.example.com'] })).rejects.toMatchObject({ code: 'insecure_context' })
    } finally {
      for (const name of ['allowInsecureOrigins', 'origins', 'storage', 'headers']) Reflect.deleteProperty(Object.prototype, name)
    }
  })
})

describe('close', () => {
  test('R75 C89: no timer, channel, lock or listener is left, whatever was under way', async () => {
    for (const moment of [0, 10, 30, 500]) {
      const b = bench()
      const { session, tab } = await b.open()
      await b.finish(session.setTokens(b.server.login('alice')))
      const refreshing = b.outcome(session.refresh()).catch(() => {})
      await b.world.run(moment)
      session.close()
      await b.world.run(100)
      expect([tab.timers.size, tab.listeners.size, b.browser.channels.length, b.browser.locks.size, b.browser.waiting.length], `after ${moment} ms`).toEqual([0, 0, 0, 0, 0])
      await refreshing
      const { session: next } = await b.open()
      expect((await b.finish(next.fetch(API))).status).toBe(200)
    }
  })
  test('afterwards fetch passes calls through, and the other methods say closed', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    session.close()
    expect((await b.finish(session.fetch(API))).status).toBe(401)
    for (const method of [() => session.refresh(), () => session.logout(), () => session.getAccessToken(), () => session.setTokens({ access_token: 'x' })]) {
      expect(await b.outcome(method())).toBe('SessionError:closed')
    }
    expect(b.disk.value!.tokens).toBeTruthy()
  })
  test('a call that was waiting then goes without the token: nobody would tell this page of a logout any more', async () => {
    const b = bench()
    const { session, tab } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    // In a hidden tab memory is not trusted for long.
    tab.hidden = true
    await b.world.run(2000)
    const call = session.fetch(API)
    session.close()
    expect((await b.finish(call)).status).toBe(401)
    expect(b.server.attached).toEqual([])
  })
})

describe('events', () => {
  test('R7: any method may be called from inside a listener, and a listener that throws stops nobody', async () => {
    const b = bench()
    const { session, tab } = await b.open()
    const seen: string[] = []
    session.on('login', () => {
      throw new Error('mine')
    })
    session.on('login', () => void session.refresh().then(() => seen.push('refreshed')))
    session.on('refresh', () => void session.getAccessToken().then(() => seen.push('token')))
    session.on('refresh', () => void session.refresh().then(() => session.logout()).then(() => seen.push('out')))
    await b.finish(session.setTokens(b.server.login('alice')))
    await b.world.run(5000)
    expect(seen).toEqual(expect.arrayContaining(['refreshed', 'token', 'out']))
    expect(tab.uncaught).toHaveLength(1)
    expect(session.status).toBe('anonymous')
  })
  test('R6: no lock is held while a listener runs', async () => {
    const b = bench()
    const { session } = await b.open()
    const held: number[] = []
    for (const type of ['login', 'refresh', 'logout'] as const) session.on(type, () => held.push(b.browser.locks.size))
    await b.finish(session.setTokens(b.server.login('alice')))
    await b.finish(session.refresh())
    await b.finish(session.logout())
    expect(held).toEqual([0, 0, 0])
  })
  test('R77: focus and a look at an unchanged session fire nothing, and the snapshot stays the same object', async () => {
    const b = bench()
    const { session, tab, events } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    const snapshot = session.getSnapshot()
    let changes = 0
    session.subscribe(() => changes++)
    for (let i = 0; i < 5; i++) {
      setHidden(tab, i % 2 === 0)
      await b.world.run(100)
    }
    restoreFromCache(tab)
    await b.world.run(100)
    expect(session.getSnapshot()).toBe(snapshot)
    expect([changes, events]).toEqual([0, ['login:local']])
  })
  test('on and subscribe return what removes them; an aborted signal removes too', async () => {
    const b = bench()
    const { session } = await b.open()
    let count = 0
    const controller = new AbortController()
    const off = session.on('login', () => count++)
    session.on('login', () => count++, { signal: controller.signal })
    session.on('login', () => count++, { signal: AbortSignal.abort() })
    const unsubscribe = session.subscribe(() => count++)
    off()
    unsubscribe()
    controller.abort()
    await b.finish(session.setTokens(b.server.login('alice')))
    expect(count).toBe(0)
  })
  test('a page that opens on a stored session finds it, and no login is announced', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const two = await b.open()
    expect([two.session.status, two.events]).toEqual(['authenticated', []])
  })
  test('R22: opening and reading need no network, and status is loading until storage was read', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const { tab } = await b.open()
    tab.offline = true
    const session = createSessionOn(tab.platform, { storage: (await import('../simulation/store.js')).diskStorage(b.disk, tab) })
    expect(session.getSnapshot()).toEqual({ status: 'loading', expiresAt: undefined, unverifiedClaims: undefined, reason: undefined })
    await b.finish(session.ready)
    expect(session.status).toBe('authenticated')
    expect(session.getSnapshot().expiresAt).toBe(b.disk.value!.tokens!.receivedAt + 300_000)
  })
})

describe('storage that fails', () => {
  test('R69 C60: a session in memory outlives it, is reported once, and is never taken for logged out', async () => {
    const b = bench()
    const { session, tab, errors } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.disk.failing = 1
    for (let i = 0; i < 5; i++) {
      for (const tell of tab.listeners) tell('wake')
      await b.world.run(100)
      expect((await b.finish(session.fetch(API))).status).toBe(200)
    }
    expect(session.status).toBe('authenticated')
    expect(errors).toHaveLength(1)
    b.world.sleep(400_000)
    expect(await b.outcome(session.fetch(API))).toBe('RefreshError:unavailable')
    expect(b.server.tokenRequests).toHaveLength(0)
    b.disk.failing = 0
    expect((await b.finish(session.fetch(API))).status).toBe(200)
  })
  test('C61 C62: a session that could not be stored lives in this tab, refreshes, and is stored when storage works', async () => {
    const b = bench()
    b.disk.failing = 1
    const { session, tab, errors } = await b.open()
    expect(session.status).toBe('anonymous')
    await b.finish(session.setTokens(b.server.login('alice')))
    expect(errors.length).toBeGreaterThan(0)
    await b.world.run(400_000)
    expect((await b.finish(session.fetch(API))).status).toBe(200)
    expect(b.server.tokenRequests.length).toBeGreaterThan(0)
    b.disk.failing = 0
    for (const tell of tab.listeners) tell('wake')
    await b.world.run(100)
    expect(b.disk.value!.tokens!.accessToken).toBe(await b.finish(session.getAccessToken()))
  })
  test('R40: a record that was wiped is put back once, and no loop follows', async () => {
    const b = bench()
    const { session, tab } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    for (let i = 0; i < 5; i++) {
      b.disk.value = undefined
      for (const tell of tab.listeners) tell('wake')
      await b.world.run(100)
    }
    expect(session.status).toBe('authenticated')
    expect(b.disk.writes).toBe(2)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('R75: the other tabs hear of tokens that were stored as this one closed', async () => {
    const b = bench()
    const [one, two] = [await b.open(), await b.open()]
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    void b.outcome(two.session.refresh())
    await b.world.runUntil(() => b.server.tokenRequests[0]?.settled !== undefined, 1000)
    two.session.close()
    await b.world.run(100)
    expect(one.events).toEqual(['login:local', 'refresh:remote'])
    expect(b.browser.channels.map(({ tab }) => tab)).toEqual([one.tab])
  })
  test('R15 G1: a session that could be stored after all is no longer refreshed from memory', async () => {
    const b = bench()
    const { session, tab } = await b.open()
    b.disk.failing = 1
    await b.finish(session.setTokens(b.server.login('alice')))
    b.disk.failing = 0
    await b.finish(session.refresh())
    expect(b.disk.value!.tokens!.accessToken).toBe(await b.finish(session.getAccessToken()))
    b.disk.failing = 1
    expect(await b.outcome(session.refresh())).toBe('RefreshError:unavailable')
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(tab.uncaught).toEqual([])
  })
  test('R15 C33: a lock is not taken from its holder when storage cannot tell for how long it has had it', async () => {
    const b = bench()
    const [one, two] = [await b.open(), await b.open()]
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    void one.tab.platform.locks!.request('latchkey', () => new Promise(() => {}))
    b.disk.failing = 1
    expect(await b.outcome(two.session.refresh())).toBe('RefreshError:unavailable')
    expect(b.browser.locks.get('latchkey')!.tab).toBe(one.tab)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('R29 C37: nobody gets the new token before it is stored', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.world.sleep(400_000)
    b.disk.latency = 50
    b.world.onStep = () => {
      for (const { token } of b.server.apiRequests) expect(b.disk.value!.tokens!.accessToken).toBe(token)
      expect(b.browser.messages.length).toBeLessThanOrEqual(b.disk.value!.tokens!.accessToken.endsWith('1') ? 1 : 2)
    }
    await b.finish(session.fetch(API))
    expect(b.server.apiRequests).toHaveLength(1)
  })
})

describe('prerendering', () => {
  test('C53: nothing is refreshed before the page is shown', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const { session, tab } = await b.open()
    tab.prerendering = []
    one.session.close()
    b.world.sleep(400_000)
    const call = session.fetch(API)
    await b.world.run(5000)
    expect(b.server.tokenRequests).toHaveLength(0)
    const waiting = tab.prerendering
    tab.prerendering = undefined
    for (const activate of waiting) activate()
    expect((await b.finish(call)).status).toBe(200)
  })
})

describe('R74 C69: on a server', () => {
  afterEach(() => vi.restoreAllMocks())
  test('creating a session starts no timer and opens nothing; its fetch passes calls through', async () => {
    const { createSession } = await import('../../src/index.js')
    const timers = vi.spyOn(globalThis, 'setInterval')
    const stub = vi.fn(async () => new Response('ok'))
    const session = createSession({ storage: memoryStorage(), fetch: stub as never })
    expect(session.status).toBe('loading')
    await session.fetch('https://elsewhere.test/')
    expect(stub).toHaveBeenCalledOnce()
    expect(timers).not.toHaveBeenCalled()
    session.close()
  })
})
