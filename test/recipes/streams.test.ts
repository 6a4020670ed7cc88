import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { server } from './network.js'

const { session } = await import('recipes/session')
afterAll(() => session.close())

const signIn = async (user: string) => {
  const body = new URLSearchParams({ user, password: 'secret' })
  const login = await fetch('https://app.example.com/login', { method: 'POST', body })
  await session.setTokens({ ...(await login.json()), expires_in: 0.001 })
}
beforeEach(async () => {
  await signIn('ada')
  server.tokenRequests = 0
  server.authorizations.length = 0
})

test('an EventSource connects with a fresh token, and ends with the session', async () => {
  const { listen } = await import('recipes/events')
  const onEvent = vi.fn()
  const stop = listen(onEvent)
  await vi.waitFor(() => expect(onEvent).toHaveBeenCalledWith('hello ada'), 10_000)
  expect(server.tokenRequests).toBe(1)
  await vi.waitFor(() => expect(server.streams).toBe(1), 10_000)
  await session.logout()
  await vi.waitFor(() => expect(server.streams).toBe(0), 10_000)
  stop()
})

test('F10: an EventSource goes on for whoever signs in next, and for nobody before', async () => {
  const { listen } = await import('recipes/events')
  const onEvent = vi.fn()
  const stop = listen(onEvent)
  await vi.waitFor(() => expect(onEvent).toHaveBeenCalledWith('hello ada'), 10_000)
  await signIn('bob')
  await vi.waitFor(() => expect(onEvent).toHaveBeenLastCalledWith('hello bob'), 10_000)
  await vi.waitFor(() => expect(server.streams).toBe(1), 10_000)
  stop()
  await vi.waitFor(() => expect(server.streams).toBe(0), 10_000)
})

test('an EventSource ends when its listener has had enough', async () => {
  const { listen } = await import('recipes/events')
  const stop = listen(() => stop())
  await vi.waitFor(() => expect(server.authorizations).toHaveLength(1), 10_000)
  await vi.waitFor(() => expect(server.streams).toBe(0), 10_000)
})

test('F10: a WebSocket ends when somebody else signs in', async () => {
  const { connect } = await import('recipes/socket')
  const socket = await connect()
  await new Promise((resolve) => socket.addEventListener('message', resolve))
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
  await signIn('bob')
  await closed
})

test('a WebSocket says who it is in its first message, with a fresh token, and ends with the session', async () => {
  const { connect } = await import('recipes/socket')
  const socket = await connect()
  const greeting = await new Promise<string>((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
  expect(greeting).toBe('hello ada')
  expect(server.tokenRequests).toBe(1)
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
  await session.logout()
  await closed
})
