import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import type { LoggedRequest, RunningServer, ServerOptions } from '../../demo/server/index.mjs'
import { available, engineName, launch } from './browsers/launch.js'
import type { Context, ContextOptions, Engine, LaunchOptions, Tab } from './browsers/types.js'
import { startSite } from './site.js'

export type StorageName = 'indexeddb' | 'cookie' | 'memory' | 'encrypted'

/** What pages/session.js makes. */
declare global {
  var latchkey: typeof Latchkey & { session?: Latchkey.Session }
  var session: Latchkey.Session
  var api: string
  var loaded: boolean | undefined
  var begin: (options?: BeginOptions) => Latchkey.Session
  var login: (user?: string, password?: string) => Promise<Latchkey.TokenResponse>
  var call: (times?: number, path?: string) => Promise<(number | string)[]>
  var dump: () => Promise<string>
  var load: (path: string) => Promise<unknown>
  var events: { type: string; source: string; reason?: string; code?: string; at: number }[]
  var returns: { status: string; answer?: number | string }[]
  var seen: { violations: string[]; complaints: string[]; added: string[] }
}

export type BeginOptions = { storage?: StorageName; renewable?: boolean } & Omit<Latchkey.SessionOptions, 'storage'>

export interface Scene {
  site: RunningServer
  engine: Engine
  context: Context
  /** A tab with pages/session.html in it, and no session yet. */
  open(options?: { inWindow?: boolean; page?: string; site?: string }): Promise<Tab>
}

export interface SceneOptions extends ServerOptions {
  browser?: LaunchOptions
  profile?: ContextOptions
}

/** A describe with a browser, a server, and a fresh profile for each test; all skipped where the browser is missing. */
export function scenes(name: string, define: (scene: Scene) => void, { browser, profile, ...options }: SceneOptions = {}, start = startSite): void {
  describe.runIf(available)(`${name} (${engineName})`, () => {
    const scene = {
      async open({ inWindow = false, page = 'session.html', site = scene.site.url } = {}) {
        const tab = await scene.context.newTab({ inWindow })
        await tab.goto(`${site}/${page}`)
        if (page === 'session.html') await tab.waitFor(() => globalThis.loaded)
        return tab
      },
    } as Scene
    beforeAll(async () => {
      scene.site = await start(options)
      scene.engine = await launch(browser)
    })
    beforeEach(async () => {
      scene.site.state.reset()
      scene.context = await scene.engine.newContext(profile)
    })
    afterEach(() => scene.context?.close())
    afterAll(async () => {
      await scene.engine?.close()
      await scene.site?.close()
    })
    define(scene)
  })
}

/** Puts a session into storage whose access token has expired, as far as the browser knows; nothing refreshes it yet. */
export async function storeExpired(tab: Tab, storage: StorageName): Promise<void> {
  await tab.evaluate(async (storage) => {
    const seed = begin({ storage, renewable: false })
    await seed.setTokens({ ...(await login()), expires_in: 0.001 })
    seed.close()
  }, storage)
}

/** Opens the session of a tab, and signs in with a token that lasts as long as the server says. */
export async function signIn(tab: Tab, options: BeginOptions = {}): Promise<void> {
  await tab.evaluate(async (options) => {
    await begin(options).setTokens(await login())
  }, options)
}

/** Opens the session of a tab, and waits until it knows whether somebody is signed in. */
export async function resume(tab: Tab, options: BeginOptions = {}): Promise<Latchkey.SessionStatus> {
  return tab.evaluate(async (options) => {
    await begin(options).ready
    return session.status
  }, options)
}

/** Authorization headers of the API calls so far, in order. */
export const tokensUsed = (log: LoggedRequest[]): (string | undefined)[] =>
  log.filter(({ method, path }) => method !== 'OPTIONS' && path.startsWith('/api/')).map(({ headers }) => headers.authorization as string | undefined)

/** A refresh token, or a part of a JWT: nothing else that is stored is as long. */
export const SECRET = /[\w-]{40,}/
