import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { buildSchema, graphql } from 'graphql'
import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { streamSSE } from 'hono/streaming'
import { WebSocketServer } from 'ws'
import { appRouter } from './router.js'

export interface Server {
  url: string
  /** Token requests so far, refused ones included. */
  tokenRequests: number
  /** Access and refresh tokens that were revoked, in order. */
  revoked: string[]
  /** Authorization headers of the calls of the API, in order. */
  authorizations: (string | undefined)[]
  /** Bodies of the POST calls of the API, refused ones included. */
  bodies: string[]
  /** Event streams that are open. */
  streams: number
  /** Cache-Control headers of the calls of the API, in order. */
  cacheControls: (string | undefined)[]
  /** No access token issued so far is accepted any more, and no cookie before it is renewed. */
  forgetAccessTokens(): void
  /** Adds a page or a script. */
  page(path: string, type: string, content: string | Buffer): void
  close(): Promise<void>
}

const schema = buildSchema(`
  type Me { user: String! }
  type Todo { title: String! }
  type Query { me: Me! }
  type Mutation { add(title: String!): Todo! }
`)

/** An app, its token endpoint (rotation, no grace) and its API on one loopback port. */
export async function startServer(): Promise<Server> {
  const accessTokens = new Map<string, string>()
  const refreshTokens = new Map<string, string>()
  const pages = new Map<string, { type: string; content: string | Buffer }>()
  /** Of the backend for frontend: whose each cookie is, and whether it is to be renewed first. */
  const backendSessions = new Map<string, { user: string; stale: boolean }>()
  const state = {
    tokenRequests: 0,
    revoked: [] as string[],
    authorizations: [] as Server['authorizations'],
    cacheControls: [] as Server['cacheControls'],
    bodies: [] as string[],
    streams: 0,
  }
  const app = new Hono()

  const issue = (user: string) => {
    const [access_token, refresh_token] = [randomUUID(), randomUUID()]
    accessTokens.set(access_token, user)
    refreshTokens.set(refresh_token, user)
    return { access_token, token_type: 'Bearer', expires_in: 600, refresh_token }
  }
  const userOf = (token: string | undefined) => accessTokens.get(token ?? '')

  app.post('/login', async (c) => {
    const { user, password } = await c.req.parseBody()
    return password === 'secret' || password === '…' ? c.json(issue(String(user))) : c.json({ error: 'wrong_credentials' }, 401)
  })
  app.post('/oauth/token', async (c) => {
    state.tokenRequests++
    const form = await c.req.parseBody()
    const token = String(form.refresh_token)
    const user = refreshTokens.get(token)
    refreshTokens.delete(token)
    if (form.client_id !== 'web' || !user) return c.json({ error: 'invalid_grant' }, 400)
    return c.json(issue(user))
  })

  app.post('/oauth/revoke', async (c) => {
    const token = String((await c.req.parseBody()).token)
    state.revoked.push(token)
    refreshTokens.delete(token)
    accessTokens.delete(token)
    return c.body(null, 200)
  })

  const own = (c: Context) => c.req.header('X-CSRF') === '1'
  const withCookie = (c: Context, user: string) => {
    const { refresh_token, ...rest } = issue(user)
    setCookie(c, 'refresh', refresh_token, { httpOnly: true, sameSite: 'Strict', path: '/session' })
    return c.json(rest)
  }
  app.post('/session/login', (c) => withCookie(c, 'ada'))
  app.post('/session/refresh', (c) => {
    state.tokenRequests++
    const token = getCookie(c, 'refresh') ?? ''
    const user = refreshTokens.get(token)
    refreshTokens.delete(token)
    return user && own(c) ? withCookie(c, user) : c.json({ error: 'signed_out' }, 401)
  })
  app.post('/session/logout', (c) => {
    if (own(c)) refreshTokens.delete(deleteCookie(c, 'refresh', { path: '/session' }) ?? '')
    return c.body(null, 204, { 'Clear-Site-Data': '"cache"' })
  })

  const backendSession = (c: Context) => (own(c) ? backendSessions.get(getCookie(c, '__Host-sid') ?? '') : undefined)
  const withSession = (c: Context, user: string) => {
    const sid = randomUUID()
    backendSessions.set(sid, { user, stale: false })
    setCookie(c, '__Host-sid', sid, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
    return c.json({ expires_in: 300 })
  }
  app.post('/bff/login', async (c) => {
    const { user, password } = await c.req.parseBody()
    return own(c) && password === 'secret' ? withSession(c, String(user)) : c.json({ error: 'wrong_credentials' }, 401)
  })
  app.post('/bff/refresh', (c) => {
    state.tokenRequests++
    const session = backendSession(c)
    if (!session) return c.json({ error: 'signed_out' }, 401)
    backendSessions.delete(getCookie(c, '__Host-sid')!)
    return withSession(c, session.user)
  })
  app.post('/bff/logout', (c) => {
    if (backendSession(c)) backendSessions.delete(deleteCookie(c, '__Host-sid', { path: '/', secure: true })!)
    return c.body(null, 204)
  })

  // As better-auth answers: 200 and null for nobody.
  app.get('/api/auth/get-session', (c) => c.json(backendSession(c) ?? null))
  app.post('/api/auth/sign-out', (c) => {
    if (backendSession(c)) backendSessions.delete(deleteCookie(c, '__Host-sid', { path: '/', secure: true })!)
    return c.json({ success: true })
  })

  app.use(async (c, next) => {
    if (!/^\/(me|todos|trpc|graphql|events)/.test(c.req.path)) return next()
    const header = c.req.header('Authorization')
    state.authorizations.push(header)
    state.cacheControls.push(c.req.header('Cache-Control'))
    if (c.req.method === 'POST') state.bodies.push(await c.req.text())
    const session = backendSession(c)
    if (!userOf(header?.replace('Bearer ', '')) && (!session || session.stale)) return c.json({ error: 'invalid_token' }, 401)
    return next()
  })
  const user = (header: string | undefined) => userOf(header?.replace('Bearer ', ''))!
  app.get('/me', (c) => c.json({ user: user(c.req.header('Authorization')) ?? backendSession(c)?.user }))
  app.get('/admin', (c) => c.json({}, 403, { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }))
  app.post('/todos', async (c) => c.json({ title: (await c.req.json<{ title: string }>()).title }))
  app.all('/trpc/*', (c) =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req: c.req.raw.bodyUsed ? new Request(c.req.url, { method: c.req.method, headers: c.req.raw.headers, body: state.bodies.at(-1)! }) : c.req.raw,
      router: appRouter,
      createContext: () => ({ user: user(c.req.header('Authorization')) }),
    }),
  )
  app.post('/graphql', async (c) => {
    const { query, variables } = await c.req.json<{ query: string; variables: Record<string, unknown> }>()
    const rootValue = { me: { user: user(c.req.header('Authorization')) }, add: ({ title }: { title: string }) => ({ title }) }
    return c.json(await graphql({ schema, source: query, variableValues: variables, rootValue }))
  })
  app.get('/events', (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: `hello ${user(c.req.header('Authorization'))}` })
      state.streams++
      await new Promise<void>((resolve) => stream.onAbort(resolve))
      state.streams--
    }),
  )

  app.get('*', (c) => {
    const page = pages.get(c.req.path)
    return page ? new Response(page.content, { headers: { 'Content-Type': page.type } }) : c.notFound()
  })

  const http = await new Promise<HttpServer>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }, () => resolve(server as HttpServer))
  })
  const sockets = new WebSocketServer({ server: http, path: '/socket' })
  sockets.on('connection', (socket) => {
    socket.once('message', (data) => {
      const { token } = JSON.parse(String(data)) as { token?: string }
      const name = userOf(token)
      if (name) socket.send(`hello ${name}`)
      else socket.close(4401)
    })
  })
  return Object.assign(state, {
    url: `http://localhost:${(http.address() as AddressInfo).port}`,
    forgetAccessTokens() {
      accessTokens.clear()
      for (const session of backendSessions.values()) session.stale = true
    },
    page: (path: string, type: string, content: string | Buffer) => void pages.set(path, { type, content }),
    close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      http.closeAllConnections()
      return new Promise<void>((resolve) => http.close(() => resolve()))
    },
  })
}
