import { describe, expect, test } from 'vitest'
import { RefreshError } from '../../src/errors.js'
import { setOffline } from '../simulation/platform.js'
import { API, bench } from './harness.js'

const signedIn = async (options = {}) => {
  const b = bench()
  const opened = await b.open(options)
  await b.finish(opened.session.setTokens(b.server.login('alice')))
  return { ...b, ...opened }
}

describe('never signed out on a guess', () => {
  for (const code of [408, 425, 429, 500, 502, 503, 504]) {
    test(`R15 C39: ${code} from the token endpoint keeps the session, and the error says unavailable`, async () => {
      const b = await signedIn()
      b.server.faults.status = { code, times: 1 }
      expect(await b.outcome(b.session.refresh())).toBe('RefreshError:unavailable')
      expect(b.session.status).toBe('authenticated')
      expect(b.disk.value!.tokens).toBeTruthy()
      await b.world.run(10_000)
      await b.finish(b.session.refresh())
      expect(new Set(b.server.tokenRequests.map((sent) => sent.key)).size).toBe(1)
    })
  }

  for (const error of ['invalid_client', 'invalid_request', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope']) {
    test(`C40: ${error} is reported as a fault of configuration, and the session kept`, async () => {
      const b = await signedIn()
      b.server.faults.status = { code: 400, times: 1, body: JSON.stringify({ error }) }
      expect(await b.outcome(b.session.refresh())).toBe('RefreshError:misconfigured')
      expect(b.session.status).toBe('authenticated')
    })
  }

  for (const [what, body] of [['nothing', ''], ['half an answer', '{"access_token":"at-']]) {
    test(`R15: a 200 with ${what} counts as a lost answer`, async () => {
      const b = await signedIn()
      b.server.faults.status = { code: 200, times: 1, body: body! }
      await b.finish(b.session.refresh())
      expect(b.session.status).toBe('authenticated')
      expect(b.server.tokenRequests).toHaveLength(2)
      expect(b.server.tokenRequests[1]!.at - b.server.tokenRequests[0]!.at).toBeGreaterThanOrEqual(1000)
    })
  }

  test('R15: a 400 that is not JSON keeps the session', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 400, times: 1, body: '<p>' }
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:misconfigured')
    expect(b.session.status).toBe('authenticated')
  })

  test('R17: while refreshes fail, a token that is still valid keeps being used', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 503, times: 1000 }
    await b.world.run(295_000)
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
    expect(b.errors.length).toBeGreaterThan(0)
    await b.world.run(6_000)
    expect(await b.outcome(b.session.fetch(API))).toMatch(/^RefreshError:(cooldown|unavailable)$/)
    b.server.faults.status = undefined
    await b.world.run(70_000)
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
  })

  test('R18 R20 C42: failures are paced for all tabs together, and callers in the pause send nothing', async () => {
    const b = bench()
    const tabs = []
    for (let i = 0; i < 5; i++) tabs.push(await b.open())
    await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
    await b.world.run(1000)
    b.server.faults.status = { code: 503, times: 1000 }
    b.world.sleep(400_000)
    for (let second = 0; second < 120; second++) {
      for (const { session } of tabs) expect(await b.outcome(session.fetch(API))).toMatch(/^RefreshError:/)
      await b.world.run(1000)
    }
    expect(b.server.tokenRequests.length).toBeLessThan(20)
    expect(b.server.tokenRequests.length).toBeGreaterThan(3)
  })

  for (const [form, value] of [['seconds', () => '120'], ['a date', (now: number) => new Date(now + 120_000).toUTCString()]] as const) {
    test(`R19: Retry-After as ${form} is honoured by other tabs too`, async () => {
      const b = bench()
      const one = await b.open()
      const two = await b.open()
      await b.finish(one.session.setTokens(b.server.login('alice')))
      await b.world.run(1000)
      b.server.faults.status = { code: 503, times: 1, headers: { 'Retry-After': value(one.tab.platform.now()) } }
      await b.outcome(one.session.refresh())
      for (let i = 0; i < 11; i++) {
        await b.world.run(10_000)
        expect(await b.outcome(two.session.refresh())).toBe('RefreshError:cooldown')
      }
      await b.world.run(15_000)
      await b.finish(two.session.refresh())
      expect(b.server.tokenRequests).toHaveLength(2)
    })
  }

  for (const absurd of ['99999999', '-5', 'tomorrow', '0']) {
    test(`C42: an absurd Retry-After (${absurd}) delays by maxRetryAfter at most`, async () => {
      const b = await signedIn({ maxRetryAfter: 20_000 })
      b.server.faults.status = { code: 429, times: 1, headers: { 'Retry-After': absurd } }
      await b.outcome(b.session.refresh())
      await b.world.run(23_000)
      await b.finish(b.session.refresh())
    })
  }

  test('R21: offline, a refresh fails within 100 ms and follows by itself once online', async () => {
    const b = await signedIn()
    setOffline(b.tab, true)
    const from = b.world.time
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:offline')
    expect(b.world.time - from).toBeLessThan(100)
    b.world.sleep(400_000)
    setOffline(b.tab, false)
    await b.world.run(1000)
    expect(b.server.tokenRequests).toHaveLength(1)
    expect(b.session.status).toBe('authenticated')
  })

  test('F21: a browser that says it is offline is believed, whatever asks; that it is online is noticed without an event', async () => {
    const b = await signedIn()
    b.tab.offline = true
    b.world.sleep(400_000)
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:offline')
    expect(await b.outcome(b.session.fetch(API))).toBe('RefreshError:offline')
    await b.world.run(120_000)
    expect(b.server.tokenRequests).toHaveLength(0)
    expect(b.session.status).toBe('authenticated')
    b.tab.offline = false
    await b.world.run(46_000)
    expect(b.server.tokenRequests).toHaveLength(1)
  })

  test('R24: a refresh that failed does not stop later ones', async () => {
    const b = await signedIn()
    b.tab.offline = true
    await b.world.run(280_000)
    expect(b.server.tokenRequests).toHaveLength(0)
    b.tab.offline = false
    await b.world.run(600_000)
    expect(b.server.tokenRequests.length).toBeGreaterThanOrEqual(2)
    expect(b.session.status).toBe('authenticated')
  })
})

describe('the one way to be refused', () => {
  test('R14 C40: invalid_grant ends the session in every tab once, with its reason', async () => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    b.server.families[0]!.revoked = true
    expect(await b.outcome(one.session.refresh())).toBe('RefreshError:rejected')
    await b.world.run(1000)
    expect(one.events).toEqual(['login:local', 'logout:local:rejected'])
    expect(two.events).toEqual(['login:remote', 'logout:remote:rejected'])
    expect(two.session.getSnapshot().reason).toBe('rejected')
    expect(JSON.stringify(b.disk.value)).not.toContain('SECRET')
  })

  test('R16 C41: refused, but another tab has stored newer tokens: they are adopted', async () => {
    const b = await signedIn()
    const refreshing = b.session.refresh()
    await b.world.run(30)
    const newer = b.server.login('alice')
    const { access_token: accessToken, refresh_token: refreshToken } = newer
    const stored = b.disk.value!
    b.disk.value = { ...stored, revision: stored.revision + 1, generation: stored.revision + 1, tokens: { accessToken, refreshToken, receivedAt: b.tab.platform.now(), lifetime: 300_000 } }
    b.server.families[0]!.revoked = true
    b.server.faults.there = 0
    expect(await b.outcome(refreshing)).toBe('resolved')
    expect(await b.finish(b.session.getAccessToken())).toBe(accessToken)
    expect(b.events).not.toContain('logout:local:rejected')
  })

  test('R27: a lost answer to a rotation, refused later, ends with rotation_lost', async () => {
    const b = await signedIn()
    b.server.grace = 0
    b.server.faults.dropAfter = 1
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:rejected')
    expect(b.events).toEqual(['login:local', 'logout:local:rotation_lost'])
    expect(b.server.tokenRequests).toHaveLength(2)
  })

  test('R28 C39: after a lost answer the same token goes again, after a pause and with the same key', async () => {
    const b = await signedIn()
    b.server.faults.dropAfter = 1
    await b.finish(b.session.refresh())
    const [first, second] = b.server.tokenRequests
    expect(b.server.tokenRequests).toHaveLength(2)
    expect(second!.refreshToken).toBe(first!.refreshToken)
    expect(second!.key).toBe(first!.key)
    expect(second!.at - first!.settled!).toBeGreaterThanOrEqual(900)
    expect(b.events).toEqual(['login:local', 'refresh:local'])
  })

  test('R26: the intent is stored before the token is sent, and gone when the outcome is', async () => {
    const b = await signedIn()
    const refreshing = b.session.refresh()
    await b.world.runUntil(() => b.server.tokenRequests.length === 1, 1000)
    expect(b.disk.value!.intent).toMatchObject({ attempt: 1 })
    expect(JSON.stringify(b.disk.value!.intent)).not.toContain('SECRET')
    await b.finish(refreshing)
    expect(b.disk.value!.intent).toBeUndefined()
  })

  test('R9: a token endpoint that never answers is given up after refreshTimeout', async () => {
    const b = await signedIn({ refreshTimeout: 2000 })
    b.server.faults.there = 1e9
    expect(await b.outcome(b.session.refresh())).toMatch(/RefreshError:(unanswered|cooldown)/)
    expect(b.session.status).toBe('authenticated')
    expect(b.world.time).toBeLessThan(10_000)
  })

  test('an own refresh function declares the end by code', async () => {
    const b = await signedIn({
      refresh: async () => {
        throw new RefreshError('rejected', 'The backend said no')
      },
    })
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:rejected')
    expect(b.events).toEqual(['login:local', 'logout:local:rejected'])
  })

  test('R23: an own refresh function that throws anything else ends nothing', async () => {
    const b = await signedIn({
      refresh: async () => {
        throw new Error('invalid_grant: refresh token expired, you are logged out')
      },
    })
    await b.outcome(b.session.refresh())
    expect(b.session.status).toBe('authenticated')
  })

  test('without a refresh option a session lasts until a server refuses its token', async () => {
    const b = await signedIn({ refresh: undefined })
    expect(await b.outcome(b.session.refresh())).toBe('RefreshError:misconfigured')
    b.world.sleep(200_000)
    expect((await b.finish(b.session.fetch(`${API}/../always401`))).status).toBe(401)
    expect(b.session.status).toBe('authenticated')
    b.world.sleep(200_000)
    await b.world.run(400_000)
    expect(b.session.status).toBe('authenticated')
    expect((await b.finish(b.session.fetch(API))).status).toBe(401)
    await b.world.run(100)
    expect(b.events).toEqual(['login:local', 'logout:local:expired'])
  })
})

describe('time', () => {
  for (const hours of [-24, 24]) {
    test(`R44 C49: with the clock wrong by ${hours} h, refreshes are as frequent as with a right one`, async () => {
      const b = bench()
      b.world.wallOffset += hours * 3_600_000
      const { session } = await b.open()
      await b.finish(session.setTokens(b.server.login('alice')))
      await b.world.run(3_600_000)
      expect(b.server.tokenRequests.length).toBeGreaterThan(11)
      expect(b.server.tokenRequests.length).toBeLessThan(20)
    })

    test(`R45 C50: a clock set ${hours > 0 ? 'forward' : 'back'} while the page is open causes one extra refresh at most`, async () => {
      const run = async (jump: number) => {
        const b = await signedIn()
        await b.world.run(100_000)
        b.world.wallOffset += jump
        for (const tell of b.tab.listeners) tell('wake')
        await b.world.run(1_800_000)
        for (let i = 0; i < 3; i++) expect((await b.finish(b.session.fetch(API))).status).toBe(200)
        return b.server.tokenRequests.length
      }
      expect((await run(hours * 3_600_000)) - (await run(0))).toBeLessThanOrEqual(2)
    })
  }

  test('R43 C51: after sleep, the first call uses a fresh token', async () => {
    const b = await signedIn()
    b.world.sleep(8 * 3_600_000)
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
    expect(b.server.apiRequests).toHaveLength(1)
    expect(b.server.tokenRequests).toHaveLength(1)
  })

  test('R48: an idle tab with a valid session has one timer, and wakes less than once a minute', async () => {
    const b = await signedIn()
    await b.world.run(1000)
    expect(b.tab.timers.size).toBe(1)
    const reads = b.disk.reads
    await b.world.run(200_000)
    expect(b.disk.reads).toBe(reads)
  })
})
