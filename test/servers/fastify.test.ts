import { expect, it } from 'vitest'
import { cookieSessions, signIn } from './cookieSessions.js'
import { startFastify } from './fastify.js'
import { expectEnd, on, servers } from './stage.js'

servers('fastify with session and csrf-protection', () => {
  cookieSessions(startFastify, 401)

  it('a call that changes something carries the CSRF token, one that only reads does not', on(startFastify)(async (stage) => {
    const { proxy } = stage.server
    const tab = await signIn(stage)
    expect(await tab.evaluate(async () => [(await session.fetch('/api/me', { method: 'POST' })).status, (await session.fetch('/api/me')).status])).toEqual([200, 200])
    expect(proxy.log.map(({ method, headers }) => [method, typeof headers['x-xsrf-token']])).toEqual([['POST', 'string'], ['GET', 'undefined']])
    expect(await tab.evaluate(async () => (await fetch('/api/me', { method: 'POST' })).status)).toBe(403)
  }))

  it('F38: a renewal whose session is gone fails the CSRF check, which comes first: 403, and rejected', on(startFastify)(async (stage) => {
    const { proxy, forget } = stage.server
    const tab = await signIn(stage)
    await forget()
    await tab.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd([tab], 'rejected')
    expect(proxy.to('/session')).toEqual([403])
  }))
})
