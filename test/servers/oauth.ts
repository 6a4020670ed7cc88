import { createServer } from 'node:http'
import express, { type Express } from 'express'
import { pageScript, serverModule } from './blocks.js'
import { listen, type Proxy, shut, startProxy } from './proxy.js'
import { LONG, PAGES, type Stage, type Tab } from './stage.js'

interface Token {
  accessToken: string
  accessTokenExpiresAt: Date
  spentAt?: number
}

interface Block {
  tokens: { access: Map<string, Token>; refresh: Map<string, Token> }
  oauth: { server: { options: { accessTokenLifetime?: number } } }
  routes: (app: Express) => void
}

export interface OAuth {
  url: string
  proxy: Proxy
  tokens: Block['tokens']
  /** Seconds, of access tokens from now on. */
  lifetime: number
  close(): Promise<unknown>
}

/** `grace: false`: a spent refresh token is refused at once. */
export async function startOAuth({ grace = true } = {}): Promise<OAuth> {
  const pages = PAGES(await pageScript('oauth.ts', {}))
  const { tokens, oauth, routes } = await serverModule<Block>('oauth-server.js', grace ? {} : { 'GRACE = 10_000': 'GRACE = 0' })
  const proxy = await startProxy('localhost', pages)
  const app = express()
  app.set('etag', false)
  app.use(express.urlencoded({ extended: false }))
  routes(app)
  app.get('/api/me', (_, response) => void response.sendStatus(200))
  const behind = createServer(app)
  proxy.target = await listen(behind)
  return {
    url: proxy.url,
    proxy,
    tokens,
    set lifetime(seconds: number) {
      oauth.server.options.accessTokenLifetime = seconds
    },
    close: () => Promise.all([proxy.close(), shut(behind)]),
  }
}

export async function signIn({ open, server }: Stage<OAuth>, lifetime: number = LONG): Promise<Tab> {
  server.lifetime = lifetime
  const tab = await open()
  if (!(await tab.evaluate(() => app.signIn!('ada', 'secret')))) throw new Error('Signing in failed')
  server.proxy.log.length = 0
  return tab
}
