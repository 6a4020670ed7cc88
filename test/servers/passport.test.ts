import { expect, it } from 'vitest'
import { cookieSessions, signIn } from './cookieSessions.js'
import { startPassport } from './passport.js'
import { on, servers } from './stage.js'

servers('passport with connect-ensure-login', () => {
  // An answer from the login page: its status is 200.
  cookieSessions(startPassport, 200)

  it('F38: the login page, which is 200 and HTML, is a renewal for nobody; the call that led to it gets it', on(startPassport)(async (stage) => {
    const { server } = stage
    const tab = await signIn(stage)
    await server.forget()
    const answer = await tab.evaluate(async () => {
      const response = await session.fetch('/api/me')
      return [new URL(response.url).pathname, await response.text(), session.status]
    })
    expect(answer).toEqual(['/login', '<h1>Please sign in</h1>', 'anonymous'])
    expect(server.proxy.to(server.renewal)).toEqual([302])
  }))
})
