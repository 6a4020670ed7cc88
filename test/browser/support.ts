import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type * as Latchkey from '../../dist/index.js'
import { type LoggedRequest, type RunningServer, type ServerOptions, startServer } from '../../demo/server/index.mjs'
import { root } from '../setup.mjs'
import { chromium, type Context, type Engine, launchChromium, type Tab } from './engine.js'

export { chromium, type Tab, until } from './engine.js'

export type StorageName = 'indexeddb' | 'cookie' | 'memory'

/** What pages/session.js makes. */
declare global {
  var latchkey: typeof Latchkey & { session?: Latchkey.Session }
  var session: Latchkey.Session
  var api: string
  var loaded: boolean | undefined
  var begin: (options?: { storage?: StorageName; renewable?: boolean } & Omit<Latchkey.SessionOptions, 'storage'>) => Latchkey.Session
  var login: (user?: string, password?: string) => Promise<Latchkey.TokenResponse>
  var call: (times?: number, path?: string) => Promise<(number | string)[]>
  var dump: () => Promise<string>
  var events: { type: string; source: string; reason?: string; code?: string; at: number }[]
  var returns: { status: string; answer?: number | string }[]
  var seen: { violations: string[]; complaints: string[]; added: string[] }
}

/** The demo's server, with the pages of this folder in place of the demo's, under the demo's strict policy. */
export async function startSite(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-site-'))
  cpSync(join(root, 'test/browser/pages'), join(folder, 'demo'), { recursive: true })
  for (const name of ['dist', 'node_modules']) symlinkSync(join(root, name), join(folder, name))
  const sri = JSON.parse(readFileSync(join(root, 'dist/sri.json'), 'utf8')) as Record<string, string>
  for (const page of ['script.html', 'plain.html', 'wrong.html']) {
    const file = join(folder, 'demo', page)
    writeFileSync(file, readFileSync(file, 'utf8').replace('INTEGRITY', sri['latchkey.min.js']!))
  }
  // No grace: a refresh token that is presented twice ends the session, and the test with it.
  const server = await startServer({ root: folder, quiet: true, grace: 0, lifetime: 600, ...options })
  const close = async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, close }
}

export interface Scene {
  site: RunningServer
  context: Context
  /** A tab with pages/session.html in it, and no session yet. */
  open(options?: { inWindow?: boolean; page?: string }): Promise<Tab>
}

/** A describe with a browser, a server, and a fresh profile for each test; all skipped without Chromium. */
export function scenes(name: string, define: (scene: Scene) => void, options: ServerOptions = {}, start = startSite): void {
  describe.runIf(chromium)(name, () => {
    let engine: Engine
    const scene = {
      async open({ inWindow = false, page = 'session.html' } = {}) {
        const tab = await scene.context.newTab({ inWindow })
        await tab.goto(`${scene.site.url}/${page}`)
        if (page === 'session.html') await tab.waitFor(() => globalThis.loaded)
        return tab
      },
    } as Scene
    beforeAll(async () => {
      scene.site = await start(options)
      engine = await launchChromium()
    })
    beforeEach(async () => {
      scene.site.state.reset()
      scene.context = await engine.newContext()
    })
    afterEach(() => scene.context?.close())
    afterAll(async () => {
      await engine?.close()
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
export async function signIn(tab: Tab, options: Parameters<typeof begin>[0] = {}): Promise<void> {
  await tab.evaluate(async (options) => {
    await begin(options).setTokens(await login())
  }, options)
}

/** Opens the session of a tab, and waits until it knows whether somebody is signed in. */
export async function resume(tab: Tab, options: Parameters<typeof begin>[0] = {}): Promise<Latchkey.SessionStatus> {
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

export interface Recorder {
  url: string
  requests: { method: string; path: string; headers: IncomingHttpHeaders }[]
  close(): Promise<void>
}

/** A server of an origin of its own, which allows everything and writes down what it gets. */
export async function startRecorder(answer: RequestListener = (_, response) => response.end('ok')): Promise<Recorder> {
  const requests: Recorder['requests'] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, path: request.url!, headers: request.headers })
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Allow-Headers', 'Authorization, *')
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, requests, close }
}
