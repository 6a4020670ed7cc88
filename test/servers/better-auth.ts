import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'
import { bearer } from 'better-auth/plugins'
import { pageScript } from './blocks.js'
import { listen, shut, startProxy } from './proxy.js'
import type { CookieServer } from './cookieSessions.js'
import { PAGES } from './stage.js'

export { signIn } from './cookieSessions.js'

export interface BetterAuth extends CookieServer {
  /** What the database knows of sessions. */
  sessions: { expiresAt: Date }[]
}

export const RENEWAL = '/api/auth/get-session'
export const LOGOUT = '/api/auth/sign-out'

/** `block`: what the page is. With the bearer plugin, better-auth is on an origin of its own. */
const start = (block: string, crossOrigin: boolean) => async (): Promise<BetterAuth> => {
  const pages = new Map<string, string>()
  const app = await startProxy('localhost', pages)
  const proxy = crossOrigin ? await startProxy('127.0.0.1') : app
  const tables = { user: [], session: [] as BetterAuth['sessions'], account: [], verification: [] }
  const auth = betterAuth({
    baseURL: proxy.url,
    trustedOrigins: [app.url],
    secret: 'a secret of thirty-two letters and more',
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true, password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password } },
    session: { updateAge: 0 },
    // The lifetime of this test, in place of one that stands in the options.
    databaseHooks: {
      session: { create: { before: async (session) => ({ data: { ...session, expiresAt: new Date(Date.now() + sessionConfig.expiresIn * 1000) } }) } },
    },
    plugins: crossOrigin ? [bearer()] : [],
    logger: { disabled: true },
  })
  const { sessionConfig } = await auth.$context
  await auth.api.signUpEmail({ body: { name: 'Ada', email: 'ada@example.com', password: 'a long secret' } })
  tables.session.length = 0
  let refusing = false
  const handle = toNodeHandler(auth)
  const behind = createServer(async (request, response) => {
    if (crossOrigin) {
      response.setHeader('Access-Control-Allow-Origin', app.url)
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type')
      response.setHeader('Access-Control-Expose-Headers', 'set-auth-token')
      if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    }
    if (request.url!.startsWith('/api/auth/')) {
      if (request.url!.includes('get-session')) refusing = false
      return handle(request, response)
    }
    const known = !refusing && (await auth.api.getSession({ headers: fromNodeHeaders(request.headers), query: { disableRefresh: true } }))
    response.writeHead(known ? 200 : 401).end()
  })
  proxy.target = await listen(behind)
  for (const [path, page] of PAGES(await pageScript(block, { 'https://id.example.com': proxy.url }))) pages.set(path, page)
  return {
    url: app.url,
    api: `${proxy.url}/api/me`,
    proxy,
    get lifetime() {
      return sessionConfig.expiresIn
    },
    set lifetime(seconds) {
      sessionConfig.expiresIn = seconds
    },
    get sessions() {
      return tables.session
    },
    renewal: RENEWAL,
    logout: LOGOUT,
    count: () => tables.session.length,
    forget: () => void (tables.session.length = 0),
    refuse: () => void (refusing = true),
    close: () => Promise.all([app.close(), proxy === app || proxy.close(), shut(behind)]),
  }
}

export const startWithCookie = start('better-auth.ts', false)
export const startWithBearer = start('better-auth-bearer.ts', true)
