import { describe, expect, test } from 'vitest'
import { RefreshError } from '../../src/errors.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import type { SessionOptions } from '../../src/types.js'
import { API, bench } from './harness.js'

type Refresh = NonNullable<SessionOptions['refresh']>

const signedIn = async (options: Partial<SessionOptions> = {}) => {
  const b = bench()
  const opened = await b.open(options)
  await b.finish(opened.session.setTokens(b.server.login('alice')))
  return { ...b, ...opened }
}
/** How a refresh failed. */
const failure = async (promise: Promise<unknown>): Promise<RefreshError> => promise.then(() => expect.fail('It did not fail'), (error) => error)
const codes = (errors: unknown[]) => errors.map((error) => (error as RefreshError).code)

describe('an answer that was read is not lost', () => {
  const misnamed = JSON.stringify({ accessToken: 'at-SECRETSECRET-9', refreshToken: 'rt-SECRETSECRET-9', expiresIn: 300, SECRETSECRET0: 1, ['x'.repeat(30)]: 1 })

  test('F14: members of other names are a mistake that is named at once, and no value of theirs is', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 200, times: 1, body: misnamed }
    const error = await failure(b.finish(b.session.refresh()))
    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('access_token is no string, there is [accessToken,refreshToken,expiresIn],') })
    expect(JSON.stringify(Object.getOwnPropertyDescriptors(error))).not.toMatch(/SECRET|xxx/)
    expect(b.session.status).toBe('authenticated')
  })

  test('F14: the token that may be spent is not sent again for minutes; one that still holds is used', async () => {
    const b = await signedIn()
    b.server.grace = 0
    // The server has rotated: to send the former token again is reuse.
    const given = b.server.families[0]!
    b.server.faults.status = { code: 200, times: 100, body: misnamed }
    await b.outcome(b.session.refresh())
    await b.world.run(200_000)
    expect(b.server.tokenRequests).toHaveLength(1)
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
    await b.world.run(3_600_000)
    expect(b.server.tokenRequests.length).toBeLessThan(8)
    expect(b.session.status).toBe('authenticated')
    b.server.faults.status = undefined
    given.revoked = true
    await b.world.run(3_600_000)
    expect(b.events.at(-1)).toBe('logout:local:rotation_lost')
  })

  for (const [what, body] of [['null', 'null'], ['an array', '[]'], ['a string', '"SECRET"'], ['a number', '1'], ['nothing in it', '{}'], ['another type', '{"access_token":"x","token_type":"mac"}'], ['a token no header may carry', '{"access_token":"a\\nb"}']]) {
    test(`F14: 200 and ${what} is a mistake, and the session is kept`, async () => {
      const b = await signedIn()
      b.server.faults.status = { code: 200, times: 1, body: body! }
      const error = await failure(b.finish(b.session.refresh()))
      expect(error).toMatchObject({ code: 'misconfigured' })
      expect(error.message).not.toContain('SECRET')
      expect(b.session.status).toBe('authenticated')
      expect(b.server.tokenRequests).toHaveLength(1)
    })
  }

  for (const [what, refresh] of Object.entries<Refresh>({
    'an object of other names': async () => ({ accessToken: 'x' }) as never,
    nothing: async () => undefined as never,
  })) {
    test(`F14: a refresh function of one's own that resolves with ${what} is told so`, async () => {
      const b = await signedIn({ refresh })
      expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('access_token') })
    })
  }

  test('F14: an OAuth error counts, though it comes with 200', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 200, times: 1, body: '{"error":"bad_verification_code"}' }
    expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured', status: 200, error: 'bad_verification_code' })
    await b.world.run(61_000)
    b.server.faults.status = { code: 200, times: 1, body: '{"error":"invalid_grant"}' }
    expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'rejected' })
    expect(b.session.getSnapshot().reason).toBe('rejected')
  })

  test('F2: a page instead of JSON is no renewal, is named, and is over when the page is gone', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 200, times: 3, body: '<!doctype html><title>Welcome to the airport</title>' }
    expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured', status: 200, message: expect.stringContaining('check URL') })
    await b.world.run(600_000)
    expect(b.server.tokenRequests.length).toBeGreaterThan(3)
    expect(b.session.status).toBe('authenticated')
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
  })

  test('F2: a page was no use of the token: a refusal that follows is a plain one', async () => {
    const b = await signedIn()
    b.server.faults.status = { code: 200, times: 1, body: '<p>' }
    await b.outcome(b.session.refresh())
    b.server.families[0]!.revoked = true
    await b.world.run(300_000)
    expect(b.events.at(-1)).toBe('logout:local:rejected')
  })

  for (const status of [301, 302, 303, 307, 308]) {
    test(`S2: a ${status} is no renewal, and ends nothing`, async () => {
      const b = await signedIn()
      b.server.faults.status = { code: status, times: 1, headers: { Location: 'https://elsewhere.example/token' } }
      expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured', message: expect.stringContaining(`answered ${status}, check URL`) })
      expect(b.session.status).toBe('authenticated')
    })
  }
})

describe('a mistake is never silent', () => {
  const forbidden = { code: 403, times: 100, body: '' }

  test('F39: a 401 that causes a misconfigured refresh leaves an error event and a line on the console, once', async () => {
    const b = await signedIn()
    b.server.expireAll()
    b.server.faults.status = forbidden
    expect((await b.finish(b.session.fetch(API))).status).toBe(401)
    expect(codes(b.errors)).toEqual(['misconfigured'])
    expect(b.tab.complaints).toHaveLength(1)
  })

  test('F39: so does one that a call or the clock has caused', async () => {
    const b = await signedIn()
    b.server.faults.status = forbidden
    b.world.sleep(400_000)
    expect(await b.outcome(b.session.fetch(API))).toBe('RefreshError:misconfigured')
    expect(codes(b.errors)).toEqual(['misconfigured'])
    const clock = await signedIn()
    clock.server.faults.status = { ...forbidden }
    await clock.world.run(270_000)
    expect(codes(clock.errors)[0]).toBe('misconfigured')
  })

  test('F42: an answer that CORS may hide says so', async () => {
    const b = await signedIn({ refresh: async () => { throw new TypeError('Failed to fetch') } })
    expect((await failure(b.finish(b.session.refresh()))).message).toContain('CORS')
  })
})

describe('who is nobody', () => {
  /** A cookie session whose server answers the renewal like this. */
  const renewedBy = async (answer: () => Response, { resume = false, ...options }: Parameters<typeof cookieSession>[0] & { resume?: boolean } = {}) => {
    const b = bench()
    const sent: Request[] = []
    const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
      sent.push(new Request(new URL(String(input), API), init))
      return answer()
    }
    const opened = await b.open({ refresh: undefined, scheme: cookieSession({ refreshUrl: 'https://app.example.com/renew', ...options }), fetch, resume })
    return { ...b, ...opened, sent }
  }
  const json = (value: unknown, status = 200) => () => Response.json(value, { status })
  const page = () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } })

  for (const [what, answer] of Object.entries({
    'a page': page,
    'an array': json([]),
    'a string': json('no'),
    false: json(false),
    'an error': json({ error: 'no_session' }),
    'an error object': json({ error: { code: 7 } }),
    'a redirect': () => new Response(null, { status: 302, headers: { Location: '/login' } }),
    403: () => new Response('CSRF', { status: 403 }),
    419: () => new Response('', { status: 419 }),
  })) {
    test(`F38: ${what} signs no visitor in, and renews nothing`, async () => {
      const visitor = await renewedBy(answer, { resume: true })
      await visitor.world.run(1000)
      expect(visitor.session.status).not.toBe('authenticated')
      expect(visitor.events).toEqual([])
      const b = await renewedBy(answer)
      await b.finish(b.session.setTokens({ expires_in: 300 }))
      const before = b.session.getSnapshot().expiresAt
      expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured' })
      expect(b.session.getSnapshot()).toMatchObject({ status: 'authenticated', expiresAt: before })
      expect(b.tab.complaints).toHaveLength(1)
    })
  }

  for (const [what, answer] of Object.entries({ 401: json({ error: 'no_session' }, 401), '200 and null': json(null) })) {
    test(`F38: ${what} says that nobody is signed in`, async () => {
      const visitor = await renewedBy(answer, { resume: true })
      await visitor.world.run(1000)
      expect(visitor.session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: undefined })
      expect(visitor.events).toEqual([])
      const b = await renewedBy(answer)
      await b.finish(b.session.setTokens({ expires_in: 300 }))
      expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'rejected' })
      expect(b.events).toEqual(['login:local', 'logout:local:rejected'])
    })
  }

  for (const [what, answer] of Object.entries({ nothing: () => new Response(null, { status: 204 }), 'an empty 200': () => new Response(''), 'an empty object': json({}), 'an object': json({ user: { id: 1 }, error: null }) })) {
    test(`F38: ${what} is a renewal`, async () => {
      const b = await renewedBy(answer, { resume: true })
      await b.world.run(1000)
      expect(b.session.status).toBe('authenticated')
    })
  }

  test('F38: the app says what else means nobody, and may renew by GET', async () => {
    const b = await renewedBy(json({ user: null }), {
      refreshMethod: 'GET',
      isSignedOut: ({ status }, body) => status === 419 || (body as { user?: unknown } | undefined)?.user === null,
      resume: true,
    })
    await b.world.run(1000)
    expect(b.session.status).toBe('anonymous')
    expect(b.sent[0]!.method).toBe('GET')
    const laravel = await renewedBy(() => new Response('<p>Page expired', { status: 419 }), { isSignedOut: ({ status }) => status === 419 })
    await laravel.finish(laravel.session.setTokens({}))
    expect(await failure(laravel.finish(laravel.session.refresh()))).toMatchObject({ code: 'rejected' })
  })

  test('F38: the app may bring a refresh of its own, which is read in the same way', async () => {
    const b = bench()
    const { session } = await b.open({ scheme: cookieSession(), resume: true, refresh: async () => Response.json(null) })
    await b.world.run(1000)
    expect(session.status).toBe('anonymous')
  })

  for (const [what, isSignedOut] of Object.entries({
    throws: (_response: Response, body: unknown) => (body as { user: object }).user === null,
    'answers with a promise': (async () => true) as never,
  })) {
    test(`F38: a function that ${what} ends nothing`, async () => {
      const b = await renewedBy(page, { isSignedOut })
      await b.finish(b.session.setTokens({}))
      expect(await failure(b.finish(b.session.refresh()))).toMatchObject({ code: 'misconfigured' })
      expect(b.session.status).toBe('authenticated')
    })
  }

  for (const rubbish of [null, undefined, 'no', [], false, { error: 'invalid credentials' }, { error: { code: 1 } }]) {
    test(`F38: setTokens(${JSON.stringify(rubbish)}) is refused, by a cookie session too`, async () => {
      for (const options of [{}, { scheme: cookieSession() }]) {
        const b = bench()
        const { session } = await b.open(options)
        await expect(b.finish(session.setTokens(rubbish as never))).rejects.toMatchObject({ code: 'invalid_response' })
        expect(session.status).toBe('anonymous')
      }
    })
  }

  for (const options of [{ refreshMethod: 'PUT' }, { isSignedOut: true }] as never[]) {
    test(`F38: ${JSON.stringify(options)} is no option`, () => {
      expect(() => cookieSession(options)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    })
  }
})
