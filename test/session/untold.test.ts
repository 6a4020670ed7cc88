import { expect, test } from 'vitest'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import { setOffline } from '../simulation/platform.js'
import { bench } from './harness.js'

/** A cookie session, or one with a token, whose logouts are written down, and get through unless `down`. */
const signedIn = async (options: object) => {
  const b = bench()
  const told: string[] = []
  const line = { down: false, status: 204 }
  const fetch = async (input: unknown) => {
    told.push(`${line.down ? 'lost' : line.status}`)
    if (line.down) throw new TypeError(`Failed to fetch ${input}`)
    return new Response(null, { status: line.status })
  }
  const opened = await b.open({ fetch: fetch as typeof globalThis.fetch, ...options })
  return { ...b, ...opened, told, line }
}
const cookies = { scheme: cookieSession({ logoutUrl: '/logout' }), refresh: async () => ({}) }

const offline = async (b: Awaited<ReturnType<typeof signedIn>>) => {
  b.line.down = true
  setOffline(b.tab, true)
  await b.finish(b.session.logout())
  await b.world.run(1_000)
}
const online = async (b: Awaited<ReturnType<typeof signedIn>>) => {
  b.line.down = false
  setOffline(b.tab, false)
  await b.world.run(1_000)
}

test('F44: a logout of a cookie session that did not reach the server is told when it can be reached, once', async () => {
  const b = await signedIn(cookies)
  await b.finish(b.session.setTokens({}))
  await offline(b)
  expect(b.told).toEqual(['lost'])
  await online(b)
  await online(b)
  expect(b.told).toEqual(['lost', '204'])
  expect(b.errors.map((error) => (error as { code: string }).code)).toEqual(['revocation_failed'])
})

test('F44: and not when somebody has signed in since: the cookie is theirs', async () => {
  const b = await signedIn(cookies)
  await b.finish(b.session.setTokens({}))
  await offline(b)
  await b.finish(b.session.setTokens({}))
  await online(b)
  expect(b.told).toEqual(['lost'])
})

test('F44: it is tried again as often as the page wakes without reaching the server, and said once', async () => {
  const b = await signedIn(cookies)
  await b.finish(b.session.setTokens({}))
  await offline(b)
  setOffline(b.tab, false)
  await b.world.run(1_000)
  await online(b)
  expect(b.told).toEqual(['lost', 'lost', '204'])
  expect(b.errors).toHaveLength(1)
})

test('F44: a logout that the server answered is not told again, whatever it answered', async () => {
  const b = await signedIn(cookies)
  await b.finish(b.session.setTokens({}))
  b.line.status = 403
  await b.finish(b.session.logout())
  await b.world.run(1_000)
  await online(b)
  expect(b.told).toEqual(['403'])
})

test('F44: tokens are gone with the logout, so nothing is left to revoke them with', async () => {
  const b = await signedIn({ revoke: (tokens: unknown, { fetch }: { fetch: typeof globalThis.fetch }) => fetch('/revoke') })
  await b.finish(b.session.setTokens(b.server.login('ada')))
  await offline(b)
  await online(b)
  expect(b.told).toEqual(['lost'])
})
