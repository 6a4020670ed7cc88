import { describe, expect, test } from 'vitest'
import { RefreshError } from '../../src/errors.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { RefreshFunction, TokenResponse } from '../../src/types.js'
import { setHidden } from '../simulation/platform.js'
import { API, type Bench, bench } from './harness.js'

const jwt = (claims: unknown) => `e30.${btoa(JSON.stringify(claims))}.sig`

/** A server of which only the pace matters: every renewal is a new token, and the API takes what has not expired. */
const minting = (b: Bench, expiresIn: number | string, forever = false) => {
  const alive = new Map<string, number>()
  const asked: number[] = []
  const mint = (): TokenResponse => {
    const token = `at-${alive.size}`
    alive.set(token, forever ? Infinity : b.world.time + Math.max(Number(expiresIn), 0) * 1000)
    return { access_token: token, refresh_token: 'r', expires_in: expiresIn }
  }
  const fetch = async (input: unknown, init?: RequestInit) => {
    const token = new Headers(init?.headers ?? (input as Request).headers).get('Authorization')!.slice('Bearer '.length)
    return new Response('', { status: alive.get(token)! > b.world.time ? 200 : 401 })
  }
  const refresh: RefreshFunction = async () => {
    asked.push(b.world.time)
    return mint()
  }
  return { asked, mint, fetch: fetch as typeof globalThis.fetch, refresh }
}
const shortest = (times: number[]) => Math.min(...times.slice(1).map((time, index) => time - times[index]!))

describe('a floor between renewals', () => {
  for (const lifetime of [0.001, 0.1, 1]) {
    test(`F29: tokens of ${lifetime} s are renewed every two seconds at most, by all tabs together`, async () => {
      const b = bench()
      const { asked, mint, fetch, refresh } = minting(b, lifetime)
      const tabs = []
      for (let i = 0; i < 4; i++) tabs.push(await b.open({ refresh, fetch }))
      await b.finish(tabs[0]!.session.setTokens(mint()))
      await b.world.run(6_000)
      expect(asked.length).toBeLessThanOrEqual(4)
      await b.world.run(54_000)
      expect(asked.length).toBeGreaterThan(15)
      expect(shortest(asked)).toBeGreaterThanOrEqual(1990)
    })
  }

  test('F29: calls on tokens of one second all get through', async () => {
    const b = bench()
    const { asked, mint, fetch, refresh } = minting(b, 1)
    const { session } = await b.open({ refresh, fetch })
    await b.finish(session.setTokens(mint()))
    for (let i = 0; i < 40; i++) {
      expect((await b.finish(session.fetch(API))).status).toBe(200)
      await b.world.run(300)
    }
    expect(asked.length).toBeLessThan(b.world.time / 2000 + 3)
  })

  test('F29: an endpoint that answers 401 to everything cannot make them more', async () => {
    const b = bench()
    const { asked, mint, refresh } = minting(b, 0.1)
    const { session } = await b.open({ refresh, fetch: async () => new Response('', { status: 401 }) })
    await b.finish(session.setTokens(mint()))
    const until = b.world.time + 20_000
    while (b.world.time < until) {
      expect((await b.finish(session.fetch(API))).status).toBe(401)
      await b.world.run(50)
    }
    expect(asked.length).toBeLessThanOrEqual(13)
  })

  test('F29: who asks for a renewal gets one at once', async () => {
    const b = bench()
    const { asked, mint, refresh } = minting(b, 300)
    const { session } = await b.open({ refresh })
    await b.finish(session.setTokens(mint()))
    for (let i = 0; i < 3; i++) await b.finish(session.refresh())
    expect(asked).toHaveLength(3)
  })

  test('F29: a clock that was set back holds renewals up for a few seconds only', async () => {
    const b = bench()
    const { asked, mint, fetch, refresh } = minting(b, 10)
    const { session } = await b.open({ refresh, fetch })
    await b.finish(session.setTokens(mint()))
    await b.finish(session.refresh())
    for (const back of [1000, 1900, 3600_000]) {
      b.world.wallOffset -= back
      const before = asked.length
      await b.world.run(14_000)
      expect(asked.length).toBeGreaterThan(before)
      expect((await b.finish(session.fetch(API))).status).toBe(200)
    }
  })
})

describe('an expiry of zero', () => {
  for (const expires_in of [0, -5, '0']) {
    test(`F51: expires_in of ${JSON.stringify(expires_in)} means expired: refreshed before the first call, and no storm follows`, async () => {
      const b = bench()
      const { asked, mint, fetch, refresh } = minting(b, expires_in, true)
      const { session, tab } = await b.open({ refresh, fetch })
      await b.finish(session.setTokens(mint()))
      expect(session.getSnapshot().expiresAt).toBeLessThanOrEqual(tab.platform.now())
      expect(await b.finish(session.getAccessToken())).toBe('at-1')
      for (let i = 0; i < 100; i++) {
        expect((await b.finish(session.fetch(API))).status).toBe(200)
        await b.world.run(100)
      }
      expect(asked.length).toBeLessThanOrEqual(6)
      expect(shortest(asked)).toBeGreaterThanOrEqual(1990)
      const before = asked.length
      await b.world.run(600_000)
      expect(asked).toHaveLength(before)
    })
  }

  test('F51: what cannot be read leaves expiry unknown', async () => {
    const b = bench()
    const { asked, mint, refresh } = minting(b, 300)
    const { session } = await b.open({ refresh })
    for (const expires_in of ['', 'soon', null, undefined, NaN, 1e400]) {
      await b.finish(session.setTokens({ ...mint(), expires_in }))
      expect(session.getSnapshot().expiresAt).toBeUndefined()
      expect(await b.finish(session.getAccessToken())).toBeTruthy()
    }
    expect(asked).toHaveLength(0)
  })

  test('F51: a cookie session reads it the same way', () => {
    for (const expires_in of [0, -5, '0']) expect(cookieSession().read({ expires_in }, 1_800_000_000_000)).toMatchObject({ lifetime: 0 })
    expect(cookieSession().read({}, 1_800_000_000_000)).not.toHaveProperty('lifetime')
  })

  test('F51: without a way to refresh, the token is used until the server refuses it', async () => {
    const b = bench()
    const { mint, fetch } = minting(b, 0, true)
    const { session } = await b.open({ refresh: undefined as never, fetch })
    await b.finish(session.setTokens(mint()))
    expect((await b.finish(session.fetch(API))).status).toBe(200)
  })
})

describe('what is left of a token', () => {
  for (const left of [1, 47, 1000, 1999]) {
    test(`F28: a token with ${left} ms left is refreshed first`, async () => {
      const b = bench()
      const { session, tab } = await b.open()
      const { access_token, ...rest } = b.server.login('alice')
      await b.finish(session.setTokens({ access_token, ...rest }))
      b.world.sleep(300_000 - left - (tab.platform.now() - b.disk.value!.tokens!.receivedAt))
      expect((await b.finish(session.fetch(API))).status).toBe(200)
      expect(b.server.apiRequests.map(({ token }) => token)).not.toContain(access_token)
      expect(b.server.tokenRequests).toHaveLength(1)
    })
  }

  test('F28: of a short lifetime a tenth is enough', async () => {
    const b = bench()
    const { asked, mint, refresh } = minting(b, 1)
    const { tab, session } = await b.open({ refresh })
    setHidden(tab, true)
    await b.finish(session.setTokens(mint()))
    b.world.sleep(850)
    expect(await b.finish(session.getAccessToken())).toBe('at-0')
    b.world.sleep(60)
    expect(await b.finish(session.getAccessToken())).toBe('at-1')
    expect(asked).toHaveLength(1)
  })

  test('F28: what is left is used when no other token can be had', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    const token = await b.finish(session.getAccessToken())
    b.server.faults.status = { code: 503, times: 1000 }
    b.world.sleep(298_500)
    expect(await b.finish(session.getAccessToken())).toBe(token)
    expect((await b.finish(session.fetch(API))).status).toBe(200)
    b.world.sleep(2000)
    expect(await b.outcome(session.getAccessToken())).toMatch(/^RefreshError:/)
  })
})

describe('another subject', () => {
  const answers = (who: string, how: 'id token' | 'JWT', iss = 'https://id.example'): TokenResponse =>
    how === 'JWT'
      ? { access_token: jwt({ iss, sub: who, jti: Math.random() }), refresh_token: 'r', expires_in: 300 }
      : { access_token: `at-${Math.random()}`, id_token: jwt({ iss, sub: who }), refresh_token: 'r', expires_in: 300 }

  for (const how of ['id token', 'JWT'] as const) {
    test(`F23: a renewal whose ${how} names somebody else is a change of session, in every tab`, async () => {
      const b = bench()
      const refresh = async () => answers('bob', how)
      const one = await b.open({ refresh })
      const two = await b.open({ refresh })
      await b.finish(one.session.setTokens(answers('alice', how), { subject: 'alice' }))
      await b.world.run(100)
      const { id, startedAt } = b.disk.value!
      await b.world.run(1000)
      await b.finish(one.session.refresh())
      await b.world.run(100)
      expect(one.events).toEqual(['login:local', 'change:local'])
      expect(two.events).toEqual(['login:remote', 'change:remote'])
      for (const { session } of [one, two]) expect(session.unverifiedClaims!.sub).toBe('bob')
      expect(b.disk.value).not.toMatchObject({ id })
      expect(b.disk.value).not.toHaveProperty('subject')
      expect(b.disk.value!.startedAt).toBeGreaterThan(startedAt!)
      await b.finish(one.session.refresh())
      expect(one.events.at(-1)).toBe('refresh:local')
    })
  }

  test('F23: a call that waits or got 401 is not sent as the new user', async () => {
    const b = bench()
    const sent: string[] = []
    const fetch = async (_input: unknown, init?: RequestInit) => {
      sent.push(new Headers(init?.headers).get('Authorization')!)
      return new Response('', { status: 401 })
    }
    const { session, tab } = await b.open({ refresh: async () => answers('bob', 'JWT'), fetch: fetch as typeof globalThis.fetch })
    const alice = answers('alice', 'JWT')
    await b.finish(session.setTokens(alice))
    expect((await b.finish(session.fetch(API, { method: 'POST', body: 'x' }))).status).toBe(401)
    expect(sent).toEqual([`Bearer ${alice.access_token}`])
    const another = answers('alice', 'JWT')
    await b.finish(session.setTokens(another))
    b.world.sleep(400_000)
    expect(tab.platform.now()).toBeGreaterThan(b.world.time - 1)
    expect(await b.outcome(Promise.all([session.fetch(API), session.getAccessToken()]))).toBe('SessionError:session_changed')
    expect(sent).toHaveLength(1)
  })

  test('F23: the id token of the former user goes with them', async () => {
    const b = bench()
    const { session } = await b.open({ refresh: async () => answers('bob', 'JWT') })
    const id_token = jwt({ iss: 'https://id.example', sub: 'alice' })
    await b.finish(session.setTokens({ ...answers('alice', 'JWT'), id_token }))
    await b.finish(session.refresh())
    expect(session.unverifiedClaims!.sub).toBe('bob')
    expect(b.disk.value!.tokens).not.toHaveProperty('idToken')
  })

  const same = { ...answers('alice', 'JWT'), id_token: jwt({ iss: 'a', sub: 'alice' }) }
  const cases: [string, TokenResponse, TokenResponse][] = [
    ['the same subject', answers('alice', 'JWT'), answers('alice', 'JWT')],
    ['no claims', answers('alice', 'JWT'), { access_token: 'opaque', expires_in: 300 }],
    ['another issuer, which names users in its own way', answers('alice', 'JWT', 'a'), answers('bob', 'JWT', 'b')],
    ['an id token for the same user, and an access token that names them otherwise', same, { ...same, access_token: answers('17', 'JWT').access_token }],
  ]
  for (const [what, before, after] of cases) {
    test(`F23: a renewal with ${what} is a refresh`, async () => {
      const b = bench()
      const { session, events } = await b.open({ refresh: async () => after })
      await b.finish(session.setTokens(before))
      const { id } = b.disk.value!
      await b.finish(session.refresh())
      expect(events).toEqual(['login:local', 'refresh:local'])
      expect(b.disk.value!.id).toBe(id)
    })
  }
})

describe('what a failure says', () => {
  for (const [code, reason] of [[500, 'rotation_lost'], [502, 'rotation_lost'], [504, 'rotation_lost'], [503, 'rejected'], [429, 'rejected'], [408, 'rejected'], [425, 'rejected']] as const) {
    test(`F40: a refusal after ${code} is called ${reason}`, async () => {
      const b = bench()
      const { session, events } = await b.open()
      await b.finish(session.setTokens(b.server.login('alice')))
      b.server.faults.status = { code, times: 1 }
      expect(await b.outcome(session.refresh())).toBe('RefreshError:unavailable')
      b.server.families[0]!.revoked = true
      await b.world.run(10_000)
      expect(await b.outcome(session.refresh())).toBe('RefreshError:rejected')
      expect(events.at(-1)).toBe(`logout:local:${reason}`)
    })
  }

  test('F40: the doubt outlasts an answer that says nothing of it, and ends with a renewal', async () => {
    const b = bench()
    const { session, events } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    const fail = async (code: number) => {
      b.server.faults.status = { code, times: 1 }
      await b.outcome(session.refresh())
      await b.world.run(20_000)
    }
    await fail(502)
    await fail(503)
    expect(b.disk.value!.intent).toMatchObject({ ambiguous: true, code: 'unavailable' })
    await b.finish(session.refresh())
    await fail(503)
    b.server.families[0]!.revoked = true
    await b.outcome(session.refresh())
    expect(events.at(-1)).toBe('logout:local:rejected')
  })

  test('F40: callers in the pause after a gateway error are told at once', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.server.faults.status = { code: 502, times: 1 }
    await b.outcome(session.refresh())
    const from = b.world.time
    expect(await b.outcome(session.refresh())).toBe('RefreshError:cooldown')
    expect(b.world.time - from).toBeLessThan(200)
  })

  test('F40: a refresh that a 401 caused and a gateway swallowed is tried again within the grace of the server', async () => {
    const b = bench()
    b.server.grace = 10_000
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.server.expireAll()
    b.server.faults.status = { code: 502, times: 1 }
    expect((await b.finish(session.fetch(API))).status).toBe(401)
    await b.world.run(3_000)
    expect((await b.finish(session.fetch(API))).status).toBe(200)
  })
})

describe('pauses', () => {
  test('F32: the pause is what Retry-After names and a little more, each time', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const b = bench({ seed })
      const { session } = await b.open()
      await b.finish(session.setTokens(b.server.login('alice')))
      b.world.sleep(400_000)
      b.server.faults.status = { code: 429, times: Infinity, headers: { 'Retry-After': '3' } }
      const from = b.world.time
      let served = 0
      while (!served) {
        if (b.world.time - from >= 5_000) b.server.faults.status = undefined
        if ((await b.outcome(session.fetch(API))) === '200') served = b.world.time
        await b.world.run(50)
      }
      expect(served - from).toBeLessThanOrEqual(6_900)
      expect(shortest(b.server.tokenRequests.map(({ at }) => at))).toBeGreaterThanOrEqual(3_000)
    }
  })

  test('F32: maxRetryAfter still bounds it, and what is less than a second is no pause', async () => {
    for (const [retryAfter, least, most] of [[99_999_999, 20_000, 22_100], [5, 1_500, 2_600], [1000, 1000, 1200]] as const) {
      const b = bench()
      const asked: number[] = []
      const refresh = async () => {
        asked.push(b.world.time)
        throw new RefreshError('unavailable', 'busy', { retryAfter })
      }
      const { session } = await b.open({ refresh, maxRetryAfter: 20_000 })
      await b.finish(session.setTokens(b.server.login('alice')))
      b.world.sleep(400_000)
      while (asked.length < 2) {
        await b.outcome(session.getAccessToken())
        await b.world.run(10)
      }
      expect(shortest(asked)).toBeGreaterThanOrEqual(least)
      expect(shortest(asked)).toBeLessThanOrEqual(most)
    }
  })

  test('F41: by the clock alone the pauses are 2, 4, 8 … s too, give or take a quarter', async () => {
    const b = bench()
    const { session } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    b.server.faults.status = { code: 503, times: Infinity }
    await b.world.run(400_000)
    const times = b.server.tokenRequests.map(({ at }) => at)
    for (let n = 1; n <= 5; n++) {
      const pause = times[n]! - times[n - 1]!
      expect(pause).toBeGreaterThanOrEqual(0.75 * 1000 * 2 ** n)
      expect(pause).toBeLessThanOrEqual(1.25 * 1000 * 2 ** n + 200)
    }
  })

  for (const first of ['a refused resume', 'a refused refresh', 'a refresh that failed offline']) {
    test(`F41: after ${first}, the clock starts afresh with who signs in next`, async () => {
      const b = bench()
      const { asked, mint } = minting(b, 6)
      let refused = first !== 'a refresh that failed offline'
      const refresh = async () => {
        if (refused) throw new RefreshError('rejected', 'nobody')
        asked.push(b.world.time)
        return mint()
      }
      const { session, tab } = await b.open({ refresh, resume: first === 'a refused resume' })
      tab.offline = first === 'a refresh that failed offline'
      if (first !== 'a refused resume') await b.finish(session.setTokens(mint()))
      await b.world.run(7_000)
      expect(asked).toEqual([])
      tab.offline = refused = false
      await b.finish(session.setTokens(mint()))
      await b.world.run(6_000)
      expect(asked.length).toBeGreaterThan(0)
    })
  }

  test('F41: offline it is tried again about every half minute, for nothing in the record says when', async () => {
    const b = bench()
    const { session, tab, errors } = await b.open()
    await b.finish(session.setTokens(b.server.login('alice')))
    tab.offline = true
    await b.world.run(600_000)
    expect(errors.length).toBeGreaterThan(5)
    expect(errors.length).toBeLessThan(30)
  })
})
