// Promise: a call never carries the token of a former user, not even one that cannot wait.
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
