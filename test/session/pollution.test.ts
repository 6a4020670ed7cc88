import { join } from 'node:path'
import { IDBFactory } from 'fake-indexeddb'
import ts from 'typescript'
import { expect, test, vi } from 'vitest'
import { abortOnLogout } from '../../src/abortOnLogout.js'
import { createSessionOn } from '../../src/createSession.js'
import { eventHistory } from '../../src/history.js'
import { sessionLimits } from '../../src/limits.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'
import { cookieStorage } from '../../src/storage/cookieStorage.js'
import { encryptedStorage } from '../../src/storage/encryptedStorage.js'
import { indexedDBStorage } from '../../src/storage/indexedDBStorage.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import type { SessionOptions } from '../../src/types.js'
import { createBrowser, createTab, type Tab } from '../simulation/platform.js'
import { createDisk, diskStorage } from '../simulation/store.js'
import { createWorld } from '../simulation/world.js'

const root = join(import.meta.dirname, '../..')

/** Every name of a member in the declarations of the package, whatever type it belongs to: a new option is among them by itself. */
const publicNames = (): string[] => {
  const entries = ['index', 'core', 'axios', 'xhr'].map((name) => join(root, `src/${name}.ts`))
  const program = ts.createProgram(entries, { noLib: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext })
  const checker = program.getTypeChecker()
  const names = new Set<string>()
  const seen = new Set<ts.Type>()
  const visit = (type: ts.Type) => {
    if (seen.has(type)) return
    seen.add(type)
    const declarations = type.symbol?.declarations ?? []
    if (declarations.length && !declarations.some((node) => node.getSourceFile().fileName.startsWith(join(root, 'src')))) return
    for (const property of type.getProperties()) {
      if (!property.declarations?.some((node) => node.getSourceFile().fileName.startsWith(join(root, 'src')))) continue
      if (/^\w+$/.test(property.name)) names.add(property.name)
      visit(checker.getTypeOfSymbol(property))
    }
    if (type.isUnionOrIntersection()) type.types.forEach(visit)
    for (const signature of type.getCallSignatures()) {
      visit(signature.getReturnType())
      for (const parameter of signature.getParameters()) visit(checker.getTypeOfSymbol(parameter))
    }
  }
  for (const entry of entries) {
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      if (target.valueDeclaration) visit(checker.getTypeOfSymbol(target))
      visit(checker.getDeclaredTypeOfSymbol(target))
    }
  }
  return [...names].sort()
}

const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { __proto__: null, status, statusText: '', headers: [['Content-Type', 'application/json']] } as ResponseInit)

interface Life {
  options(tab: Tab): SessionOptions
  /** What a login answers. */
  login: object
  answer(path: string, sent: string): Response
}

let count = 0
const lives: Record<string, Life> = {
  'bearer tokens': {
    options: (tab) => ({
      storage: diskStorage(createDisk(), tab),
      refresh: refreshTokenGrant({ url: '/oauth/token' }),
      extensions: [sessionLimits({ idleTimeout: 3_600_000 }), eventHistory(), abortOnLogout(), { attach: () => ({}) }],
    }),
    login: { access_token: 'opaque', refresh_token: 'spend-me', expires_in: 60 },
    answer: (path) => (path === '/oauth/token' ? json({ access_token: `opaque-${++count}`, expires_in: 60 }) : json({}, path === '/api/401' ? 401 : 200)),
  },
  "a refresh function of one's own": {
    options: () => ({ storage: memoryStorage(), refresh: async () => ({ access_token: `mine-${++count}`, expires_in: 60 }), extensions: [eventHistory()] }),
    login: { access_token: 'opaque', expires_in: 60 },
    answer: () => json({}),
  },
  'a cookie session': {
    options: () => ({ storage: memoryStorage(), scheme: cookieSession({ refreshUrl: '/session' }), resume: true }),
    login: { expires_in: 60 },
    answer: (path) => (path === '/session' ? json({ expires_in: 60 }) : json({})),
  },
  'tokens of which nothing is known': {
    options: () => ({ storage: memoryStorage() }),
    login: { access_token: 'opaque' },
    answer: (path) => json({}, path === '/api/401' ? 401 : 200),
  },
}

/** All that a session did from its beginning to its end, in words. */
const live = async ({ options, login, answer }: Life, inside: (run: () => Promise<void>) => Promise<void>): Promise<string[]> => {
  count = 0
  const world = createWorld(7)
  const browser = createBrowser(world)
  const tab = createTab(browser, 'tab', async () => expect.unreachable())
  const log: string[] = []
  tab.platform.fetch = (async (input: RequestInfo | URL, init: RequestInit = { __proto__: null } as RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : String(input), 'https://app.example.com/page')
    // Only what is sent, whoever put it there.
    const { method = 'GET', redirect = 'follow', credentials = 'same-origin', body = null, cache = 'default' } = init
    const sent = [method, redirect, credentials, cache, url.href, ...[...new Headers(init.headers)].map(String), String(body)].join(' ')
    log.push(sent)
    return answer(url.pathname, sent)
  }) as typeof fetch
  const settle = async (what: string, promise: Promise<unknown>) => {
    let done = false
    promise
      .then(
        (value) => log.push(`${what}: ${value instanceof Response ? value.status : String(value)}`),
        (error) => log.push(`${what}: ${error.name} ${error.code} ${error.message}`),
      )
      .finally(() => (done = true))
    if (!(await world.runUntil(() => done, 60_000))) log.push(`${what}: never`)
  }
  await inside(async () => {
    const session = createSessionOn(tab.platform, options(tab))
    for (const type of ['login', 'refresh', 'change', 'logout', 'warning', 'error', 'stepup'] as const) {
      session.on(type, (event) => log.push(`event ${JSON.stringify(Object.entries(event).filter(([, value]) => typeof value !== 'function'))}`))
    }
    await world.run(2000)
    log.push(session.status)
    await settle('login', session.setTokens(login as never))
    await settle('call', session.fetch('/api/me'))
    await settle('elsewhere', session.fetch('https://elsewhere.example/'))
    await settle('refused', session.fetch('/api/401'))
    await settle('token', session.getAccessToken())
    await settle('refresh', session.refresh())
    await world.run(200_000)
    await settle('call', session.fetch('/api/me'))
    log.push(...session.history().map((entry) => JSON.stringify(entry).replace(/"tab":"[^"]*"/, '')))
    const { status, expiresAt, unverifiedClaims, reason } = session.getSnapshot()
    log.push(JSON.stringify([status, expiresAt, unverifiedClaims, reason]))
    await settle('logout', session.logout())
    await world.run(5000)
    log.push(session.status, ...Object.keys(browser.localStorage!).map((key) => key.replace(/\.event\..*/, '.event')), ...browser.messages.map((message) => Object.keys(message as object).join()))
    session.close()
    await world.run(1000)
  })
  return log
}

const poison: [kind: string, value: unknown][] = [
  ['a URL', 'https://evil.example/steal'],
  ['true', true],
  ['a function', () => 'https://evil.example/steal'],
]
const names = publicNames()

test('the names are found', () => {
  expect(names.length).toBeGreaterThan(120)
  for (const name of ['refresh', 'revokeUrl', 'refreshUrl', 'logoutUrl', 'mirror', 'domain', 'databaseName', 'absoluteLifetime', 'subject', 'refresh_token', 'signal', 'wrap', 'tokenless', 'needsRefreshToken', 'revoke', 'onServer']) {
    expect(names).toContain(name)
  }
})

test.each(Object.keys(lives))('S3: a polluted Object.prototype changes nothing in the life of %s', async (kind) => {
  const life = lives[kind]!
  const clean = await live(life, (run) => run())
  expect(clean.filter((line) => line.includes('never'))).toEqual([])
  const changed: string[] = []
  for (const name of names) {
    for (const [what, value] of poison) {
      const former = Object.getOwnPropertyDescriptor(Object.prototype, name)
      if (former) continue
      const polluted = await live(life, async (run) => {
        Object.defineProperty(Object.prototype, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true } as PropertyDescriptor)
        try {
          await run()
        } finally {
          delete (Object.prototype as Record<string, unknown>)[name]
        }
      }).catch((error: Error) => [String(error.stack)])
      const at = polluted.findIndex((line, index) => line !== clean[index])
      if (at >= 0 || polluted.length !== clean.length) changed.push(`${name} (${what}): ${polluted[at]} instead of ${clean[at]}`.slice(0, 300))
    }
  }
  expect(changed).toEqual([])
})

test('S3: a polluted Object.prototype changes nothing of what storages write, and where', async () => {
  const write = async () => {
    const log: string[] = []
    vi.stubGlobal('location', new URL('https://app.example.com/'))
    vi.stubGlobal('localStorage', { getItem: () => null, setItem() {} })
    vi.stubGlobal('indexedDB', new IDBFactory())
    let cookie = ''
    vi.stubGlobal('document', Object.create({
      get cookie() {
        return cookie
      },
      set cookie(text: string) {
        log.push(text.replace(/sealed%20[^,]*/, ''))
        cookie = text.split('; ')[0]!
      },
    }))
    for (const storage of [cookieStorage(), cookieStorage({}), indexedDBStorage(), indexedDBStorage({}), encryptedStorage(), encryptedStorage({ storage: indexedDBStorage() })]) {
      const store = storage.open('main')
      await store.update(() => ({ id: 'a', revision: 1, tokens: { accessToken: 't', receivedAt: 1 } }))
      log.push(JSON.stringify(await store.read()))
      store.close()
    }
    log.push((await indexedDB.databases()).map(({ name }) => name).join())
    return log
  }
  const clean = await write()
  expect(clean.at(-1)).toMatch(/^latchkey,latchkey/)
  const changed: string[] = []
  for (const name of ['name', 'prefix', 'path', 'domain', 'Domain', 'maxAge', 'max-age', 'expires', 'secure', 'sameSite', 'partitioned', 'mirror', 'allowInsecure', 'databaseName', 'timeout', 'storage', 'steal', 'ifAvailable']) {
    for (const value of ['evil.example', true, 5]) {
      Object.defineProperty(Object.prototype, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true } as PropertyDescriptor)
      const polluted = await write().catch((error: Error) => [String(error.stack)]).finally(() => delete (Object.prototype as Record<string, unknown>)[name])
      if (polluted.join('\n') !== clean.join('\n')) changed.push(`${name} ${value}: ${polluted.find((line, index) => line !== clean[index])}`.slice(0, 400))
    }
  }
  vi.unstubAllGlobals()
  expect(changed).toEqual([])
})
