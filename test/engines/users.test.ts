import { expect, it } from 'vitest'
import { resume, scenes } from '../support/index.js'

for (const alg of ['HS256', 'RS256'] as const) {
  scenes(`Tokens signed with ${alg}`, (scene) => {
    for (const [user, password] of [['alice', 'wonderland'], ['bob', 'builder']] as const) {
      it(`of ${user} are verified by the server, from the header and from the mirror cookie, before and after a refresh`, async () => {
        const tab = await scene.open()
        const verified = await tab.evaluate(
          async (user, password) => {
            await begin({ storage: 'cookie' }).setTokens(await login(user, password))
            const verify = async () => {
              const answers = [await session.fetch('/verify'), await fetch('/verify')]
              return Promise.all(answers.map(async (answer) => ({ status: answer.status, ...(await answer.json()) })))
            }
            const header = JSON.parse(atob((await session.getAccessToken())!.split('.')[0]!))
            const before = await verify()
            await session.refresh()
            const after = await verify()
            const sub = session.unverifiedClaims?.sub
            await session.logout()
            return { alg: header.alg, sub, before, after, gone: (await fetch('/verify')).status }
          },
          user, password,
        )
        const answer = (from: string) => ({ status: 200, from, claims: expect.objectContaining({ sub: user }) })
        expect(verified).toMatchObject({ alg, sub: user, gone: 401, before: [answer('header'), answer('cookie')], after: [answer('header'), answer('cookie')] })
        const ids = [...verified.before, ...verified.after].map(({ claims }) => claims.jti)
        expect(ids[0]).toBe(ids[1])
        expect(ids[2]).toBe(ids[3])
        expect(ids[0]).not.toBe(ids[2])
      })
    }

    it('R39: a login as another user is announced to other tabs as a change, and the former token is not used after it', async () => {
      const tab = await scene.open()
      await tab.evaluate(async () => {
        await begin().setTokens(await login('alice', 'wonderland'))
      })
      const other = await scene.open()
      expect(await resume(other)).toBe('authenticated')
      await tab.evaluate(async () => {
        await session.setTokens(await login('bob', 'builder'))
      })
      await other.waitFor(() => events.find(({ type }) => type === 'change'))
      expect(await other.evaluate(async () => (await (await session.fetch(`${api}/api/me`)).json()).user)).toBe('bob')
    })
  }, { alg })
}
