import { createServer } from 'node:http'
import { promisify } from 'node:util'
import express, { type Express } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy } from 'passport-local'
import { pageScript, serverModule } from './blocks.js'
import type { CookieServer } from './cookieSessions.js'
import { listen, shut, startProxy } from './proxy.js'
import { LONG, PAGES } from './stage.js'

passport.use(new Strategy((name, password, done) => done(null, password === 'a long secret' && { name })))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user: Express.User, done) => done(null, user))

export async function startPassport(): Promise<CookieServer> {
  const { routes } = await serverModule<{ routes: (app: Express) => void }>('passport-server.js')
  const proxy = await startProxy('localhost', PAGES(await pageScript('passport.ts', {})))
  const store = new session.MemoryStore()
  const all = async () => Object.values((await promisify(store.all.bind(store))()) as Record<string, { passport?: { user?: object } }>)
  let refusing = false
  const app = express()
  app.use(session({ secret: 'a secret', store, resave: false, saveUninitialized: false, rolling: true, cookie: () => ({ maxAge: server.lifetime * 1000, sameSite: 'strict' }) }))
  app.use((request, _, next) => {
    request.session.cookie.maxAge = server.lifetime * 1000
    next()
  })
  app.use(passport.session())
  app.use(express.urlencoded({ extended: false }))
  app.get('/login', (_, response) => void response.send('<h1>Please sign in</h1>'))
  app.use((request, response, next) => {
    if (request.path === '/session') refusing = false
    if (refusing) return response.redirect('/login')
    next()
  })
  routes(app)
  app.get('/api/me', (_, response) => void response.sendStatus(200))
  const behind = createServer(app)
  proxy.target = await listen(behind)
  const server: CookieServer = {
    url: proxy.url,
    proxy,
    api: '/api/me',
    renewal: '/session',
    logout: '/logout',
    lifetime: LONG,
    count: async () => (await all()).filter(({ passport }) => passport?.user).length,
    forget: () => promisify(store.clear.bind(store))(),
    refuse: () => void (refusing = true),
    close: () => Promise.all([proxy.close(), shut(behind)]),
  }
  return server
}
