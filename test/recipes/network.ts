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

/** Node keeps no cookies: those of the page's own host, httpOnly ones too. */
const cookies = new Map<string, string>()

export const forgetCookies = (): void => cookies.clear()

globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? new Request(real(input.url), input) : new Request(real(input), init)
  if (cookies.size > 0) request.headers.set('Cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
  const response = await native(request, input instanceof Request ? init : undefined)
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0]!.split('=') as [string, string]
    if (value) cookies.set(name, value)
    else cookies.delete(name)
  }
  return response
}

globalThis.WebSocket = class extends NodeWebSocket {
  constructor(url: string) {
    super(real(url))
  }
} as unknown as typeof WebSocket

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
