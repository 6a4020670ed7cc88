import { spawnSync } from 'node:child_process'
import { buildSync } from 'esbuild'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { cookieSession, cookieStorage, createSession, encryptedStorage, eventHistory, indexedDBStorage, memoryStorage, refreshTokenGrant, sessionLimits } from '../../src/index.js'
import type { SessionOptions } from '../../src/types.js'

/** Runs a module that uses the sources in a process of its own. */
const node = (code: string) => {
  const { outputFiles } = buildSync({
    stdin: { contents: code, resolveDir: `${import.meta.dirname}/../../src`, loader: 'ts' },
    bundle: true, write: false, format: 'esm', platform: 'node',
  })
  return spawnSync(process.execPath, ['--input-type=module', '-e', outputFiles[0]!.text], { encoding: 'utf8', timeout: 30_000 })
}

describe('F47: on a server', () => {
  afterEach(() => vi.restoreAllMocks())

  const refresh = refreshTokenGrant({ url: '/oauth/token', revokeUrl: '/oauth/revoke' })
  test.each<[string, SessionOptions]>([
    ['the defaults', {}],
    ['cookieStorage', { storage: cookieStorage({ mirror: 'token' }), refresh }],
    ['encryptedStorage', { storage: encryptedStorage({ storage: indexedDBStorage() }), refresh }],
    ['a cookie session that is asked for', { storage: memoryStorage(), scheme: cookieSession({ refreshUrl: '/refresh' }), resume: true }],
    ['extensions and origins', { refresh, resume: true, origins: ['http://api.internal'], extensions: [sessionLimits({ idleTimeout: 1000 }), eventHistory()] }],
    ['no storage, as a module may say where there is none', { storage: undefined } as never],
  ])('a session with %s is inert: it reads, sends, sets and keeps nothing', async (_, options) => {
    const fetch = vi.fn(async () => new Response('public'))
    vi.stubGlobal('fetch', fetch)
    const touched = [
      vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval'),
      vi.spyOn(EventTarget.prototype, 'addEventListener'), vi.spyOn(console, 'error'),
      ...(options.storage ? [vi.spyOn(options.storage, 'open')] : []),
    ]
    const session = createSession({ ...options, fetch: fetch as never })
    const stop = session.subscribe(() => expect.unreachable())
    session.on('error', () => expect.unreachable())
    let ready = false
    void session.ready.then(() => (ready = true))
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(touched.map((each) => each.mock.calls.length)).toEqual(touched.map(() => 0))
    expect(fetch).not.toHaveBeenCalled()
    expect([session.status, session.getSnapshot().status, session.unverifiedClaims, ready]).toEqual(['loading', 'loading', undefined, false])
    expect(session.getSnapshot()).toBe(session.getSnapshot())
    expect(session.history()).toEqual([])

    // What is asked for while a page is rendered goes out as it is.
    expect(await (await session.fetch('https://api.example.com/public')).text()).toBe('public')
    expect(fetch.mock.calls).toEqual([['https://api.example.com/public']])
    expect(await session.getAccessToken()).toBeUndefined()
    for (const act of [() => session.setTokens({ access_token: 'a' }), () => session.refresh(), () => session.logout()]) {
      await expect(act()).rejects.toMatchObject({ name: 'SessionError', code: 'on_server', message: expect.stringContaining('onServer') })
    }
    expect(session.status).toBe('loading')
    stop()
    session.close()
    expect(touched.map((each) => each.mock.calls.length)).toEqual(touched.map(() => 0))
  })

  test('a hundred requests that subscribe leave no listener behind', () => {
    const added = vi.spyOn(EventTarget.prototype, 'addEventListener')
    const session = createSession({})
    for (let request = 0; request < 100; request++) session.subscribe(() => {})
    expect(added).not.toHaveBeenCalled()
  })

  test('onServer: a script of one user has a session, which attaches, renews and ends', async () => {
    const sent: (string | null)[] = []
    const session = createSession({
      onServer: true,
      storage: memoryStorage(),
      origins: ['https://api.example.com'],
      history: false,
      refresh: async () => ({ access_token: 'second', expires_in: 600 }),
      fetch: async (input, init) => {
        const { headers } = new Request(input, init)
        return new Response(null, { status: sent.push(headers.get('Authorization')) === 1 ? 401 : 200 })
      },
    })
    await session.ready
    expect(session.status).toBe('anonymous')
    await session.setTokens({ access_token: 'first', expires_in: 600 })
    expect((await session.fetch('https://api.example.com/')).status).toBe(200)
    expect(sent).toEqual(['Bearer first', 'Bearer second'])
    await session.logout()
    expect(session.status).toBe('anonymous')
    session.close()
  })
})

test.each([
  ['by default', ''],
  ['with onServer', `await session.setTokens({ access_token: 'a', refresh_token: 'r', expires_in: 3600 }); console.log(session.status)`],
])('F18: Node exits while a session is open: %s', (_, act) => {
  const { stdout, stderr, status, signal } = node(`
    import { createSession, memoryStorage, sessionLimits } from './index.ts'
    const session = createSession({ onServer: ${!!act}, storage: ${act ? 'memoryStorage()' : 'undefined'}, origins: ['https://api.example.com'],
      extensions: [sessionLimits({ idleTimeout: 600_000 })], refresh: async () => ({ access_token: 'b' }) })
    ${act}`)
  expect({ stderr, status, signal, stdout: stdout.trim() }).toEqual({ stderr: '', status: 0, signal: null, stdout: act ? 'authenticated' : '' })
})
test('F18: a storage that fails is tried again, and keeps no process alive either', () => {
  const { status, stderr } = node(`
    import { createSession } from './index.ts'
    const session = createSession({ onServer: true, origins: ['https://api.example.com'] })
    session.on('error', () => {})
    await session.ready`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
