// Promise: the token goes to listed origins only, decided on the URL that is sent.
import { describe, expect, test } from 'vitest'
import { bench } from '../session/harness.js'

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
