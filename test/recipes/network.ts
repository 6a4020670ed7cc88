// Imported before any recipe: the two origins that they name are one server on loopback, over the real network.
import 'fake-indexeddb/auto'
import { afterAll, beforeAll, inject } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { type Server, startServer } from './server.js'

export let server: Server

const native = globalThis.fetch
const real = (address: string | URL) => {
  const url = new URL(address, location.href)
  if (url.hostname.endsWith('.example.com')) {
    const { protocol, host } = new URL(server.url)
    Object.assign(url, { protocol: url.protocol.replace(/^https?/, protocol.slice(0, -1)).replace(/^wss?/, 'ws'), host })
  }
  return url
}

globalThis.fetch = (input, init) =>
  input instanceof Request
    ? native(new Request(real(input.url), input), init)
    : native(real(input), init)

globalThis.WebSocket = class extends NodeWebSocket {
  constructor(url: string) {
    super(real(url))
  }
} as unknown as typeof WebSocket

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
