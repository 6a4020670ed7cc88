import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Session } from '../../src/index.js'
import { forgetCookies, server } from './network.js'

let unmount = () => {}
beforeEach(() => {
  indexedDB = new IDBFactory()
  localStorage.clear()
  forgetCookies()
  vi.resetModules()
  server.revoked.length = server.cacheControls.length = 0
  document.body.innerHTML = ''
})
afterEach(() => {
  unmount()
  unmount = () => {}
  vi.useRealTimers()
})

const signIn = async (session: Session) => {
  const login = await fetch('/login', { method: 'POST', body: new URLSearchParams({ user: 'ada', password: 'secret' }) })
  const tokens = await login.json()
  await session.setTokens(tokens, { subject: 'ada' })
  return tokens as { access_token: string; refresh_token: string }
}
const shows = (text: string) => vi.waitFor(() => expect(document.body.textContent).toBe(text), 10_000)

/** The clock of the wall goes on by so much, as after a sleep; the page wakes up. */
const pass = (milliseconds: number) => {
  vi.setSystemTime(Date.now() + milliseconds)
  dispatchEvent(new Event('online'))
}

test('docs/recipes.md: a logout clears the cookies of the server and revokes the tokens', async () => {
  const { session } = await import('recipes/goodbye')
  const tokens = await signIn(session)
  await fetch('/session/login', { method: 'POST' })
  await session.logout()
  const refreshByCookie = () => fetch('/session/refresh', { method: 'POST', headers: { 'X-CSRF': '1' } })
  await vi.waitFor(() => expect(server.revoked).toEqual([tokens.refresh_token, tokens.access_token]), 10_000)
  expect((await refreshByCookie()).status).toBe(401)
  session.close()
})

test('docs/recipes.md: R49: the warning shows, goes when the user stays, and nobody who does nothing stays', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { session } = await import('recipes/limited')
  const { Warning } = await import('recipes/warning')
  const { createElement } = await import('react')
  const { createRoot } = await import('react-dom/client')
  const view = createRoot(document.body.appendChild(document.createElement('main')))
  view.render(createElement(Warning))
  unmount = () => view.unmount()
  await signIn(session)

  const warning = 'You will be signed out in one minute.Stay signed inSign out'
  pass(14.5 * 60_000)
  await shows(warning)
  document.querySelector('button')!.click()
  await shows('')
  pass(60_000)
  expect(session.status).toBe('authenticated')

  pass(13.5 * 60_000)
  await shows(warning)
  pass(60_000)
  await shows('')
  await vi.waitFor(() => expect(session.getSnapshot()).toMatchObject({ status: 'anonymous', reason: 'idle' }), 10_000)
  session.close()
})

test('docs/recipes.md: R49: a film that is being watched counts as activity', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { session, watch } = await import('recipes/limited')
  const film = document.createElement('video')
  watch(film)
  await signIn(session)
  pass(14.5 * 60_000)
  film.dispatchEvent(new Event('timeupdate'))
  pass(14.5 * 60_000)
  expect(session.status).toBe('authenticated')
  session.close()
})

test('docs/recipes.md: R78: why somebody was signed out is told after a reload, and the report holds no token', async () => {
  const { why } = await import('recipes/why')
  const { session } = await import('recipes/session')
  await session.ready
  expect(why()).toBe(undefined)
  const tokens = await signIn(session)
  expect(why()).toBe(undefined)
  await session.logout()
  session.close()

  vi.resetModules()
  const { why: later, report } = await import('recipes/why')
  const { session: again } = await import('recipes/session')
  await again.ready
  expect(later()).toMatch(/: You signed out, here or in another tab\.$/)
  expect(report()).toMatch(/ local login\n.* local logout logout\n.* local open/)
  expect(report()).not.toContain(tokens.access_token.slice(0, 8))
  again.close()
})

test('docs/recipes.md: C90: with the extension, the cache is told to keep nothing of the calls that carry a token', async () => {
  const { session } = await import('recipes/uncached')
  await session.fetch('/me')
  await signIn(session)
  await session.fetch('/me')
  await session.fetch(new Request('https://app.example.com/me'))
  expect(server.cacheControls).toEqual([undefined, 'no-cache', 'no-cache'])
  session.close()
})
