import { MemoryStore } from '@fastify/session'
import { fastify, type FastifyInstance } from 'fastify'
import { pageScript, serverModule } from './blocks.js'
import type { CookieServer } from './cookieSessions.js'
import { startProxy } from './proxy.js'
import { LONG, PAGES } from './stage.js'

interface Block {
  routes: (app: FastifyInstance, options: { secret: string; store: MemoryStore; check: (body: any) => unknown }) => Promise<void>
}

export async function startFastify(): Promise<CookieServer> {
  // The lifetime of this test, in place of one that stands in the options.
  const { routes } = await serverModule<Block>('fastify-server.js', { 'maxAge: MAX_AGE,': 'get maxAge() { return app.lifetime() },' })
  const proxy = await startProxy('localhost', PAGES(await pageScript('fastify.ts', {})))
  const sessions = new Map<string, { user?: unknown }>()
  let refusing = false
  const app = fastify()
  app.decorate('lifetime', () => server.lifetime * 1000)
  app.addHook('onRequest', async ({ url }, reply) => {
    if (url === '/session') refusing = false
    if (refusing) return reply.code(401).send()
  })
  app.addHook('preHandler', async ({ session }) => void (session.cookie.maxAge = server.lifetime * 1000))
  await routes(app, {
    secret: 'a secret of thirty-two letters and more',
    store: new MemoryStore(sessions as never),
    check: ({ user, password }) => password === 'a long secret' && user,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  proxy.target = app.addresses()[0]!.port
  const server: CookieServer = {
    url: proxy.url,
    proxy,
    api: '/api/me',
    renewal: '/session',
    logout: '/logout',
    lifetime: LONG,
    count: () => [...sessions.values()].filter(({ user }) => user).length,
    forget: () => sessions.clear(),
    refuse: () => void (refusing = true),
    close: () => Promise.all([proxy.close(), app.close()]),
  }
  return server
}
