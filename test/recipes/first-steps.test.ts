import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, expect, test, vi } from 'vitest'
import { server } from './network.js'

beforeEach(() => {
  indexedDB = new IDBFactory()
  server.authorizations.length = 0
})

test('README.md: the import signs in, calls, and follows the logout', async () => {
  const assign = vi.spyOn(location, 'assign').mockImplementation(() => {})
  const { session } = await import('readme/block-1.ts')
  expect(session.status).toBe('authenticated')
  expect(server.authorizations).toEqual([`Bearer ${await session.getAccessToken()}`])
  await session.logout()
  expect(assign).toHaveBeenCalledWith('/login?because=logout')
  session.close()
})

test('README.md: around fetch, each way carries the token to the own origin and to no other', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const former = globalThis.fetch
  const { session, api, both, undo } = await import('readme/block-3.ts')
  const login = await former('/login', { method: 'POST', body: new URLSearchParams({ user: 'ada', password: 'secret' }) })
  await session.setTokens(await login.json())
  await api.get('https://app.example.com/me')
  await both('/me')
  await fetch('/me')
  expect(server.authorizations).toEqual(Array(3).fill(`Bearer ${await session.getAccessToken()}`))
  await fetch('https://api.example.com/me')
  expect(server.authorizations.at(-1)).toBe(undefined)
  expect(log).toHaveBeenCalledTimes(1)
  undo()
  expect(globalThis.fetch).toBe(former)
  session.close()
})

test('docs/getting-started.md: signs in, calls, shows it, and follows the logout', async () => {
  document.body.innerHTML = '<button id="logout">Sign out</button>'
  const assign = vi.spyOn(location, 'assign').mockImplementation(() => {})
  const { session } = await import('getting-started/session')
  const { signIn } = await import('getting-started/login')
  const { me } = await import('getting-started/me')
  await import('getting-started/header')
  await import('getting-started/logout')
  await session.ready
  expect(document.title).toBe('Sign in (welcome)')
  await expect(signIn('ada', 'wrong')).rejects.toThrow('do not go together')
  await signIn('ada', 'secret')
  expect(document.title).toBe('Hello there')
  expect(await me()).toEqual({ user: 'ada' })
  document.querySelector('button')!.click()
  await vi.waitFor(() => expect(assign).toHaveBeenLastCalledWith('/goodbye'), 10_000)
  expect(document.title).toBe('Sign in (logout)')
  session.close()
})

test('docs/recipes.md: R73: two sessions on one origin know nothing of each other', async () => {
  const { staff, customer } = await import('recipes/two')
  const login = async (user: string) =>
    (await fetch('/login', { method: 'POST', body: new URLSearchParams({ user, password: 'secret' }) })).json()
  const whoIs = async ({ fetch }: { fetch: typeof globalThis.fetch }) => {
    const response = await fetch('https://api.example.com/me')
    return response.ok ? ((await response.json()) as { user: string }).user : response.status
  }
  await staff.setTokens(await login('ada'))
  expect([await whoIs(staff), await whoIs(customer)]).toEqual(['ada', 401])
  await customer.setTokens(await login('bob'))
  expect([await whoIs(staff), await whoIs(customer)]).toEqual(['ada', 'bob'])
  await staff.logout()
  expect([await whoIs(staff), await whoIs(customer)]).toEqual([401, 'bob'])
  staff.close()
  customer.close()
})
