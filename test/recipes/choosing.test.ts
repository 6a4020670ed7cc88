import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Session } from '../../src/index.js'
import { forgetCookies, server } from './network.js'

beforeEach(() => {
  indexedDB = new IDBFactory()
  localStorage.clear()
  forgetCookies()
  vi.resetModules()
  server.tokenRequests = 0
})

const login = async (user = 'ada') =>
  (await fetch('/login', { method: 'POST', body: new URLSearchParams({ user, password: 'secret' }) })).json()

/** Everything that is stored in a database, as text. */
const dump = (name: string) =>
  new Promise<string>((resolve) => {
    indexedDB.open(name).onsuccess = ({ target }) => {
      const all = (target as IDBOpenDBRequest).result.transaction('sessions').objectStore('sessions').getAll()
      all.onsuccess = () => resolve(JSON.stringify(all.result))
    }
  })

/** What every one of them is for: calls with the user's rights, one refresh for many, and an end. */
const live = async (session: Session, url = 'https://api.example.com/me') => {
  const me = async () => (await session.fetch(url)).json()
  expect(await me()).toEqual({ user: 'ada' })
  server.tokenRequests = 0
  server.forgetAccessTokens()
  expect(await Promise.all([me(), me(), me()])).toEqual(Array(3).fill({ user: 'ada' }))
  expect(server.tokenRequests).toBe(1)
  await session.logout()
  expect((await session.fetch(url)).status).toBe(401)
}

/** The same page again. */
const reload = async (path: string, former: Session): Promise<Session> => {
  former.close()
  vi.resetModules()
  const { session } = await import(path)
  await session.ready
  return session
}

describe('docs/choosing.md', () => {
  test('R71: a cookie session signs in, is renewed once for three calls, and ends at both ends', async () => {
    const { session, signIn } = await import('choosing/bff')
    expect(await signIn('ada', 'wrong')).toBe(false)
    expect(await signIn('ada', 'secret')).toBe(true)
    expect(await session.getAccessToken()).toBe(undefined)
    const again = await reload('choosing/bff', session)
    expect(again.status).toBe('authenticated')
    await live(again, '/me')
    const renew = () => fetch('/bff/refresh', { method: 'POST', headers: { 'X-CSRF': '1' } })
    await vi.waitFor(async () => expect((await renew()).status).toBe(401), 10_000)
    again.close()
  })

  test('R71: a cookie session that this browser has forgotten is found again', async () => {
    const { session, signIn } = await import('choosing/bff')
    await signIn('ada', 'secret')
    indexedDB = new IDBFactory()
    const again = await reload('choosing/bff', session)
    expect(again.status).toBe('authenticated')
    expect(await (await again.fetch('/me')).json()).toEqual({ user: 'ada' })
    expect(again.status).toBe('authenticated')
    await again.logout()
    again.close()
  })

  test('F38: with better-auth a visitor is nobody, a user is found again, and a session that is gone ends', async () => {
    const { betterAuth } = await import('choosing/better-auth')
    const call = async () => (await betterAuth.fetch('/me')).status
    expect(await call()).toBe(401)
    expect(betterAuth.status).toBe('anonymous')
    await fetch('/bff/login', { method: 'POST', headers: { 'X-CSRF': '1' }, body: new URLSearchParams({ user: 'ada', password: 'secret' }) })
    betterAuth.close()
    vi.resetModules()
    const { betterAuth: again } = await import('choosing/better-auth')
    expect((await again.fetch('/me')).status).toBe(200)
    expect(again.status).toBe('authenticated')
    await fetch('/bff/logout', { method: 'POST', headers: { 'X-CSRF': '1' } })
    expect((await again.fetch('/me')).status).toBe(401)
    expect(again.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'rejected' })
    again.close()
  })

  test('R71: the mixed mode signs in again after a reload by one question, and never after a logout', async () => {
    const { session } = await import('choosing/mixed')
    expect((await session.fetch('https://api.example.com/me')).status).toBe(401)
    expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: undefined })

    await fetch('/session/login', { method: 'POST' })
    server.tokenRequests = 0
    const again = await reload('choosing/mixed', session)
    expect(again.status).toBe('authenticated')
    const calls = [1, 2, 3].map(() => again.fetch('https://api.example.com/me').then(({ status }) => status))
    expect(await Promise.all(calls)).toEqual([200, 200, 200])
    expect(server.tokenRequests).toBe(1)
    expect(await again.getAccessToken()).toMatch(/./)

    await live(again)
    await vi.waitFor(async () => expect((await fetch('/session/refresh', { method: 'POST', headers: { 'X-CSRF': '1' } })).status).toBe(401), 10_000)
    server.tokenRequests = 0
    const last = await reload('choosing/mixed', again)
    expect(last.status).toBe('anonymous')
    expect(server.tokenRequests).toBe(0)
    last.close()
  })

  test('R71: a backend that has ended the session ends it here', async () => {
    const { session } = await import('choosing/mixed')
    await session.setTokens({ access_token: 'spent', expires_in: 600 })
    expect((await session.fetch('https://api.example.com/me')).status).toBe(401)
    expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'rejected' })
    session.close()
  })

  test('in memory, nothing is stored and a reload asks to sign in', async () => {
    const { session } = await import('choosing/memory')
    const tokens = await login()
    await session.setTokens(tokens)
    expect(await indexedDB.databases()).toEqual([])
    expect(JSON.stringify({ ...localStorage })).not.toContain(tokens.access_token)
    const again = await reload('choosing/memory', session)
    expect(again.status).toBe('anonymous')
    await again.setTokens(await login())
    await live(again)
    again.close()
  })

  test('in IndexedDB, a session outlasts a reload', async () => {
    const { session } = await import('choosing/indexeddb')
    const tokens = await login()
    await session.setTokens(tokens)
    expect(await dump('latchkey')).toContain(tokens.access_token)
    const again = await reload('choosing/indexeddb', session)
    expect(again.status).toBe('authenticated')
    await live(again)
    again.close()
  })

  test('R68: encrypted, a session outlasts a reload, and what is stored shows no token', async () => {
    const { session } = await import('choosing/encrypted')
    const tokens = await login()
    await session.setTokens(tokens)
    const stored = await dump('latchkey')
    expect(stored).toContain('sealed ')
    expect(stored).not.toContain(tokens.access_token)
    expect(stored).not.toContain(tokens.refresh_token)
    const again = await reload('choosing/encrypted', session)
    expect(again.status).toBe('authenticated')
    await live(again)
    again.close()
  })

  test('in a cookie, a session outlasts a reload, and the server can read the access token', async () => {
    const { session } = await import('choosing/cookie')
    const tokens = await login()
    await session.setTokens(tokens)
    expect(document.cookie).toContain(`access_token=${tokens.access_token}`)
    const again = await reload('choosing/cookie', session)
    expect(again.status).toBe('authenticated')
    await live(again, '/me')
    expect(document.cookie).not.toContain('access_token=')
    again.close()
  })
})
