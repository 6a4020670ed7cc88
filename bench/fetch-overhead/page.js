// Every client around the same underlying fetch: a stub that answers at once, or the native one over loopback.
import { Auth0Client } from '@auth0/auth0-spa-js'
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import axios from 'axios'
import createAuthRefresh from 'axios-auth-refresh'
import ky from 'ky'
import { createSession, memoryStorage } from 'latchkey'

const TOKEN = 'a'.repeat(600)
const native = fetch.bind(globalThis)

const latchkey = async (underlying, origins) => {
  // As an app has it: with a refresh, so that each call looks whether the token is still good.
  const refresh = () => Promise.reject(new Error('Nothing expires here'))
  const session = createSession({ storage: memoryStorage(), refresh, fetch: underlying, ...(origins && { origins }) })
  await session.setTokens({ access_token: TOKEN, expires_in: 86_400 })
  return session.fetch
}

/** Each makes, of an underlying fetch, a function that is called with a URL. */
const makers = {
  // The same call by hand: with the same header.
  native: async (underlying) => (url) => underlying(url, { headers: { Authorization: `Bearer ${TOKEN}` } }),
  // What differs from the row above is noise.
  'native, again': async (underlying) => (url) => underlying(url, { headers: { Authorization: `Bearer ${TOKEN}` } }),
  'native, no token': async (underlying) => underlying,
  'latchkey, attached': (underlying) => latchkey(underlying),
  'latchkey, not attached': (underlying) => latchkey(underlying, ['https://elsewhere.test']),
  '@badgateway/oauth2-client': async (underlying) => {
    const client = new OAuth2Client({ server: location.origin, clientId: 'x' })
    const wrapper = new OAuth2Fetch({ client, getNewToken: () => null, getStoredToken: () => ({ accessToken: TOKEN, refreshToken: null, expiresAt: null }), scheduleRefresh: false })
    const middleware = wrapper.mw()
    return (url) => middleware(new Request(url), underlying)
  },
  'ky, beforeRequest': async (underlying) => {
    const client = ky.create({ fetch: underlying, throwHttpErrors: false, hooks: { beforeRequest: [(request) => request.headers.set('Authorization', `Bearer ${TOKEN}`)] } })
    return (url) => client(url)
  },
  'axios, axios-auth-refresh': async (underlying) => {
    const client = axios.create({ adapter: 'fetch', env: { fetch: underlying }, responseType: 'stream' })
    client.interceptors.request.use((config) => {
      config.headers.set('Authorization', `Bearer ${TOKEN}`)
      return config
    })
    createAuthRefresh(client, async () => {})
    return async (url) => (await client.get(url)).data
  },
  'auth0-spa-js, fetcher': async (underlying) => {
    const client = new Auth0Client({ domain: 'example.test', clientId: 'x' })
    const fetcher = client.createFetcher({ getAccessToken: async () => TOKEN, fetch: underlying })
    return (url) => fetcher.fetchWithAuth(url)
  },
}

const answer = new Response(null)
const grounds = {
  stub: { underlying: () => Promise.resolve(answer), call: (client, url) => client(url) },
  loopback: {
    underlying: (input, init) => native(input, init),
    async call(client, url) {
      const response = await client(url)
      // axios hands out the stream itself.
      await (response instanceof ReadableStream ? new Response(response) : response).arrayBuffer()
    },
  },
}

let ready
/** Makes the clients of these names. */
globalThis.prepare = async (ground, names) => {
  const { underlying, call } = grounds[ground]
  ready = { call, clients: {} }
  for (const name of names) ready.clients[name] = await makers[name](underlying)
}
globalThis.names = Object.keys(makers)

const { origin } = location
let count = 0
/** Another one each time, absolute and relative in turn: nobody can have seen it before. */
const nextURL = () => `${++count % 2 ? origin : ''}/echo?${count}`

/** Microseconds a call takes, over so many, one after another. */
globalThis.time = async (name, calls) => {
  const client = ready.clients[name]
  const { call } = ready
  const from = performance.now()
  for (let i = 0; i < calls; i++) await call(client, nextURL())
  return ((performance.now() - from) * 1000) / calls
}

/** Rounds in which every client has its turn, each time in another order: microseconds by name. */
globalThis.interleave = async (rounds, calls) => {
  const results = []
  for (let i = 0; i < rounds; i++) {
    const order = Object.keys(ready.clients).map((name) => [Math.random(), name]).sort(([a], [b]) => a - b)
    const times = {}
    for (const [, name] of order) times[name] = await time(name, calls)
    results.push(times)
  }
  return results
}
