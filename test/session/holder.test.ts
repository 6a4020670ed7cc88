import { describe, expect, test } from 'vitest'
import { freeze, kill, thaw } from '../simulation/platform.js'
import { API, bench, type Opened } from './harness.js'

/** From the freeze on, the server's own delay not counted. */
const SERVED_WITHIN = 6000

/** A session whose token has expired, and a tab whose request for new tokens has just left. */
const refreshing = async (seed: number, waiting: number, { there = 20, back = 4000 } = {}) => {
  const b = bench({ seed })
  b.server.grace = 10_000
  const holder = await b.open()
  await b.finish(holder.session.setTokens(b.server.login('alice')))
  const waiters: Opened[] = []
  for (let i = 0; i < waiting; i++) waiters.push(await b.open())
  b.server.expireAll()
  b.world.sleep(400_000)
  Object.assign(b.server.faults, { there, back })
  void holder.session.refresh().catch(() => {})
  await b.world.runUntil(() => b.server.tokenRequests.length > 0, 1000)
  Object.assign(b.server.faults, { there: 20, back: 20 })
  return { b, holder, waiters }
}

describe('F31: the holder is frozen', () => {
  for (const count of [1, 2, 5, 20]) {
    test(`${count} waiting: everybody is served within 6 s, with two requests, and nobody is signed out`, async () => {
      for (let seed = 1; seed <= 6; seed++) {
        const { b, holder, waiters } = await refreshing(seed, count)
        await b.world.run(400)
        freeze(holder.tab)
        const frozenAt = b.world.time
        const answers = await b.finish(Promise.all(waiters.map(({ session }) => session.fetch(API))))
        expect(answers.map(({ status }) => status)).toEqual(waiters.map(() => 200))
        expect(b.world.time - frozenAt).toBeLessThan(SERVED_WITHIN)
        expect(b.server.tokenRequests).toHaveLength(2)
        expect(new Set(b.server.tokenRequests.map(({ key }) => key)).size).toBe(1)
        thaw(holder.tab)
        await b.world.run(20_000)
        expect([holder, ...waiters].map(({ session }) => session.status)).toEqual([holder, ...waiters].map(() => 'authenticated'))
        expect(b.server.tokenRequests).toHaveLength(2)
      }
    })
  }

  test('whatever it was doing, those who wait are served', async () => {
    for (let step = 0; step < 60; step += 3) {
      const b = bench({ seed: step + 1 })
      b.server.grace = 10_000
      const holder = await b.open()
      await b.finish(holder.session.setTokens(b.server.login('alice')))
      const [two, three] = [await b.open(), await b.open()]
      b.world.sleep(400_000)
      void holder.session.refresh().catch(() => {})
      await b.world.run(step)
      freeze(holder.tab)
      const frozenAt = b.world.time
      const answers = await b.finish(Promise.all([two.session.fetch(API), three.session.fetch(API)]))
      expect(answers.map(({ status }) => status), `frozen after ${step} ms`).toEqual([200, 200])
      expect(b.world.time - frozenAt).toBeLessThan(SERVED_WITHIN)
      expect(b.server.tokenRequests.length).toBeLessThanOrEqual(2)
      expect(b.server.revoked).toEqual([])
    }
  })

  test('a tab that was frozen while it waited, and then given the lock, is passed over too', async () => {
    const { b, holder, waiters } = await refreshing(3, 2, { back: 1500 })
    const [first, second] = waiters as [Opened, Opened]
    // Both want tokens of their own, so that nothing the holder stores is enough for them.
    b.server.faults.back = 20
    const stuck = first.session.refresh()
    stuck.catch(() => {})
    await b.world.run(50)
    freeze(first.tab)
    kill(holder.tab)
    const since = b.world.time
    const answer = await b.finish(second.session.fetch(API))
    expect(answer.status).toBe(200)
    expect(b.world.time - since).toBeLessThan(SERVED_WITHIN)
  })

  test('without a channel the holder is given up once its request can have no answer any more', async () => {
    const b = bench({ seed: 4, faults: { noChannel: true } })
    b.server.grace = 10_000
    const holder = await b.open()
    await b.finish(holder.session.setTokens(b.server.login('alice')))
    const waiter = await b.open()
    b.world.sleep(400_000)
    b.server.faults.back = 4000
    void holder.session.refresh().catch(() => {})
    await b.world.runUntil(() => b.server.tokenRequests.length > 0, 1000)
    freeze(holder.tab)
    const frozenAt = b.world.time
    b.server.faults.back = 20
    await b.finish(waiter.session.fetch(API))
    expect(b.world.time - frozenAt).toBeGreaterThan(8000)
    expect(b.world.time - frozenAt).toBeLessThan(11_000)
    expect(b.server.tokenRequests).toHaveLength(2)
  })
})

describe('F31: the holder is alive', () => {
  for (const count of [1, 2, 20]) {
    test(`however slow its server, it is not taken over, with ${count} waiting`, async () => {
      const { b, holder, waiters } = await refreshing(7, count, { back: 7500 })
      const answers = await b.finish(Promise.all([holder, ...waiters].map(({ session }) => session.fetch(API))))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      expect(b.server.tokenRequests).toHaveLength(1)
    })
  }

  test('it is asked for a sign of life only by those who wait longer than a second', async () => {
    const { b, waiters } = await refreshing(8, 3, { back: 700 })
    const before = b.browser.messages.length
    await b.finish(Promise.all(waiters.map(({ session }) => session.fetch(API))))
    expect(b.browser.messages.slice(before)).toMatchObject([{ type: 'changed' }])
  })
})

describe('F31: the holder is dead', () => {
  for (const after of [30, 400, 900, 2000]) {
    test(`killed ${after} ms after its request: the next leaves within a second`, async () => {
      for (let seed = 1; seed <= 10; seed++) {
        const { b, holder, waiters } = await refreshing(seed, 2)
        const calls = Promise.all(waiters.map(({ session }) => session.fetch(API)))
        await b.world.run(after)
        kill(holder.tab)
        const diedAt = b.world.time
        await b.world.runUntil(() => b.server.tokenRequests.length > 1, 10_000)
        // And some milliseconds for the browser to notice, and for storage.
        expect(b.world.time - diedAt).toBeLessThan(1100)
        expect(b.server.tokenRequests[1]!.at - b.server.tokenRequests[0]!.at).toBeGreaterThan(700)
        expect((await b.finish(calls)).map(({ status }) => status)).toEqual([200, 200])
        expect(b.server.tokenRequests).toHaveLength(2)
      }
    })
  }
})
