import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { server } from './network.js'

const { session } = await import('recipes/session')
afterAll(() => session.close())

beforeEach(async () => {
  const body = new URLSearchParams({ user: 'ada', password: 'secret' })
  const login = await fetch('https://app.example.com/login', { method: 'POST', body })
  await session.setTokens({ ...(await login.json()), expires_in: 0.001 })
  server.tokenRequests = 0
  server.authorizations.length = 0
})

test('an EventSource connects with a fresh token, and ends with the session', async () => {
  const { listen } = await import('recipes/events')
  const onEvent = vi.fn()
  listen(onEvent)
  await vi.waitFor(() => expect(onEvent).toHaveBeenCalledWith('hello ada'), 10_000)
  expect(server.tokenRequests).toBe(1)
  await vi.waitFor(() => expect(server.streams).toBe(1), 10_000)
  await session.logout()
  await vi.waitFor(() => expect(server.streams).toBe(0), 10_000)
})

test('an EventSource ends when its listener has had enough', async () => {
  const { listen } = await import('recipes/events')
  const stop = listen(() => stop())
  await vi.waitFor(() => expect(server.authorizations).toHaveLength(1), 10_000)
  await vi.waitFor(() => expect(server.streams).toBe(0), 10_000)
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
