import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../setup.mjs'
import { pack, type Packed } from './packed.js'

let packed: Packed
beforeAll(() => {
  packed = pack()
})
afterAll(() => packed?.remove())

/** Modules of dist, each with its source map. */
const MODULES = [
  'abortOnLogout',
  'abortable',
  'attempt',
  'authorizedFetch',
  'axios',
  'channel',
  'claims',
  'cookies',
  'core',
  'createDefaultSession',
  'createSession',
  'credentials',
  'emitter',
  'endpoint',
  'errors',
  'extensions',
  'history',
  'index',
  'inertSession',
  'installFetch',
  'lifecycle',
  'limits',
  'lock',
  'logout',
  'options',
  'origins',
  'outcome',
  'page',
  'platform',
  'record',
  'refresh',
  'refreshCall',
  'refreshTokenGrant',
  'reporting',
  'requests',
  'resume',
  'schedule',
  'schemes/bearer',
  'schemes/cookieSession',
  'schemes/cookieSessionOptions',
  'schemes/readableCookie',
  'session',
  'setTokens',
  'storage/cookieOptions',
  'storage/cookieStorage',
  'storage/database',
  'storage/encryptedStorage',
  'storage/inOrder',
  'storage/indexedDBStorage',
  'storage/memoryStorage',
  'storage/removeEverywhere',
  'sync',
  'tabChannel',
  'tokens',
  'xhr',
]

describe('the tarball', () => {
  it('holds the build and the documents, and nothing else', () => {
    const scripts = [...MODULES, 'latchkey.min'].flatMap((name) => [`dist/${name}.js`, `dist/${name}.js.map`])
    const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
    expect(packed.files).toEqual([...scripts, 'dist/axios.d.ts', 'dist/core.d.ts', 'dist/index.d.ts', 'dist/sri.json', 'dist/types.d.ts', 'dist/xhr.d.ts', ...documents].sort())
  })

  it('has no doc comments in its scripts, which the declarations carry', () => {
    const script = packed.files.filter((file) => file.endsWith('.js')).map((file) => readFileSync(join(packed.project, 'node_modules/latchkey', file), 'utf8'))
    expect(script.join('').match(/\/\*\*[\s\S]*?\*\//g)).toBe(null)
    expect(readFileSync(join(packed.project, 'node_modules/latchkey/dist/index.d.ts'), 'utf8')).toContain('/**')
  })

  it('passes publint --strict', async () => {
    const { buffer } = readFileSync(packed.tarball)
    const { messages, pkg } = await publint({ pack: { tarball: buffer as ArrayBuffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it('passes attw --profile esm-only', () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [attw, packed.tarball, '--profile', 'esm-only', '--exclude-entrypoints', './latchkey.min.js', '--no-emoji', '--no-color'], { encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })
})

describe('an import in plain Node', () => {
  /** Runs a module in the project that has latchkey installed; `status` is null if it had to be stopped. */
  const run = (program: string) => {
    const file = join(packed.project, 'program.mjs')
    writeFileSync(file, program)
    return spawnSync(process.execPath, [file], { cwd: packed.project, encoding: 'utf8', timeout: 20_000 })
  }

  it('R74: works without a DOM, says nothing, and lets the process end', () => {
    const started = spawnSync(process.execPath, ['-e', "import('latchkey')"], { cwd: packed.project, encoding: 'utf8', timeout: 20_000 })
    expect(started).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })

  it('R74: touches no global, adds none, and starts no timer', () => {
    const { status, stdout, stderr } = run(`
      const names = ['window', 'self', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage', 'indexedDB',
        'IDBRequest', 'BroadcastChannel', 'cookieStore', 'fetch', 'Headers', 'Request', 'Response', 'crypto', 'performance',
        'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestIdleCallback', 'addEventListener', 'Worker', 'WebSocket']
      const touched = []
      for (const name of names) {
        const value = globalThis[name]
        Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return value } })
      }
      const before = Reflect.ownKeys(globalThis)
      const handles = process.getActiveResourcesInfo()
      const latchkey = await import('latchkey')
      const found = [...touched]
      console.log(JSON.stringify({
        touched: found,
        added: Reflect.ownKeys(globalThis).filter((key) => !before.includes(key)),
        handles: process.getActiveResourcesInfo().filter((kind) => !handles.includes(kind)),
        works: typeof latchkey.createSession,
      }))`)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ touched: [], added: [], handles: [], works: 'function' })
  })

  it('R74: a session of a process keeps in memory, attaches nothing by itself, and holds no process open', () => {
    const { status, stdout, stderr } = run(`
      import { createSession, memoryStorage } from 'latchkey'
      const session = createSession({ onServer: true, storage: memoryStorage(), refresh: async () => ({ access_token: 'new' }), fetch: async () => new Response('ok') })
      await session.setTokens({ access_token: 'a', expires_in: 3600 })
      console.log(session.status, await session.getAccessToken(), (await session.fetch('https://api.example.com/')).status)`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'authenticated a 200\n', stderr: '' })
  })
})

describe('the declarations', () => {
  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
    // F35 F53: they know no `exports`. F54: a service worker has no document, and its library no `Storage`.
    ['esnext', 'node10'],
    ['esnext', 'bundler', ['webworker']],
    ['esnext', 'node10', ['webworker']],
  ])('compile in a project with module %s and moduleResolution %s %s', (module, moduleResolution, dom = ['dom', 'dom.iterable']) => {
    writeFileSync(join(packed.project, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }))
    writeFileSync(
      join(packed.project, 'consumer.ts'),
      `import { createSession, memoryStorage, refreshTokenGrant, type Session } from 'latchkey'
      import { createSession as createCoreSession } from 'latchkey/core'
      import { axiosConfig } from 'latchkey/axios'
      import { authorizeXHR } from 'latchkey/xhr'
      export const core: Session = createCoreSession({ storage: memoryStorage() })
      export const session: Session<{ sub: string }> = createSession<{ sub: string }>({
        refresh: refreshTokenGrant({ url: '/token', clientId: 'web' }),
        storage: memoryStorage(),
        origins: ['https://api.example.com'],
      })
      export const call: typeof fetch = session.fetch
      session.on('logout', ({ reason }) => reason satisfies 'logout' | 'rejected' | 'rotation_lost' | 'expired' | 'idle' | 'lifetime' | 'unreadable')
      export const [config, XHR] = [axiosConfig(session), authorizeXHR(session, XMLHttpRequest)]
      // @ts-expect-error: the types are there, and are not any
      session.nothing
      // @ts-expect-error
      config.nothing`,
    )
    const config = {
      compilerOptions: { module, moduleResolution, target: 'es2022', lib: ['es2022', ...dom], types: [], ...(moduleResolution === 'node10' && { ignoreDeprecations: '6.0' }), strict: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
      files: ['consumer.ts'],
    }
    writeFileSync(join(packed.project, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', packed.project], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

describe('the lock file', () => {
  it('agrees with package.json, so that npm ci works', () => {
    const output = execFileSync('npm', ['ls', '--all', '--json', '--package-lock-only'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect((JSON.parse(output) as { problems?: string[] }).problems ?? []).toEqual([])
  })
})
