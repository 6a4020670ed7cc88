import { describe, expect, test } from 'vitest'
import { createSessionOn } from '../../src/createSession.js'
import { RefreshError } from '../../src/errors.js'
import type { RefreshFunction, SessionOptions } from '../../src/types.js'
import { createTab, setOffline } from '../simulation/platform.js'
import { diskStorage } from '../simulation/store.js'
import { bench } from './harness.js'

/** A session whose refresh token is in a cookie, opened on a page that knows nothing; with every status that is shown. */
const opened = async (answer: RefreshFunction, options: Partial<SessionOptions> = {}, offline = false) => {
  const b = bench()
  const statuses: string[] = []
  let known = false
  const one = await b.open({ refresh: answer, resume: true, ...options }, (tab) => setOffline(tab, offline))
  statuses.push(one.session.status)
  one.session.subscribe(() => statuses.push(one.session.status))
  void one.session.ready.then(() => (known = true))
  return { ...b, ...one, statuses, known: () => known }
}
const signedIn: RefreshFunction = async () => ({ access_token: 'fresh', expires_in: 600 })
const nobody: RefreshFunction = async () => {
  throw new RefreshError('rejected', 'Nobody')
}

describe('it is known who is signed in', () => {
  test.each([
    ['who is signed in', signedIn, ['loading', 'authenticated']],
    ['nobody', nobody, ['loading', 'anonymous']],
  ])('F46: a page that asks its server is loading until it knows: %s', async (_, answer, expected) => {
    const b = bench()
    const tab = createTab(b.browser, 'tab', b.server.fetch)
    // From the very first moment, so that no change is missed.
    const session = createSessionOn(tab.platform, { refresh: answer, resume: true, storage: diskStorage(b.disk, tab) })
    const statuses: string[] = [session.status]
    session.subscribe(() => statuses.push(session.status))
    await b.world.run(5000)
    expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual(expected)
  })

  test('F46: what was ended on purpose is known without asking', async () => {
    const b = bench()
    const one = await b.open({ refresh: signedIn })
    await b.finish(one.session.setTokens({ access_token: 'first', expires_in: 600 }))
    await b.finish(one.session.logout())
    const { session } = await b.open({ refresh: signedIn, resume: true })
    await b.finish(session.ready)
    expect(session.status).toBe('anonymous')
  })

  test.each([
    ['who is signed in', signedIn, 'authenticated'],
    ['nobody', nobody, 'anonymous'],
  ])('F45: ready tells when that is known, the question to the server included: %s', async (_, answer, status) => {
    const { session, world, known } = await opened(answer)
    expect(known()).toBe(false)
    await world.runUntil(known, 5000)
    expect(known()).toBe(true)
    expect(session.status).toBe(status)
  })

  test('F45: ready and loading last while the browser is offline or the endpoint fails, and calls have bounds of their own', async () => {
    const { session, tab, world, known, outcome } = await opened(signedIn, {}, true)
    await world.run(120_000)
    expect([known(), session.status]).toEqual([false, 'loading'])
    expect(await outcome(session.fetch('https://app.example.com/api'))).toMatch(/^RefreshError:/)
    setOffline(tab, false)
    await world.run(10_000)
    expect([known(), session.status]).toEqual([true, 'authenticated'])

    let broken = true
    const flaky = await opened(async (...args) => (broken ? new Response(null, { status: 503 }) : signedIn(...args)))
    await flaky.world.run(60_000)
    expect([flaky.known(), flaky.session.status]).toEqual([false, 'loading'])
    expect(await flaky.outcome(flaky.session.getAccessToken())).toMatch(/^RefreshError:/)
    broken = false
    await flaky.world.run(120_000)
    expect([flaky.known(), flaky.session.status]).toEqual([true, 'authenticated'])
  })

  test('F45: a login while the question is open answers it', async () => {
    const { session, world, known, finish } = await opened(() => new Promise(() => {}))
    await finish(session.setTokens({ access_token: 'by-hand', expires_in: 600 }))
    await world.runUntil(known, 0)
    expect([known(), session.status]).toEqual([true, 'authenticated'])
  })
})
