import { expect, it } from 'vitest'
import { resume, scenes, signIn, storeExpired, type Tab, until } from './support.js'

const reasons = (tab: Tab) => tab.evaluate(() => events.filter(({ type }) => type === 'logout').map(({ reason }) => reason))
const refreshing = (tab: Tab) => tab.evaluate(() => session.refresh().then(() => 'refreshed', (error: { code: string }) => error.code))

scenes('An answer that gets lost after the token was spent', (scene) => {
  it('R27: ends the session where the server forgives nothing, in every tab, and says that it was lost', async () => {
    const { state } = scene.site
    const [tab, other] = [await scene.open(), await scene.open()]
    await signIn(tab)
    expect(await resume(other)).toBe('authenticated')
    state.faults.breakTokenAnswer = 1
    expect(await refreshing(tab)).toBe('rejected')
    expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, reuses: 1 })
    await other.waitFor(() => session.status === 'anonymous')
    for (const each of [tab, other]) expect(await reasons(each)).toEqual(['rotation_lost'])
  })

  it('R16: when the browser itself sends the request twice, the refusal is all there is to tell', async () => {
    const { state } = scene.site
    const tab = await scene.open()
    await signIn(tab)
    // Chromium does so when a connection that was in use before is cut without an answer.
    state.faults.dropTokenAnswer = 1
    expect(await refreshing(tab)).toBe('rejected')
    expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, reuses: 1 })
    expect(await reasons(tab)).toHaveLength(1)
  })
}, { grace: 0 })

scenes('The token endpoint', (scene) => {
  it('R27 R28: an answer that gets lost is asked for again with the same key, and nobody notices', async () => {
    const { state } = scene.site
    const tab = await scene.open()
    await signIn(tab)
    state.faults.breakTokenAnswer = 1
    expect(await refreshing(tab)).toBe('refreshed')
    expect(await tab.evaluate(() => call())).toEqual([200])
    expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, repeats: 1, reuses: 0 })
  })

  /** What the server says, and when it may be asked again. */
  const failures: [string, { status: number; retryAfter?: () => string }, (first: number, said: string) => number][] = [
    ['500', { status: 500 }, (first) => first + 1000],
    ['503 with Retry-After in seconds', { status: 503, retryAfter: () => '2' }, (first) => first + 2000],
    ['429 with Retry-After in seconds', { status: 429, retryAfter: () => '2' }, (first) => first + 2000],
    ['429 with Retry-After as a date', { status: 429, retryAfter: () => new Date(Date.now() + 4000).toUTCString() }, (_, said) => Date.parse(said)],
  ]
  for (const [name, { status, retryAfter }, earliest] of failures) {
    it(`R15 R18 R19: a ${name} is waited for by all tabs together, and the session goes on`, async () => {
      const { state } = scene.site
      const [tab, other] = [await scene.open(), await scene.open()]
      await storeExpired(tab, 'indexeddb')
      const said = retryAfter?.() ?? ''
      state.faults.failToken = { status, ...(said && { headers: { 'Retry-After': said } }), times: 1 }
      await tab.evaluate(() => void begin())
      await until(() => state.tokenRequests === 1)
      expect(await resume(other)).toBe('authenticated')
      // In the cooldown there is a typed error, and no request.
      const early = await other.evaluate(() => call(5))
      if (state.tokenRequests === 1) expect(new Set(early)).toEqual(new Set([early[0]]))
      await until(async () => (await other.evaluate(() => call())).includes(200))
      expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, reuses: 0 })
      const [first, second] = state.log.filter(({ path }) => path === '/oauth/token')
      expect(second!.at).toBeGreaterThanOrEqual(earliest(first!.at, said))
      for (const each of [tab, other]) expect(await reasons(each)).toEqual([])
    })
  }

  it('R15 R28: an answer that takes longer than the limit is asked for again with the same key, and used', async () => {
    const { state } = scene.site
    const tab = await scene.open()
    await storeExpired(tab, 'indexeddb')
    state.faults.delayTokenBefore = 5000
    const calls = tab.evaluate(() => {
      begin({ refreshTimeout: 3000 })
      return call(3)
    })
    await until(() => state.tokenRequests === 1)
    state.faults.delayTokenBefore = 0
    // The pause before the second request may take longer than calls wait.
    for (const answer of await calls) expect([200, 'unanswered']).toContain(answer)
    await until(async () => (await tab.evaluate(() => call())).includes(200))
    await until(() => state.rotations + state.repeats === 2)
    expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, repeats: 1, reuses: 0 })
    expect(new Set(state.log.filter(({ path }) => path === '/oauth/token').map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  })

  it('R21: offline, a refresh fails at once without a request, and follows by itself when the browser is online again', async () => {
    const { state } = scene.site
    const tab = await scene.open()
    await storeExpired(tab, 'indexeddb')
    await tab.setOffline!(true)
    expect(await tab.evaluate(async () => {
      await begin().ready
      return session.refresh().then(() => 'refreshed', (error) => error.code)
    })).toBe('offline')
    expect(await tab.evaluate(() => session.status)).toBe('authenticated')
    expect(state.tokenRequests).toBe(0)
    await tab.setOffline!(false)
    await until(() => state.rotations === 1)
    await until(async () => (await tab.evaluate(() => call())).includes(200))
    expect(state).toMatchObject({ tokenRequests: 1, reuses: 0 })
  })
}, { grace: 10 })

scenes('Hidden tabs whose timers are slowed down', (scene) => {
  it('R43 R47 C52: leave the refresh to the visible one, and never send a token that has expired', async () => {
    const { state } = scene.site
    const hidden: Tab[] = []
    for (let i = 0; i < 3; i++) hidden.push(await scene.open())
    await signIn(hidden[0]!)
    for (const tab of hidden.slice(1)) await resume(tab)
    const visible = await scene.open()
    expect(await resume(visible)).toBe('authenticated')
    for (const tab of hidden) expect(await tab.evaluate(() => document.visibilityState)).toBe('hidden')
    const rounds = 3
    while (state.rotations < rounds) for (const tab of [...hidden, visible]) expect(await tab.evaluate(() => call())).toEqual([200])
    expect(state).toMatchObject({ unauthorized: 0, reuses: 0 })
    expect(state.tokenRequests).toBe(state.rotations)
    expect(new Set(state.refreshTokensSeen.values())).toEqual(new Set([1]))
  })
}, { grace: 0, lifetime: 6, browser: { throttled: true } })
