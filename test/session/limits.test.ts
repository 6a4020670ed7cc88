import { describe, expect, test } from 'vitest'
import { sessionLimits } from '../../src/limits.js'
import { API, bench } from './harness.js'

const MINUTE = 60_000

/** Two tabs of one signed-in user, each with limits of its own making, as two pages of an app have. */
const twoTabs = async (options: Parameters<typeof sessionLimits>[0]) => {
  const b = bench()
  b.server.lifetime = 24 * 60 * MINUTE
  const limits = [sessionLimits(options), sessionLimits(options)] as const
  const one = await b.open({ extensions: [limits[0]] })
  const two = await b.open({ extensions: [limits[1]] })
  const warnings: string[] = []
  for (const { session, tab } of [one, two]) session.on('warning', () => warnings.push(tab.name))
  await b.finish(one.session.setTokens(b.server.login('alice')))
  await b.world.run(100)
  return { ...b, limits, one, two, warnings }
}

test('R49 R50: a tab that wakes up beyond the limit of its session does not end the one that began meanwhile', async () => {
  const b = await twoTabs({ idleTimeout: 10 * MINUTE, absoluteLifetime: 20 * MINUTE })
  b.world.sleep(60 * MINUTE)
  // Stored before the other tab, whose timer rings now, could have read it.
  const ends = b.two.session.fetch(API)
  await b.finish(b.one.session.setTokens(b.server.login('bob')))
  expect((await b.finish(ends)).status).toBe(401)
  await b.world.run(5000)
  expect(b.one.session.unverifiedClaims).toEqual({ sub: 'bob' })
  expect(b.two.session.unverifiedClaims).toEqual({ sub: 'bob' })
})

test('R49: a clock that was set back before the login does not put off the end', async () => {
  const b = await twoTabs({ idleTimeout: 10 * MINUTE })
  b.world.jump(-24 * 60 * MINUTE)
  await b.finish(b.one.session.setTokens(b.server.login('bob')))
  await b.world.run(9 * MINUTE)
  expect(b.one.session.status).toBe('authenticated')
  await b.world.run(2 * MINUTE)
  expect(b.one.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'idle' })
})

test('R49: where each tab signs in for itself, a login in one is activity for all', async () => {
  const b = bench({ storage: 'memory' })
  b.server.lifetime = 24 * 60 * MINUTE
  const open = () => b.open({ extensions: [sessionLimits({ idleTimeout: 10 * MINUTE })] })
  const [one, two] = [await open(), await open()]
  await b.finish(one.session.setTokens(b.server.login('alice')))
  await b.world.run(9 * MINUTE)
  await b.finish(two.session.setTokens(b.server.login('alice')))
  await b.world.run(8 * MINUTE)
  expect([one.session.status, two.session.status]).toEqual(['authenticated', 'authenticated'])
  await b.world.run(3 * MINUTE)
  expect([one.session.status, two.session.status]).toEqual(['anonymous', 'anonymous'])
})

test('R49: a login before the clock was set back is activity once, however often tabs remind each other of theirs', async () => {
  const b = bench({ storage: 'memory' })
  b.server.lifetime = 24 * 60 * MINUTE
  const open = () => b.open({ extensions: [sessionLimits({ idleTimeout: 10 * MINUTE })] })
  const [one, two] = [await open(), await open()]
  await b.finish(one.session.setTokens(b.server.login('alice')))
  b.world.jump(-10 * MINUTE)
  await b.finish(two.session.setTokens(b.server.login('alice')))
  for (let minutes = 0; minutes < 13; minutes++) {
    await b.world.run(MINUTE)
    for (const { tab } of [one, two]) for (const tell of tab.listeners) tell('wake')
  }
  expect([one.session.status, two.session.status]).toEqual(['anonymous', 'anonymous'])
})

describe('idle timeout', () => {
  test('R49: activity in any tab counts for all, and without any the session ends everywhere, once, with its reason', async () => {
    const b = await twoTabs({ idleTimeout: 10 * MINUTE })
    await b.world.run(8 * MINUTE)
    b.limits[1].touch()
    await b.world.run(8 * MINUTE)
    expect([b.one.session.status, b.two.session.status]).toEqual(['authenticated', 'authenticated'])
    await b.world.run(3 * MINUTE)
    for (const { session, events } of [b.one, b.two]) {
      expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'idle' })
      expect(events.filter((event) => event.startsWith('logout'))).toHaveLength(1)
    }
    expect(b.server.revoked).toHaveLength(2) // the refresh token and the access token, by one of the tabs
    expect(JSON.stringify(b.disk.value)).not.toContain('SECRET')
  })
  test('R49: a warning comes before, and preventDefault() keeps the session', async () => {
    const b = await twoTabs({ idleTimeout: 10 * MINUTE, idleWarning: 2 * MINUTE })
    const seen: number[] = []
    b.one.session.on('warning', ({ endsAt, preventDefault }) => {
      seen.push(endsAt - b.one.tab.platform.now())
      if (seen.length === 1) preventDefault()
    })
    await b.world.run(8.1 * MINUTE)
    expect(seen).toEqual([2 * MINUTE])
    await b.world.run(3 * MINUTE)
    expect(b.one.session.status).toBe('authenticated')
    expect(b.two.session.status).toBe('authenticated')
    await b.world.run(10 * MINUTE)
    expect(seen).toHaveLength(2)
    expect(b.one.session.getSnapshot().reason).toBe('idle')
  })
  test('R49: it fires once: each tab warns once for each idle time', async () => {
    const b = await twoTabs({ idleTimeout: 10 * MINUTE })
    await b.world.run(30 * MINUTE)
    expect(b.warnings.sort()).toEqual(['tab 1', 'tab 2'])
  })
  test('R49: after a sleep that was longer, no token is attached before the session ends', async () => {
    const b = await twoTabs({ idleTimeout: 10 * MINUTE })
    b.world.sleep(60 * MINUTE)
    const sent = b.one.session.fetch(API)
    await b.outcome(sent)
    expect(b.server.apiRequests.map(({ token }) => token)).toEqual([undefined])
    expect(b.one.session.getSnapshot().reason).toBe('idle')
  })
  test('R49: it goes on through a reload', async () => {
    const b = await twoTabs({ idleTimeout: 10 * MINUTE })
    await b.world.run(9 * MINUTE)
    b.one.session.close()
    b.two.session.close()
    await b.world.run(9 * MINUTE)
    const again = await b.open({ extensions: [sessionLimits({ idleTimeout: 10 * MINUTE })] })
    await b.world.run(1000)
    expect(again.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'idle' })
  })
})

describe('absolute lifetime', () => {
  test('R50: ends the session in all tabs though a refresh would succeed, and no refresh extends it', async () => {
    const b = await twoTabs({ absoluteLifetime: 60 * MINUTE })
    b.server.lifetime = 5 * MINUTE
    await b.finish(b.one.session.refresh())
    await b.world.run(59 * MINUTE)
    expect(b.two.session.status).toBe('authenticated')
    expect(b.server.tokenRequests.length).toBeGreaterThan(5)
    await b.world.run(2 * MINUTE)
    expect(b.one.session.getSnapshot().reason).toBe('lifetime')
    expect(b.two.session.getSnapshot().reason).toBe('lifetime')
    const before = b.server.tokenRequests.length
    await b.world.run(30 * MINUTE)
    expect(b.server.tokenRequests).toHaveLength(before)
  })
  test('R50: a new login begins anew', async () => {
    const b = await twoTabs({ absoluteLifetime: 60 * MINUTE })
    await b.world.run(50 * MINUTE)
    await b.finish(b.one.session.setTokens(b.server.login('alice')))
    await b.world.run(50 * MINUTE)
    expect(b.one.session.status).toBe('authenticated')
  })
  test('R75: close() leaves no timer behind', async () => {
    const b = await twoTabs({ absoluteLifetime: 60 * MINUTE, idleTimeout: 10 * MINUTE })
    b.one.session.close()
    b.two.session.close()
    await b.world.run(10)
    expect([b.one.tab.timers.size, b.two.tab.timers.size]).toEqual([0, 0])
  })
})

describe('bad limits', () => {
  for (const options of [
    {}, { idleTimeout: -1 }, { idleTimeout: '10' }, { absoluteLifetime: 0 }, { absoluteLifetime: NaN }, { idleTimeout: 1000, idleWarning: 1000 }, { absoluteLifetime: 1000, idleWarning: 10 },
  ]) {
    test(`${JSON.stringify(options)} is an invalid_option that names the option`, () => {
      expect(() => sessionLimits(options as never)).toThrow(expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(/^sessionLimits: \w+ is/) }))
    })
  }
})
