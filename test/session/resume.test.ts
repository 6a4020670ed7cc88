import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sessionLimits } from '../../src/limits.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import type { RefreshFunction, SessionOptions } from '../../src/types.js'
import { type Browser, setOffline } from '../simulation/platform.js'
import { API, bench } from './harness.js'

/** Mixed mode: the access token in memory, the refresh token in an HttpOnly cookie of the browser. */
const mixed = (faults: Browser['faults'] = {}) => {
  const b = bench({ faults })
  let cookie: string | undefined
  const refresh: RefreshFunction = async (_tokens, { fetch, signal }) => {
    const response = await fetch('/oauth/token', { method: 'POST', body: new URLSearchParams({ refresh_token: cookie ?? 'none' }), signal })
    if (!response.ok) return response
    const { refresh_token, ...answer } = await response.json()
    cookie = refresh_token
    return answer
  }
  const login = () => {
    const { refresh_token, ...answer } = b.server.login('alice')
    cookie = refresh_token
    return answer
  }
  const open = (options: Partial<SessionOptions> = {}) => b.open({ refresh, storage: memoryStorage(), resume: true, ...options })
  const openShared = () => b.open({ refresh, resume: true })
  return { ...b, login, open, openShared, signOutAtServer: () => (cookie = undefined) }
}

describe('resume', () => {
  beforeEach(() => {
    const items = new Map<string, string>()
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      value: { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value) },
    })
  })
  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'localStorage')
  })

  test('R71: tabs that open at almost the same time ask once, and the calls of all of them are served', async () => {
    for (const faults of [{}, { noLocks: true }]) {
      const b = mixed(faults)
      b.login()
      b.disk.latency = 20
      const one = await b.openShared()
      // It reads before the other has stored anything.
      const two = await b.openShared()
      const answers = await b.finish(Promise.all([one, two].map(({ session }) => session.fetch(API))))
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(b.server.tokenRequests).toHaveLength(1)
      expect([...one.events, ...two.events].sort()).toEqual(['login:local', 'login:remote'])
    }
  })
  test('R71: after a reload the server is asked once, and the user is signed in', async () => {
    const b = mixed()
    b.login()
    const { session, events } = await b.open()
    expect(session.status).toBe('loading')
    const answers = await b.finish(Promise.all(Array.from({ length: 10 }, () => session.fetch(API))))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(session.status).toBe('authenticated')
    expect(session.unverifiedClaims).toEqual({ sub: 'alice' })
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(events).toEqual(['login:local'])
  })
  test('R71: nobody has to ask for it', async () => {
    const b = mixed()
    b.login()
    const { session } = await b.open()
    await b.world.run(1000)
    expect(session.status).toBe('authenticated')
  })
  test('R71: who is not signed in is anonymous then, without a logout and without a reason', async () => {
    const b = mixed()
    const { session, events } = await b.open()
    const response = await b.finish(session.fetch(API))
    expect(response.status).toBe(401)
    expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: undefined })
    expect(events).toEqual([])
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(b.server.apiRequests.map(({ token }) => token)).toEqual([undefined])
  })
  test('G2: offline nothing is decided, and the question is asked when the network is back', async () => {
    const b = mixed()
    b.login()
    const { session, tab } = await b.open()
    setOffline(tab, true)
    await b.world.run(5000)
    expect(await b.outcome(session.fetch(API))).toBe('RefreshError:offline')
    expect(session.status).toBe('loading')
    setOffline(tab, false)
    await b.world.run(5000)
    expect(session.status).toBe('authenticated')
  })
  test('R71: a tab that shares its storage with one that is signed in does not ask', async () => {
    const b = mixed()
    const one = await b.openShared()
    await b.finish(one.session.setTokens(b.login()))
    const two = await b.openShared()
    expect(two.session.status).toBe('authenticated')
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('G3: a logout of which the server heard nothing is final all the same', async () => {
    const b = mixed()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.login()))
    setOffline(one.tab, true)
    await b.finish(one.session.logout())
    one.session.close()
    const again = await b.open()
    await b.world.run(60_000)
    expect(again.session.status).toBe('anonymous')
    expect(b.server.tokenRequests).toHaveLength(0)
    await b.finish(again.session.setTokens(b.login()))
    again.session.close()
    const later = await b.open()
    await b.world.run(5000)
    expect(later.session.status).toBe('authenticated')
  })
  test('R71: who was anonymous and has signed in elsewhere since is asked for at the next load', async () => {
    const b = mixed()
    const one = await b.openShared()
    await b.world.run(5000)
    expect(one.session.status).toBe('anonymous')
    one.session.close()
    b.login() // by redirect: no page calls setTokens
    const again = await b.openShared()
    await b.world.run(5000)
    expect(again.session.status).toBe('authenticated')
  })
  test('G7: the reason of the last end outlasts a reload that finds no session', async () => {
    const b = mixed()
    const one = await b.openShared()
    await b.finish(one.session.setTokens(b.login()))
    b.signOutAtServer()
    await b.outcome(one.session.refresh())
    one.session.close()
    const again = await b.openShared()
    await b.world.run(5000)
    expect(again.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'rejected' })
    expect(again.events).toEqual([])
    await b.finish(again.session.setTokens(b.login()))
    expect(again.session.getSnapshot().reason).toBeUndefined()
  })
  test('R49 R50: a session that is resumed with nothing known of its beginning begins then', async () => {
    const b = mixed()
    b.login()
    const { session, events } = await b.open({ extensions: [sessionLimits({ idleTimeout: 600_000, absoluteLifetime: 900_000 })] })
    await b.world.run(590_000)
    expect(session.status).toBe('authenticated')
    await b.world.run(20_000)
    expect(session.getSnapshot().reason).toBe('idle')
    expect(events.filter((event) => event.startsWith('logout'))).toEqual(['logout:local:idle'])
  })
  test('R49 R50: limits go on through a reload, and what they ended is not resumed', async () => {
    const b = mixed()
    const limited = () => b.open({ extensions: [sessionLimits({ idleTimeout: 600_000, absoluteLifetime: 900_000 })] })
    const one = await limited()
    await b.finish(one.session.setTokens(b.login()))
    await b.world.run(500_000)
    one.session.close()
    const two = await limited()
    await b.world.run(1000)
    expect(two.session.status).toBe('authenticated')
    two.session.close()
    await b.world.run(600_000)
    const three = await limited()
    await b.world.run(1000)
    expect(three.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: expect.stringMatching(/idle|lifetime/) })
    three.session.close()
    const asked = b.server.tokenRequests.length
    const four = await limited()
    await b.world.run(60_000)
    expect(four.session.status).toBe('anonymous')
    expect(b.server.tokenRequests).toHaveLength(asked)
  })
  test('without the option, nothing is asked', async () => {
    const b = mixed()
    b.login()
    const { session } = await b.open({ resume: false })
    await b.world.run(60_000)
    expect(session.status).toBe('anonymous')
    expect(b.server.tokenRequests).toHaveLength(0)
  })
})
