import { describe, expect, test } from 'vitest'
import { freeze, kill, thaw } from '../simulation/platform.js'
import { API, bench } from './harness.js'

describe('one refresh', () => {
  test('R1: a hundred calls on an expired token in one tab send one token request', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.world.sleep(400_000)
    const answers = await b.finish(Promise.all(Array.from({ length: 100 }, () => session.fetch(API))))
    expect(answers.map((answer) => answer.status)).toEqual(Array(100).fill(200))
    expect(b.server.tokenRequests).toHaveLength(1)
  })

  for (const [how, faults] of [['with Web Locks', {}], ['without Web Locks', { noLocks: true }], ['without locks and channels', { noLocks: true, noChannel: true }]] as const) {
    test(`R2 R3 R12 C30: twenty tabs with an expired token send one token request, ${how}`, async () => {
      const b = bench({ faults })
      const tabs = []
      for (let i = 0; i < 20; i++) tabs.push(await b.open())
      await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
      await b.world.run(1000)
      for (const { tab } of tabs) for (const tell of tab.listeners) tell('wake')
      await b.world.run(100)
      b.world.sleep(400_000)
      const answers = await b.finish(Promise.all(tabs.flatMap(({ session }) => [session.fetch(API), session.fetch(API)])))
      expect(answers.map((answer) => answer.status)).toEqual(Array(40).fill(200))
      expect(b.server.tokenRequests).toHaveLength(1)
    })
  }

  test('R4: explicit, 401-driven and proactive refreshes share one request', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.server.expireAll()
    b.world.sleep(299_000)
    await b.finish(Promise.all([session.refresh(), session.fetch(API), session.getAccessToken(), session.refresh()]))
    await b.world.run(1000)
    expect(b.server.tokenRequests).toHaveLength(1)
  })

  test('R13: ten waiters ask for the lock at most once a second each', async () => {
    const b = bench()
    const tabs = []
    for (let i = 0; i < 11; i++) tabs.push(await b.open())
    await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    b.world.sleep(400_000)
    b.server.faults.there = 7_000
    const before = tabs.map(({ tab }) => tab.lockRequests)
    const all = Promise.all(tabs.map(({ session }) => session.getAccessToken()))
    await b.world.run(6_000)
    tabs.forEach(({ tab }, index) => expect(tab.lockRequests - before[index]!).toBeLessThanOrEqual(7))
    await b.finish(all)
    expect(b.server.tokenRequests).toHaveLength(1)
  })

  test('R25: an answer without a refresh token keeps the former one', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.server.omitRefreshToken = true
    await b.finish(session.refresh())
    await b.finish(session.refresh())
    expect(b.server.tokenRequests.map((sent) => sent.refreshToken)).toEqual(Array(2).fill(b.disk.value!.tokens!.refreshToken))
  })

  test('R41: a refresh starts by itself before the token expires, in one tab', async () => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(299_000)
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(b.server.tokenRequests[0]!.at).toBeLessThan(240_100)
    expect([...one.events, ...two.events].sort()).toEqual(['login:local', 'login:remote', 'refresh:local', 'refresh:remote'])
  })

  test('R47: a hidden tab lets the visible one refresh, and refreshes itself when there is none', async () => {
    const b = bench()
    const hidden = await b.open()
    hidden.tab.hidden = true
    const visible = await b.open()
    await b.finish(visible.session.setTokens(b.server.login('alice')))
    await b.world.run(290_000)
    expect(b.server.tokenRequests.map((sent) => sent.tab.name)).toEqual(['tab 2'])
    visible.session.close()
    await b.world.run(300_000)
    expect(b.server.tokenRequests.map((sent) => sent.tab.name)).toEqual(['tab 2', 'tab 1'])
  })

  test('R42 R46 C47: no lifetime causes an early timer or a loop of refreshes', async () => {
    for (const expires_in of [30 * 86_400, 0, -5, '1e400', NaN, null, 'soon', Infinity, 1e300]) {
      const b = bench()
      const { session } = await b.open()
      await b.finish(session.setTokens({ ...b.server.login('alice'), expires_in }))
      await b.world.run(600_000)
      expect(b.server.tokenRequests, String(expires_in)).toHaveLength(0)
    }
  })

  test('C43: a server whose tokens are expired on arrival gets no storm', async () => {
    const b = bench()
    b.server.lifetime = -1000
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    for (let i = 0; i < 20; i++) await b.finish(session.fetch(API))
    await b.world.run(20_000)
    expect(b.server.tokenRequests.length).toBeLessThanOrEqual(1)
  })
})

describe('a tab that dies', () => {
  for (const step of [5, 21, 41, 45] as const) {
    test(`R10 R31 C33: killed ${step} ms into a refresh, it costs the others nothing`, async () => {
      const b = bench()
      const one = await b.open()
      const two = await b.open()
      await b.finish(one.session.setTokens(b.server.login('alice')))
      await b.world.run(1000)
      void one.session.refresh().catch(() => {})
      await b.world.run(step)
      kill(one.tab)
      b.world.sleep(400_000)
      const answer = await b.finish(two.session.fetch(API))
      expect(answer.status).toBe(200)
      expect(two.session.status).toBe('authenticated')
      const keys = b.server.tokenRequests.map((sent) => [sent.refreshToken, sent.key].join())
      expect(new Set(keys).size).toBeLessThanOrEqual(2)
    })
  }

  test('R11 C35: frozen with the lock, it is passed over, and its late answer is discarded', async () => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    const refreshing = one.session.refresh()
    refreshing.catch(() => {})
    const overtaken = () => b.outcome(refreshing)
    await b.world.run(25)
    freeze(one.tab)
    b.world.sleep(400_000)
    await b.finish(two.session.refresh())
    const stored = b.disk.value!.tokens!.accessToken
    expect(b.server.tokenRequests).toHaveLength(2)
    expect(new Set(b.server.tokenRequests.map((sent) => sent.key)).size).toBe(1)
    await b.world.run(20_000)
    thaw(one.tab)
    await b.world.run(5000)
    expect(b.disk.value!.tokens!.accessToken).toBe(stored)
    // What it asked for is done, if by another (R3).
    expect(await overtaken()).toBe('resolved')
    expect(await b.finish(one.session.getAccessToken())).toBe(stored)
    expect(b.server.revoked).toEqual([])
  })

  test('R11: frozen while it waits for the lock, it does not keep those behind it from the new tokens', async () => {
    const b = bench()
    const [one, two, three] = [await b.open(), await b.open(), await b.open()]
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    const refreshes = []
    for (const { session } of [one, two, three]) {
      refreshes.push(session.refresh())
      await b.world.run(1)
    }
    freeze(two.tab)
    await b.finish(refreshes[0]!)
    const since = b.world.time
    await b.finish(refreshes[2]!)
    // What a message and a read take; the lock is with the frozen one.
    expect(b.world.time - since).toBeLessThan(500)
    expect(await b.finish(three.session.getAccessToken())).toBe(b.disk.value!.tokens!.accessToken)
    thaw(two.tab)
    await b.finish(refreshes[1]!)
    expect(b.server.tokenRequests).toHaveLength(1)
  })
})
