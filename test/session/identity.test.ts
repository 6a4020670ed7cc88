import { describe, expect, test } from 'vitest'
import { asRecord } from '../../src/record.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { TokenResponse } from '../../src/types.js'
import { API, bench } from './harness.js'

/** A server that prolongs the token that it gave before, or hands out a cached one. */
const prolonging = (expiresIn: number) => {
  const answer: TokenResponse = { access_token: 'same', refresh_token: 'r', expires_in: expiresIn }
  const asked: number[] = []
  return { answer, asked, refresh: async () => (asked.push(0), { ...answer }) }
}

describe('a set of tokens is known by its generation', () => {
  for (const [how, storage] of [['stored', undefined], ['in memory', 'memory']] as const) {
    test(`F1: a prolonged token counts from its new receipt: about one request per two thirds of its lifetime, ${how}`, async () => {
      const b = bench(storage && { storage })
      const { answer, asked, refresh } = prolonging(60)
      const { session, events } = await b.open({ refresh })
      await b.finish(session.setTokens(answer))
      const { expiresAt } = session.getSnapshot()
      await b.world.run(600_000)
      expect(asked.length).toBeGreaterThanOrEqual(10)
      expect(asked.length).toBeLessThanOrEqual(16)
      expect(events).toEqual(['login:local', ...asked.map(() => 'refresh:local')])
      expect(session.getSnapshot().expiresAt).toBeGreaterThan(expiresAt! + 500_000)
    })
  }

  test('F1: other tabs hear of a prolonged token, and none of them asks again', async () => {
    const b = bench()
    const { answer, asked, refresh } = prolonging(60)
    const tabs = []
    for (let i = 0; i < 3; i++) tabs.push(await b.open({ refresh }))
    await b.finish(tabs[0]!.session.setTokens(answer))
    await b.world.run(600_000)
    expect(asked.length).toBeLessThanOrEqual(18)
    for (const { events, session, tab } of tabs) {
      expect(events.filter((event) => event.startsWith('refresh'))).toHaveLength(asked.length)
      expect(session.getSnapshot().expiresAt).toBeGreaterThan(tab.platform.now())
    }
  })

  test('F1: a call whose token ran out waits for one prolongation, and a later one needs none', async () => {
    const b = bench()
    const { answer, asked, refresh } = prolonging(300)
    const { session } = await b.open({ refresh })
    await b.finish(session.setTokens(answer))
    b.world.sleep(400_000)
    expect(await b.finish(session.getAccessToken())).toBe('same')
    expect(await b.finish(session.getAccessToken())).toBe('same')
    expect(asked).toHaveLength(1)
  })

  test('F1: a call that got 401 is sent again when the same token was prolonged', async () => {
    const b = bench()
    const { answer, asked, refresh } = prolonging(300)
    const statuses = [401, 200]
    const { session } = await b.open({ refresh, fetch: async () => new Response('', { status: statuses.shift()! }) })
    await b.finish(session.setTokens(answer))
    expect((await b.finish(session.fetch(API))).status).toBe(200)
    expect([asked.length, statuses.length]).toEqual([1, 0])
  })

  test('F1: a call that was under way while its token was prolonged is sent again without another refresh', async () => {
    const b = bench()
    const { answer, asked, refresh } = prolonging(300)
    const answers: ((response: Response) => void)[] = []
    const { session } = await b.open({ refresh, fetch: () => new Promise((resolve) => answers.push(resolve)) })
    await b.finish(session.setTokens(answer))
    const call = session.fetch(API)
    await b.finish(session.refresh())
    answers[0]!(new Response('', { status: 401 }))
    await b.world.run(100)
    answers[1]!(new Response('', { status: 200 }))
    expect((await b.finish(call)).status).toBe(200)
    expect(asked).toHaveLength(1)
  })

  test('F1: a cookie session goes by generations too, for it has no token at all', async () => {
    const b = bench()
    const statuses = [200, 401, 200, 200]
    const { session, events } = await b.open({
      scheme: cookieSession({ refreshUrl: '/renew' }), refresh: undefined as never,
      fetch: async () => new Response('{"expires_in":300}', { status: statuses.shift()!, headers: { 'Content-Type': 'application/json' } }),
    })
    await b.finish(session.setTokens({ expires_in: 300 }))
    await b.finish(session.refresh())
    expect(b.disk.value!.generation).toBeGreaterThan(0)
    expect((await b.finish(session.fetch(API))).status).toBe(200)
    expect([statuses.length, events]).toEqual([0, ['login:local', 'refresh:local', 'refresh:local']])
  })

  test('F1: a generation that is not a number is left out, which is put right by the next renewal', () => {
    const record = { id: 'x', revision: 1, tokens: null }
    for (const generation of [NaN, Infinity, {}, [], 'x', null]) expect(asRecord({ ...record, generation })).toEqual(record)
    for (const generation of [undefined, 0, 7]) expect(asRecord({ ...record, generation })).toMatchObject(record)
  })

  test('F1: a record whose generation is missing or made up is put right by its next renewal', async () => {
    for (const generation of [undefined, -1, 1e308]) {
      const b = bench()
      const one = await b.open()
      await b.finish(one.session.setTokens(b.server.login('alice')))
      one.session.close()
      b.disk.value = { ...b.disk.value!, generation: generation as number }
      const { session } = await b.open()
      await b.finish(session.refresh())
      await b.finish(session.refresh())
      expect((await b.finish(session.fetch(API))).status).toBe(200)
      expect(b.disk.value!.generation).toBe(b.disk.value!.revision)
    }
  })
})
