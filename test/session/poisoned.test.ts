import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventHistory } from '../../src/history.js'
import { sessionLimits } from '../../src/limits.js'
import { asRecord } from '../../src/record.js'
import type { SessionRecord } from '../../src/recordTypes.js'
import { API, bench } from './harness.js'

const sound = { id: 'a', revision: 7, generation: 0, startedAt: 1, subject: 'alice', tokens: { accessToken: 't', receivedAt: 1, lifetime: 1000 } }

describe('S9: a record from storage is checked against what it may be', () => {
  test.each([
    ['no record at all', 'text'], ['nothing', null], ['a list', []],
    ...[Infinity, -Infinity, NaN, 2 ** 53, 1e308, '9', null, undefined].map((revision) => [`revision ${revision}`, { ...sound, revision }] as const),
    ['an id that is no text', { ...sound, id: 1 }],
    ['tokens that are text', { ...sound, tokens: 't' }],
    ['no access token', { ...sound, tokens: { receivedAt: 1 } }],
    ['an access token that no header may carry', { ...sound, tokens: { accessToken: 'a\r\nEvil: 1', receivedAt: 1 } }],
    ['a time that is none', { ...sound, tokens: { accessToken: 't', receivedAt: NaN } }],
  ])('%s is as good as nothing', (_, value) => {
    expect(asRecord(value)).toBeUndefined()
  })
  test.each([
    ['generation', Infinity], ['startedAt', 'yesterday'], ['subject', {}], ['endedBecause', '<b>hacked</b>'], ['endedBecause', 'toString'],
    ['unauthorizedAt', 1e308], ['intent', 'text'], ['intent', { key: 1 }], ['intent', null],
  ])('%s of %s is left out', (name, value) => {
    const record = { ...sound, [name]: value }
    expect(asRecord(record)).not.toHaveProperty(name)
    expect(asRecord(record)).toMatchObject({ id: 'a', revision: 7 })
  })
  test('what is sound stays as it is', () => {
    const records: SessionRecord[] = [
      sound,
      { id: 'b', revision: 8, tokens: null, endedBecause: 'logout' },
      { ...sound, intent: { key: 'k', attempt: 2, sentAt: 5, retryAt: 7.5, ambiguous: true }, unauthorizedAt: 3 },
    ]
    for (const record of records) expect(asRecord(structuredClone(record))).toEqual(record)
  })
  test('nothing makes the reader throw', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      const record = asRecord(value)
      expect(record === undefined || Number.isFinite(record.revision + 1)).toBe(true)
      asRecord({ ...sound, tokens: value, intent: value })
    }))
  })
})

describe('S9: a forged number silences nobody', () => {
  test.each([Infinity, 2 ** 53, 1e308, Number.MAX_SAFE_INTEGER, -1, NaN])('a hint of revision %s', async (revision) => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    const evil = one.tab.platform.openChannel('latchkey', () => {})!
    evil.post({ v: 1, type: 'changed', id: 'x', revision })
    await b.world.run(1000)
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    expect(two.session.status).toBe('authenticated')
    await b.finish(one.session.logout())
    await b.world.run(1000)
    expect(two.session.status).toBe('anonymous')
  })
})

test('S9: a message every few milliseconds keeps no call waiting', async () => {
  const b = bench()
  b.disk.latency = 30
  const one = await b.open()
  await b.finish(one.session.setTokens(b.server.login('alice')))
  const two = await b.open()
  const evil = one.tab.platform.openChannel('latchkey', () => {})!
  let flooding = true
  const flood = () => {
    evil.post({ v: 1, type: 'changed', id: 'x', revision: 0 })
    if (flooding) one.tab.platform.setTimer(flood, 10)
  }
  flood()
  await b.world.run(200)
  const from = b.world.time
  expect((await b.finish(two.session.fetch(API))).status).toBe(200)
  expect(b.world.time - from).toBeLessThan(500)
  flooding = false
})

test('S9: history entries that are none are not shown', async () => {
  const b = bench()
  const one = await b.open({ extensions: [eventHistory()] })
  await b.world.run(10)
  const storage = one.tab.platform.localStorage!
  const sane = one.session.history()
  expect(sane).toHaveLength(1)
  for (const [key, value] of [
    ['1.abcd.0', 'hacked local'], ['1.abcd.1', 'login elsewhere'], ['1.abcd.2', 'logout local <b>'], ['x.abcd.3', 'login local '], ['1.<b>.4', 'login local '],
    ['Infinity.abcd.5', 'login local '], ['1.abcd.6', ''], ['1', 'login local '], ['1.abcd.7', `error local ${'a'.repeat(1000)}`], ['1.abcd.8', 'constructor local '],
  ]) storage.setItem(`latchkey.event.${key}`, value!)
  expect(one.session.history()).toEqual(sane)
})

describe('S12: the clock of the login', () => {
  test('set a day ahead it stretches no absolute lifetime', async () => {
    const b = bench()
    const limits = () => ({ extensions: [sessionLimits({ absoluteLifetime: 3_600_000 })] })
    b.world.wallOffset += 86_400_000
    const one = await b.open(limits())
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    b.world.wallOffset -= 86_400_000
    await b.world.run(60_000)
    one.session.close()
    const two = await b.open(limits())
    expect(two.session.status).toBe('authenticated')
    await b.world.run(3_600_000)
    expect(two.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'lifetime' })
  })
  test.each(['Infinity', '1e308', '99999999999999999999', 'rubbish', '-5'])('a beginning of %s in localStorage counts for nothing', async (value) => {
    const b = bench()
    // Resumed, so that nothing but localStorage knows when it began.
    const one = await b.open({ resume: true, refresh: async () => ({ access_token: 'a', expires_in: 600 }), extensions: [sessionLimits({ absoluteLifetime: 3_600_000, idleTimeout: 36_000_000 })] })
    await b.world.run(1000)
    expect(one.session.status).toBe('authenticated')
    one.tab.platform.localStorage!.setItem('latchkey.began', value)
    // At worst it begins when that is noticed, at what would have been its end.
    await b.world.run(7_210_000)
    expect(one.session.getSnapshot().reason).toMatch(/lifetime|idle/)
  })
})
