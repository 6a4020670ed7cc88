import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { cors } from 'hono/cors'
import { requireToken } from './bearer.mjs'
import { chunksOf, number } from './input.mjs'
import { route, unauthorized } from './refusal.mjs'

const LARGEST_UPLOAD = 32 * 1024 * 1024

/** The resource server, on an origin of its own. */
export const mountApi = (app, { state, tokens }) => {
  app.use('/api/*', cors({
    origin: (origin) => ([state.url, state.url.replace('localhost', '127.0.0.1')].includes(origin) ? origin : null),
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['WWW-Authenticate', 'Retry-After'],
    maxAge: 600,
  }))
  app.use('/api/*', async (c, next) => {
    c.header('Cache-Control', 'no-store')
    state.apiCalls++
    await next()
  })
  app.use('/api/*', requireToken(tokens))

  const me = (c) => {
    const { sub, name, exp } = c.get('claims')
    return c.json({ user: sub, name, tokenExpires: new Date(exp * 1000).toISOString() })
  }
  const upload = async (c) => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of chunksOf(c.req.raw, LARGEST_UPLOAD)) {
      hash.update(chunk)
      bytes += chunk.length
    }
    return c.json({ bytes, sha256: hash.digest('hex'), type: c.req.header('Content-Type') ?? null })
  }
  const slow = async (c) => {
    const ms = number(c.req.query(), 'ms', { max: 60_000, fallback: 1000 })
    await sleep(ms)
    return c.json({ waited: ms })
  }
  const always401 = () => {
    throw unauthorized('This endpoint refuses every token.')
  }

  route(app, '/api/me', { GET: me })
  route(app, '/api/upload', { POST: upload })
  route(app, '/api/slow', { GET: slow })
  route(app, '/api/always401', { GET: always401, POST: always401 })
}
