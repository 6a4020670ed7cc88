import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { server } from './network.js'

const { session } = await import('recipes/session')
afterAll(() => session.close())

const login = async (user = 'ada') => {
  const body = new URLSearchParams({ user, password: 'secret' })
  return (await fetch('https://app.example.com/login', { method: 'POST', body })).json()
}
const current = async () => `Bearer ${await session.getAccessToken()}`

beforeEach(async () => {
  await session.logout()
  server.tokenRequests = 0
  server.authorizations.length = 0
  server.bodies.length = 0
})

const clients = {
  axios: () => import('recipes/axios'),
  ky: () => import('recipes/ky'),
  ofetch: () => import('recipes/ofetch'),
  'openapi-fetch': () => import('recipes/openapi-fetch'),
  wretch: () => import('recipes/wretch'),
  tRPC: () => import('recipes/trpc'),
  'Apollo Client': () => import('recipes/apollo'),
  urql: () => import('recipes/urql'),
}

describe.each(Object.entries(clients))('R63: %s, as docs/recipes.md says,', (_, client) => {
  test('R51: carries the token of who is signed in', async () => {
    const { me, add } = await client()
    await session.setTokens(await login())
    expect(await me()).toMatchObject({ user: 'ada' })
    expect(await add('write')).toMatchObject({ title: 'write' })
    expect(server.authorizations).toEqual([await current(), await current()])
    expect(server.tokenRequests).toBe(0)
  })

  test('R1: sends ten calls on an expired token with one refresh before them', async () => {
    const { add } = await client()
    await session.setTokens({ ...(await login()), expires_in: 0.001 })
    while (Date.now() <= session.getSnapshot().expiresAt!);
    const titles = Array.from({ length: 10 }, (_, index) => `title ${index}`)
    expect(await Promise.all(titles.map(add))).toMatchObject(titles.map((title) => ({ title })))
    expect(server.tokenRequests).toBe(1)
    expect(new Set(server.authorizations)).toEqual(new Set([await current()]))
  })

  test('R56 R57: sends a POST again after a 401, once, with the same body and the new token', async () => {
    const { add } = await client()
    await session.setTokens(await login())
    const former = await current()
    server.forgetAccessTokens()
    expect(await add('read')).toMatchObject({ title: 'read' })
    expect(server.authorizations).toEqual([former, await current()])
    expect(server.bodies[1]).toBe(server.bodies[0])
    expect(server.tokenRequests).toBe(1)
  })

  test('sends nothing of a session that has ended', async () => {
    const { me } = await client()
    await session.setTokens(await login())
    await session.logout()
    await Promise.resolve(me()).catch(() => {})
    expect(server.authorizations).toEqual([undefined])
    expect(server.tokenRequests).toBe(0)
  })
})

test('an account signs in with the right password only, and out', async () => {
  const { signIn, signOut } = await import('recipes/account')
  expect(await signIn('ada', 'wrong')).toBe(false)
  expect(session.status).toBe('anonymous')
  expect(await signIn('ada', 'secret')).toBe(true)
  expect(session.status).toBe('authenticated')
  await signOut()
  expect(session.status).toBe('anonymous')
})

test('a log follows what happens until it is told to stop', async () => {
  const { follow } = await import('recipes/follow')
  const lines: string[] = []
  const controller = follow((line: string) => lines.push(line))
  await session.setTokens(await login())
  await session.refresh()
  await session.setTokens(await login('bob'))
  await session.fetch('https://api.example.com/admin')
  await session.logout()
  controller.abort()
  await session.setTokens(await login())
  expect(lines).toEqual(['signed in (local)', 'refreshed (local)', 'somebody else (local)', 'more is asked for: Bearer error="insufficient_scope"', 'signed out (local): logout'])
})

test('F11: urql shows nobody what the former user saw', async () => {
  const recipe = await import('recipes/urql')
  const { gql } = await import('@urql/core')
  const ask = async () => (await recipe.api.query(gql`{ me { user } }`, {})).data?.me.user
  await session.setTokens(await login())
  expect(await ask()).toBe('ada')
  await session.setTokens(await login('bob'))
  expect(await ask()).toBe('bob')
  await session.logout()
  await session.setTokens(await login())
  expect(await ask()).toBe('ada')
})
