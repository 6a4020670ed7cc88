import { afterEach, describe, expect, test, vi } from 'vitest'
import { createEmitter } from '../../src/emitter.js'
import { createSessionOn } from '../../src/createSession.js'
import { browserPlatform } from '../../src/platform.js'
import { memoryStorage } from '../../src/storage/memoryStorage.js'
import { diskStorage } from '../simulation/store.js'
import { API, bench } from './harness.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('the origin of the page', () => {
  test('F16: a frame with srcdoc has the origin of the page around it, which location does not say', () => {
    vi.stubGlobal('location', { origin: 'null', href: 'about:srcdoc' })
    vi.stubGlobal('origin', 'https://app.example.com')
    expect(browserPlatform().origin).toBe('https://app.example.com')
  })
  test('where there is no self.origin, location says it', () => {
    vi.stubGlobal('location', { origin: 'https://app.example.com', href: 'https://app.example.com/' })
    expect(browserPlatform().origin).toBe('https://app.example.com')
  })
  test.each(['null', 'file://', 'capacitor://localhost', 'app://-', 'chrome-extension://abcdef'])('F17b: a page of %s says what to give, and works with it', async (origin) => {
    const b = bench()
    const open = (origins?: string[]) =>
      b.open({ ...(origins && { origins }), fetch: async (input, init) => Response.json(new Request(input, init).headers.get('Authorization')) }, (tab) => {
        tab.platform = { ...tab.platform, origin, baseURL: () => 'about:blank' }
      })
    await expect(open()).rejects.toMatchObject({ code: 'invalid_option', message: expect.stringMatching(/^The page's own origin .* set origins .*'https:\/\/api\.example\.com'/) })
    const { session } = await open(['https://api.example.com'])
    await b.finish(session.setTokens({ access_token: 'mine', expires_in: 600 }))
    expect(await (await b.finish(session.fetch('https://api.example.com/v1'))).json()).toBe('Bearer mine')
  })
  test('a page on plain http is told of its own origin, not of an entry that nobody gave', async () => {
    const b = bench()
    await expect(b.open({}, (tab) => (tab.platform = { ...tab.platform, origin: 'http://intranet' }))).rejects.toMatchObject({
      code: 'insecure_context', message: expect.stringMatching(/^The page's own origin is plain http/),
    })
  })
})

describe('F50: test environments whose addEventListener takes no signal', () => {
  test('a session opens, hears of the page, and closes', async () => {
    const add = EventTarget.prototype.addEventListener
    const window = new EventTarget()
    vi.spyOn(EventTarget.prototype, 'addEventListener').mockImplementation(function (this: EventTarget, type, listener, options) {
      if (Object(options).signal) throw new TypeError("parameter 3 dictionary has member 'signal' that is not of type 'AbortSignal'.")
      add.call(this, type, listener, options)
    })
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
    vi.stubGlobal('location', { origin: 'https://app.example.com', href: 'https://app.example.com/' })
    const session = createSessionOn(browserPlatform(), { storage: memoryStorage() })
    const controller = new AbortController()
    const seen: string[] = []
    session.on('login', () => seen.push('login'), { signal: controller.signal })
    await session.setTokens({ access_token: 'a', expires_in: 600 })
    controller.abort()
    await session.setTokens({ access_token: 'b', expires_in: 600 })
    expect(seen).toEqual(['login'])
    session.close()
  })
  test('a signal that was aborted before adds nothing, and one that lives on is left when the listener goes', () => {
    const { on, emit } = createEmitter<{ x: undefined }>(() => {})
    const listener = vi.fn()
    on('x', listener, { signal: AbortSignal.abort() })
    emit('x', undefined)
    expect(listener).not.toHaveBeenCalled()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const stop = on('x', listener, { signal })
    stop()
    emit('x', undefined)
    expect(listener).not.toHaveBeenCalled()
    expect(removed).toHaveBeenCalled()
  })
})

describe('F49: two sessions of one name in one document', () => {
  test('cost one refresh together, one timer and one channel each, and a closed one costs nothing', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const two = createSessionOn(one.tab.platform, { storage: diskStorage(b.disk, one.tab), refresh: async () => expect.unreachable() })
    await b.finish(two.ready)
    await b.world.run(5000)
    expect(two.status).toBe('authenticated')
    expect([one.tab.timers.size, one.tab.listeners.size, b.browser.channels.length]).toEqual([2, 2, 2])
    two.close()
    await b.world.run(10)
    expect([one.tab.timers.size, one.tab.listeners.size, b.browser.channels.length]).toEqual([1, 1, 1])
    expect((await b.finish(one.session.fetch(API))).status).toBe(200)
    expect(b.server.tokenRequests).toHaveLength(0)
  })
  test('renew together: one request for all', async () => {
    const b = bench()
    const opened = await Promise.all([b.open(), b.open(), b.open()])
    await b.finish(opened[0].session.setTokens(b.server.login('alice')))
    await b.world.run(b.server.tokenLifetime ?? 300_000)
    expect(b.server.tokenRequests.length).toBeLessThanOrEqual(2)
  })
})
