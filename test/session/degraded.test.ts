import { describe, expect, test } from 'vitest'
import { API, bench } from './harness.js'

const degraded = (errors: unknown[]) => errors.filter((error) => (error as { code?: string }).code === 'degraded').map((error) => (error as Error).message)

describe('a browser that lacks something', () => {
  test('C68 R12: without Web Locks, tabs still refresh once, and one warning says so', async () => {
    const b = bench({ faults: { noLocks: true } })
    const tabs = []
    for (let i = 0; i < 10; i++) tabs.push(await b.open())
    await b.finish(tabs[0]!.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    b.server.expireAll()
    const answers = await b.finish(Promise.all(tabs.map(({ session }) => session.fetch(API))))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(b.server.tokenRequests).toHaveLength(1)
    for (const { errors } of tabs) expect(degraded(errors)).toEqual([expect.stringContaining('Web Locks')])
  })
  test('C68: Web Locks that throw or reject count as missing', async () => {
    for (const request of [() => { throw new DOMException('denied', 'SecurityError') }, () => Promise.reject(new DOMException('denied', 'SecurityError'))]) {
      const b = bench()
      const one = await b.open({}, (tab) => (tab.platform = { ...tab.platform, locks: { request } as never }))
      await b.finish(one.session.setTokens(b.server.login('alice')))
      await b.finish(one.session.refresh())
      expect(b.server.tokenRequests).toHaveLength(1)
      expect(degraded(one.errors)).toEqual([expect.stringContaining('Web Locks')])
      expect(one.session.status).toBe('authenticated')
    }
  })
  test('C68: without BroadcastChannel one warning says so', async () => {
    const b = bench()
    const one = await b.open({}, (tab) => {
      const { openChannel } = tab.platform
      tab.platform = { ...tab.platform, openChannel: (...args) => ({ ...openChannel(...args)!, makeshift: true }) }
    })
    await b.world.run(1000)
    expect(degraded(one.errors)).toEqual([expect.stringContaining('BroadcastChannel')])
  })
  test('a browser that has everything warns of nothing', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.finish(one.session.refresh())
    await b.world.run(60_000)
    expect(one.errors).toEqual([])
  })
})
