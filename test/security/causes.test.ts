// S8: no error holds a token or a part of one, down the whole chain of causes, whoever wrote the refresh function.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import axios from 'axios'
import ky from 'ky'
import { ofetch } from 'ofetch'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSession, memoryStorage, RefreshError, refreshTokenGrant, type RefreshFunction, type SessionOptions } from '../../src/index.js'

/** Any three letters of a token in a row tell that it is one. */
const secret = (length: number) => 'q7Z'.repeat(length)
const SECRET = /q7Z|7Zq|Zq7/

let server: Server
let url: string
/** What the server does with the next requests. */
let behave: 'page' | 'quoted' | 'half' | 'refused' | 'busy' | 'dropped' | 'misnamed' | 'silent'

const tokens = { access_token: secret(20), refresh_token: secret(20), expires_in: 300 }

beforeAll(async () => {
  server = createServer((request, response) => {
    const json = (status: number, body: string) => response.writeHead(status, { 'Content-Type': 'application/json', 'X-Token': tokens.access_token }).end(body)
    request.resume()
    request.on('end', () => {
      if (behave === 'page') response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<p>${tokens.access_token}`)
      else if (behave === 'quoted') json(200, tokens.access_token)
      else if (behave === 'half') response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '900' }).write(JSON.stringify(tokens), () => response.destroy())
      else if (behave === 'refused') json(400, JSON.stringify({ error: tokens.access_token, given: tokens }))
      else if (behave === 'busy') json(503, JSON.stringify({ given: tokens }))
      else if (behave === 'misnamed') json(200, JSON.stringify({ accessToken: tokens.access_token, [tokens.access_token]: 1 }))
      else if (behave === 'dropped') request.socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token/${tokens.access_token}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Everything that can be reached from a thing, hidden members and getters included. */
const textOf = (thing: unknown, seen = new Set<unknown>()): string => {
  if (seen.has(thing)) return ''
  if (Object(thing) !== thing) return String(thing)
  seen.add(thing)
  const parts = [inspect(thing, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity })]
  for (const key of Reflect.ownKeys(thing as object)) parts.push(String(key), textOf(Reflect.get(thing as object, key), seen))
  if (thing instanceof Error) parts.push(String(thing), thing.name, thing.message, thing.stack ?? '', textOf(thing.cause, seen))
  return parts.join(' ')
}

type Tokens = Parameters<RefreshFunction>[0]
const form = ({ refreshToken }: Tokens) => new URLSearchParams({ refresh_token: refreshToken! })

const ways: Record<string, RefreshFunction> = {
  'the grant': (given, context) => refreshTokenGrant({ url })(given, context),
  'fetch, and the Response': (given, { fetch, signal }) => fetch(url, { method: 'POST', body: form(given), signal }),
  'fetch, and json()': async (given, { fetch, signal }) => (await fetch(url, { method: 'POST', body: form(given), signal })).json(),
  'fetch, and an error that quotes': async (given, { fetch, signal }) => {
    const response = await fetch(url, { method: 'POST', body: form(given), signal })
    throw Object.assign(new Error(`${response.status} ${await response.text()} for ${given.refreshToken}`, { cause: { given, response } }), { given, name: given.accessToken, code: given.refreshToken })
  },
  'JSON.parse': async (given, { fetch, signal }) => JSON.parse(await (await fetch(url, { method: 'POST', body: form(given), signal })).text()),
  axios: async (given, { signal }) => (await axios.post(url, form(given), { signal })).data,
  'axios, and its cause in a RefreshError': async (given, { signal }) => {
    try {
      return (await axios.post(url, form(given), { signal })).data
    } catch (cause) {
      throw new RefreshError('unavailable', 'The backend is busy', { cause })
    }
  },
  ky: (given, { signal }) => ky.post(url, { body: form(given), signal, retry: 0 }).json(),
  ofetch: (given, { signal }) => ofetch(url, { method: 'POST', body: form(given), signal, retry: 0 }),
}
const behaviours = ['page', 'quoted', 'half', 'refused', 'busy', 'dropped', 'misnamed', 'silent'] as const

/** A session whose every error, event and line on the console is kept. */
const listen = async (options: SessionOptions) => {
  const said: unknown[] = []
  const spy = vi.spyOn(console, 'error').mockImplementation((...args) => void said.push(...args))
  const session = createSession({ storage: memoryStorage(), onServer: true, origins: ['https://api.example.com'], refreshTimeout: 300, ...options })
  session.on('error', (event) => said.push(event))
  await session.setTokens({ ...tokens, token_type: 'Bearer' }).catch((error) => said.push(error))
  return { session, said, end: () => (session.close(), spy.mockRestore()) }
}

describe.each(Object.keys(ways))('S8: a refresh function with %s', (way) => {
  test.each(behaviours)('keeps its secrets when the answer is %s', async (behaviour) => {
    behave = behaviour
    const { session, said, end } = await listen({ refresh: ways[way]!, unauthorizedCooldown: 1 })
    await session.refresh().catch((error) => said.push(error))
    end()
    expect(said.length).toBeGreaterThan(0)
    for (const thing of said) expect(textOf(thing)).not.toMatch(SECRET)
  })
})

test('S8: what may be kept is kept: name, code and status of the error underneath', async () => {
  behave = 'busy'
  const { session, end } = await listen({ refresh: ways['axios, and its cause in a RefreshError']! })
  const error = await session.refresh().catch((thrown: unknown) => thrown)
  end()
  expect(error).toMatchObject({ code: 'unavailable', cause: { name: 'AxiosError', code: 'ERR_BAD_RESPONSE', status: 503 } })
})

test('S8: a revocation that fails keeps its secrets', async () => {
  for (const revoke of [
    async ({ refreshToken }: Tokens) => axios.post(url, new URLSearchParams({ token: refreshToken! })),
    async (given: Tokens) => {
      throw new Error(`not revoked: ${given.refreshToken}`, { cause: given })
    },
  ]) {
    behave = 'refused'
    const { session, said, end } = await listen({ revoke })
    await session.logout()
    await vi.waitFor(() => expect(said).toHaveLength(1))
    end()
    expect(said).toMatchObject([{ error: { code: 'revocation_failed' } }])
    expect(textOf(said)).not.toMatch(SECRET)
  }
})

test('S8: a storage of one\'s own that fails keeps its secrets', async () => {
  const raw = `${tokens.access_token} is no JSON`
  const storage = { open: () => ({ shared: true, read: async () => JSON.parse(raw), update: async () => JSON.parse(raw), close() {} }) }
  const { session, said, end } = await listen({ storage, refresh: ways['the grant']! })
  await session.refresh().catch((error) => said.push(error))
  await session.logout()
  end()
  expect(said.map((thing) => (thing as { error?: unknown }).error ?? thing)).toContainEqual(expect.objectContaining({ code: 'storage_failed', cause: expect.objectContaining({ name: 'SyntaxError' }) }))
  for (const thing of said) expect(textOf(thing)).not.toMatch(SECRET)
})
