import { buildSync } from 'esbuild'
import { createFetch } from 'ofetch'
import { describe, expect, test } from 'vitest'
import { findSessionError, isSessionError, RefreshError, SessionError } from '../../src/errors.js'
import { API, bench } from './harness.js'

describe('S11: who is ours', () => {
  class Own extends Error {
    override name = 'RefreshError'
    code = 'rejected'
  }
  test.each([
    ["an app's own class of that name", () => new Own('No')],
    ['a plain object with that name', () => ({ name: 'RefreshError', code: 'rejected' })],
    ['an error that was given that name', () => Object.assign(new Error('No'), { name: 'RefreshError', code: 'rejected' })],
  ])('%s ends no session', async (_, make) => {
    const b = bench()
    const { session } = await b.open({
      refresh: async () => {
        throw make()
      },
    })
    await b.finish(session.setTokens(b.server.login('alice')))
    expect(await b.outcome(session.refresh())).toBe('RefreshError:unanswered')
    expect(session.status).toBe('authenticated')
    expect(isSessionError(make())).toBe(false)
  })
  test('an error of another copy of latchkey is ours', async () => {
    const { outputFiles } = buildSync({ entryPoints: [`${import.meta.dirname}/../../src/errors.ts`], bundle: true, write: false, format: 'esm' })
    const other = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)
    expect(other.RefreshError).not.toBe(RefreshError)
    expect(isSessionError(new other.SessionError('closed', 'x'))).toBe(true)
    const b = bench()
    const { session } = await b.open({
      refresh: async () => {
        throw new other.RefreshError('rejected', 'Gone')
      },
    })
    await b.finish(session.setTokens(b.server.login('alice')))
    expect(await b.outcome(session.refresh())).toBe('RefreshError:rejected')
    expect(session.getSnapshot().reason).toBe('rejected')
  })
  test('the mark is in nothing that is counted or written out', () => {
    const error = new SessionError('closed', 'x')
    expect(Object.keys(error)).toEqual(['name', 'code'])
    expect(JSON.stringify(error)).toBe('{"name":"SessionError","code":"closed"}')
  })
})

describe('F33: an error that a client has wrapped', () => {
  test('ofetch', async () => {
    const b = bench()
    const { session, tab } = await b.open()
    await b.finish(session.setTokens({ ...b.server.login('alice'), expires_in: 1 }))
    tab.offline = true
    await b.world.run(5000)
    const call = createFetch({ fetch: session.fetch, Headers, AbortController, defaults: { retry: 0 } })(API)
    const error = await b.finish(call.then(() => undefined, (error: unknown) => error))
    expect([(error as Error).name, isSessionError(error)]).toEqual(['FetchError', false])
    expect(findSessionError(error)).toMatchObject({ name: 'RefreshError', code: 'offline' })
  })
  test('follows causes, but not for ever', () => {
    const mine = new RefreshError('offline', 'x')
    const wrap = (times: number): unknown => (times ? new Error('outer', { cause: wrap(times - 1) }) : mine)
    expect([0, 1, 4].map((times) => findSessionError(wrap(times)))).toEqual([mine, mine, mine])
    expect(findSessionError(wrap(5))).toBeUndefined()
    const circle: { cause?: unknown } = {}
    circle.cause = circle
    for (const other of [circle, undefined, null, 'text', new Error('x')]) expect(findSessionError(other)).toBeUndefined()
  })
})
