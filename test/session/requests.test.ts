import { afterEach, describe, expect, test } from 'vitest'
import { abortOnLogout } from '../../src/abortOnLogout.js'
import { API, bench } from './harness.js'

const bearerOf = (request: Request) => request.headers.get('Authorization')

/** A session around a fetch that writes down the requests that native would make of its arguments. */
const recorded = async (origins = ['https://app.example.com'], answer: (request: Request) => Promise<Response> | Response = () => new Response('ok'), options = {}) => {
  const b = bench()
  const requests: Request[] = []
  const opened = await b.open({ origins, ...options })
  const fetch = opened.session.wrapFetch((async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input instanceof Request ? input : new URL(String(input), 'https://app.example.com/page'), init)
    requests.push(request)
    return answer(request)
  }) as typeof globalThis.fetch)
  await b.finish(opened.session.setTokens(b.server.login('alice')))
  return { ...b, ...opened, fetch, requests }
}

describe('S7: where a call goes is decided on the URL of the Request that is sent', () => {
  class Liar extends Request {
    override get url() {
      return 'https://app.example.com/harmless'
    }
  }
  class Modest extends Request {
    override get url() {
      return 'https://evil.test/'
    }
  }
  class Other extends Request {
    get [Symbol.toStringTag]() {
      return 'Other'
    }
  }
  for (const state of ['fresh', 'expired'] as const) {
    test(`a subclass that says a listed URL and goes to another, ${state}`, async () => {
      const b = await recorded()
      if (state === 'expired') b.world.sleep(400_000)
      await b.finish(b.fetch(new Liar('https://evil.test/steal')))
      expect(b.requests.map((request) => [request.url, bearerOf(request)])).toEqual([['https://evil.test/steal', null]])
    })
    test(`a subclass that says another URL, or has another tag, and goes to a listed one, ${state}`, async () => {
      const b = await recorded()
      if (state === 'expired') b.world.sleep(400_000)
      await b.finish(b.fetch(new Modest('https://app.example.com/me')))
      await b.finish(b.fetch(new Other('https://app.example.com/me', { method: 'PUT', body: 'x' })))
      expect(b.requests.map((request) => [request.url, request.method, !!bearerOf(request)])).toEqual([
        ['https://app.example.com/me', 'GET', true],
        ['https://app.example.com/me', 'PUT', true],
      ])
    })
  }
  test('a stand-in with the tag of a Request is what native takes it for: a URL', async () => {
    const b = await recorded()
    const standIn = { [Symbol.toStringTag]: 'Request', url: 'https://app.example.com/me', toString: () => 'https://evil.test/' }
    await b.fetch(standIn as unknown as Request)
    expect(b.requests.map((request) => [request.url, bearerOf(request)])).toEqual([['https://evil.test/', null]])
  })
  test('an object that has a new URL each time is asked once, if the token goes along', async () => {
    const b = await recorded()
    const urls = ['https://app.example.com/me', 'https://evil.test/']
    await b.fetch({ toString: () => urls.shift() } as unknown as URL)
    expect(b.requests.map((request) => [request.url, !!bearerOf(request)])).toEqual([['https://app.example.com/me', true]])
  })
})

describe('S10: keepalive calls, which cannot wait', () => {
  const leave = (listener: (change: 'leave' | 'return') => void, change: 'leave' | 'return') => listener(change)
  for (const hidden of [false, true]) {
    test(`take no token along when the page has just come back and may have missed a logout${hidden ? ', hidden' : ''}`, async () => {
      const b = await recorded()
      const beacon = () => b.fetch('/beacon', { method: 'POST', body: 'x', keepalive: true })
      await beacon()
      for (const listener of b.tab.listeners) leave(listener, 'leave')
      const other = await b.open()
      await b.finish(other.session.logout())
      b.tab.hidden = hidden
      for (const listener of b.tab.listeners) leave(listener, 'return')
      await beacon()
      await b.world.run(100)
      await beacon()
      expect(b.requests.map((request) => !!bearerOf(request))).toEqual([true, false, false])
    })
  }
  test('take it again as soon as storage has been read', async () => {
    const b = await recorded()
    for (const listener of b.tab.listeners) leave(listener, 'leave')
    for (const listener of b.tab.listeners) leave(listener, 'return')
    await b.world.run(100)
    await b.fetch('/beacon', { keepalive: true })
    expect(b.requests.map((request) => !!bearerOf(request))).toEqual([true])
  })
  test('take it when the page is being hidden or left, however long ago storage was read', async () => {
    const b = await recorded()
    await b.world.run(60_000)
    b.tab.hidden = true
    await b.fetch('/beacon', { keepalive: true })
    for (const listener of b.tab.listeners) leave(listener, 'leave')
    await b.fetch('/beacon', { keepalive: true })
    expect(b.requests.map((request) => !!bearerOf(request))).toEqual([true, true])
  })
})

describe('F12: where the browser has no AbortSignal.any, and no reason of a signal', () => {
  const { any } = AbortSignal
  const reason = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'reason')!
  afterEach(() => {
    AbortSignal.any = any
    Object.defineProperty(AbortSignal.prototype, 'reason', reason)
  })
  const old = () => {
    Reflect.deleteProperty(AbortSignal, 'any')
    Reflect.deleteProperty(AbortSignal.prototype, 'reason')
  }
  const hanging = () => recorded(undefined, (request) => new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))), { extensions: [abortOnLogout()] })

  test('a call with a signal of its own is made, and aborted by it', async () => {
    const b = await hanging()
    old()
    const controller = new AbortController()
    const answer = b.outcome(b.fetch('/me', { signal: controller.signal }))
    expect(b.requests).toHaveLength(1)
    controller.abort()
    expect(await answer).toMatch(/^AbortError/)
  })
  test('and by a logout', async () => {
    const b = await hanging()
    old()
    const answers = [b.fetch('/me', { signal: new AbortController().signal }), b.fetch('/me')].map((answer) => answer.catch((error: Error) => error.name))
    await b.finish(b.session.logout())
    expect(await Promise.all(answers)).toEqual(['AbortError', 'AbortError'])
  })
  test('a call that waits for its token is aborted with an AbortError', async () => {
    const b = await recorded()
    old()
    b.world.sleep(400_000)
    const controller = new AbortController()
    const waits = b.outcome(b.session.getAccessToken({ signal: controller.signal }))
    await b.world.run(10)
    controller.abort()
    expect(await waits).toMatch(/^AbortError/)
  })
  test('with both, the reasons are what they were', async () => {
    const b = await recorded()
    b.world.sleep(400_000)
    for (const reason of [new Error('mine'), null, 'text']) {
      const controller = new AbortController()
      const waits = b.session.getAccessToken({ signal: controller.signal }).catch((error: unknown) => error)
      controller.abort(reason)
      expect(await waits).toBe(reason)
    }
    expect((await b.finish(b.session.fetch(API))).status).toBe(200)
  })
})
