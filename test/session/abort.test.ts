import { afterEach, describe, expect, test } from 'vitest'
import { abortOnLogout } from '../../src/abortOnLogout.js'
import { API, bench } from './harness.js'


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
