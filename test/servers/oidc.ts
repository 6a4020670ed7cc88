import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import Provider from 'oidc-provider'
import { type Hosts, pageScript, serverModule } from './blocks.js'
import { listen, type Proxy, shut, startProxy } from './proxy.js'
import { LONG, PAGES, type Stage, type Tab } from './stage.js'

// The provider says that this is no setup for production.
for (const level of ['info', 'warn'] as const) console[level] = () => {}

export interface OidcServer {
  /** The app. */
  url: string
  api: string
  /** In front of the provider. */
  id: Proxy
  /** Seconds, of access tokens from now on. */
  lifetime: number
  /** Whether the provider lets the app read its answers. */
  cors: boolean
  /** The API accepts no access token issued so far. */
  refuseTokens(): void
  /** Everything that was granted is gone. */
  forgetGrants(): Promise<void>
  /** How often the provider asked for a password. */
  passwords: number
  /** Token answers that the API has seen used: audiences and statuses. */
  calls: { status: number; audience?: unknown }[]
  close(): Promise<void>
}

interface Block {
  configuration: { clientBasedCORS: (context: unknown, origin: string) => boolean; features: { resourceIndicators: { getResourceServerInfo: () => object } } }
  withGrace: (adapter: typeof Memory) => typeof Memory
}

class Memory {
  static all = new Map<string, Record<string, any>>()
  constructor(readonly model: string) {}
  get #all() {
    return (this.constructor as typeof Memory).all
  }
  async upsert(id: string, payload: Record<string, unknown>) {
    this.#all.set(`${this.model}:${id}`, payload)
  }
  async find(id: string) {
    return this.#all.get(`${this.model}:${id}`)
  }
  async findByUid(uid: string) {
    return [...this.#all.values()].find((payload) => payload.kind === this.model && payload.uid === uid)
  }
  async destroy(id: string) {
    this.#all.delete(`${this.model}:${id}`)
  }
  async consume(id: string) {
    this.#all.get(`${this.model}:${id}`)!.consumed ??= Math.floor(Date.now() / 1000)
  }
  async revokeByGrantId(grantId: string) {
    for (const [key, payload] of this.#all) if (payload.grantId === grantId) this.#all.delete(key)
  }
}

export interface OidcOptions {
  grace?: boolean
  /** What the page says instead. */
  edits?: Hosts
}

export async function startOidc({ grace = false, edits }: OidcOptions = {}): Promise<OidcServer> {
  const pages = new Map<string, string>()
  const app = await startProxy('localhost', pages)
  const id = await startProxy('127.0.0.1')
  const api = createServer(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', app.url)
    response.setHeader('Access-Control-Allow-Headers', 'Authorization')
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    const call: OidcServer['calls'][number] = { status: 401 }
    server.calls.push(call)
    try {
      const { payload } = await jwtVerify(request.headers.authorization!.slice(7), keys, { issuer: id.url, audience: server.api })
      if (issued.indexOf(payload.jti!) >= oldest) Object.assign(call, { status: 200, audience: payload.aud })
    } catch {}
    response.writeHead(call.status).end()
  })
  const server: OidcServer = {
    url: app.url,
    api: `http://127.0.0.1:${await listen(api)}`,
    id,
    lifetime: LONG,
    cors: true,
    passwords: 0,
    calls: [],
    refuseTokens: () => void (oldest = issued.length),
    forgetGrants: async () => void [...Adapter.all.keys()].forEach((key) => /Grant|Token/.test(key) && Adapter.all.delete(key)),
    close: () => Promise.all([app.close(), id.close(), shut(api), shut(behind)]),
  }
  const hosts = { 'https://id.example.com': id.url, 'https://app.example.com': app.url, 'https://api.example.com': server.api }
  for (const [path, page] of PAGES(await pageScript('oidc.ts', { ...edits, ...hosts }))) pages.set(path, page)

  const issued: string[] = []
  let oldest = 0
  class Adapter extends Memory {
    static override all = new Map()
  }
  const { configuration, withGrace } = await serverModule<Block>('oidc-server.js', hosts)
  const { resourceIndicators } = configuration.features
  const provider = new Provider(id.url, {
    ...configuration,
    adapter: grace ? withGrace(Adapter) : Adapter,
    cookies: { keys: ['key'] },
    findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      ...configuration.features,
      devInteractions: { enabled: false },
      resourceIndicators: {
        ...resourceIndicators,
        getResourceServerInfo: () => ({ ...resourceIndicators.getResourceServerInfo(), accessTokenTTL: server.lifetime }),
      },
    },
    clientBasedCORS: (context: unknown, origin: string) => server.cors && configuration.clientBasedCORS(context, origin),
  })
  provider.on('access_token.issued', ({ jti }: { jti: string }) => void issued.push(jti))

  /** Whoever comes is ada, knows her password, and agrees. */
  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const { prompt, params, grantId } = await provider.interactionDetails(request, response)
    if (prompt.name === 'login') {
      server.passwords++
      return provider.interactionFinished(request, response, { login: { accountId: 'ada' } })
    }
    const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId: 'ada', clientId: params.client_id })
    grant.addOIDCScope('openid offline_access')
    grant.addResourceScope(server.api, 'read')
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true })
  }
  const answer = provider.callback()
  const behind = createServer((request, response) => void (request.url!.startsWith('/interaction/') ? interact(request, response) : answer(request, response)))
  id.target = await listen(behind)
  const keys = createLocalJWKSet((await (await fetch(`${id.url}/jwks`)).json()) as JSONWebKeySet)
  return server
}

/** Signs in as a person does: to the provider, and back. */
export async function signIn({ open, server }: Stage<OidcServer>): Promise<Tab> {
  const tab = await open()
  await tab.evaluate(() => void app.signIn!())
  await tab.waitFor(() => location.pathname === '/callback' && globalThis.loaded)
  await tab.evaluate(() => app.finish!())
  server.id.log.length = 0
  return tab
}
