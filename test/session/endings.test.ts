import { describe, expect, test } from 'vitest'
import { SessionError } from '../../src/errors.js'
import { abortOnLogout } from '../../src/abortOnLogout.js'
import type { Extension } from '../../src/types.js'
import { createSessionOn } from '../../src/createSession.js'
import { createTab, kill } from '../simulation/platform.js'
import { diskStorage } from '../simulation/store.js'
import { API, bench } from './harness.js'

describe('abortOnLogout', () => {
  const underWay = async (extensions: Extension[]) => {
    const b = bench()
    const one = await b.open({ extensions })
    const two = await b.open({ extensions })
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    return { ...b, one, two }
  }
  test('R38: aborts the attached calls of every tab, with the reason, and none is replayed', async () => {
    const b = await underWay([abortOnLogout()])
    const calls = [b.one.session.fetch(API), b.two.session.fetch(new Request(API)), b.two.session.fetch(API, { signal: new AbortController().signal })]
    const outcomes = calls.map(b.outcome)
    void b.one.session.logout()
    await b.world.run(15)
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill('SessionError:session_ended'))
    await b.world.run(10_000)
    expect(b.server.tokenRequests).toEqual([])
  })
  test('R38: leaves calls alone that carry no token, and the caller can still abort his own', async () => {
    const b = await underWay([abortOnLogout()])
    const controller = new AbortController()
    const own = b.outcome(b.one.session.fetch(API, { signal: controller.signal }))
    const other = b.outcome(b.two.session.fetch('https://elsewhere.example/'))
    controller.abort(new Error('mine'))
    expect(await own).toBe('Error')
    void b.one.session.logout()
    expect(await other).toBe('401')
  })
  test('without it they go on', async () => {
    const b = await underWay([])
    const call = b.outcome(b.one.session.fetch(API))
    void b.one.session.logout()
    expect(await call).toBe('200')
  })
})

describe('revocation', () => {
  test('R37: two tabs that log out at once tell the server once', async () => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    await b.finish(Promise.all([one.session.logout(), two.session.logout()]))
    await b.world.run(1000)
    expect(b.server.revoked).toHaveLength(2) // the refresh token, then the access token
  })
})

describe('errors in the background', () => {
  test('a storage of your own that throws anything is reported as storage_failed, with the name of the cause (S8)', async () => {
    const b = bench({ storage: () => ({ open: () => ({ shared: true, read: () => Promise.reject(new RangeError('mine')), update: () => Promise.reject(new RangeError('mine')), close() {} }) }) })
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    expect(one.session.status).toBe('authenticated')
    for (const error of one.errors) expect(error).toMatchObject({ name: 'SessionError', code: 'storage_failed', cause: { name: 'RangeError', message: '' } })
    expect(one.errors.length).toBeGreaterThan(0)
  })
  test('a session without extensions never looks at localStorage, which takes a page that has just opened milliseconds', async () => {
    let looks = 0
    const b = bench()
    const one = await b.open({}, (tab) => {
      tab.platform = Object.defineProperty({ ...tab.platform }, 'localStorage', { enumerable: true, get: () => void looks++ })
    })
    await b.finish(one.session.setTokens(b.server.login('alice')))
    expect(looks).toBe(0)
  })
  test('an extension that cannot be attached throws out of createSession, and leaves nothing behind that goes on', async () => {
    let reads = 0
    const b = bench()
    const read = async () => {
      reads++
      return undefined
    }
    const attach = () => {
      throw new RangeError('mine')
    }
    await expect(b.open({ storage: { open: () => ({ shared: true, read, update: async () => {}, close() {} }) }, extensions: [{ attach }] })).rejects.toThrow('mine')
    await b.world.run(1000)
    expect(reads).toBe(0)
  })
  test('one that throws at once, before it has made a promise, is reported too, and the session works in memory', async () => {
    const fail = () => {
      throw new RangeError('mine')
    }
    const b = bench()
    const one = await b.open({ storage: { open: () => ({ shared: true, read: fail, update: fail, close() {} }) } })
    await b.finish(one.session.ready)
    expect(one.errors).toEqual([expect.objectContaining({ code: 'storage_failed', cause: expect.objectContaining({ name: 'RangeError' }) })])
    await b.finish(one.session.setTokens(b.server.login('alice')))
    expect((await b.finish(one.session.fetch(API))).status).toBe(200)
  })
  test('refreshed tokens that cannot be stored are reported at once, and used', async () => {
    let full = false
    const b = bench({
      storage: (tab, disk) => {
        const inner = disk
        void tab
        return {
          open: () => ({
            shared: true,
            read: async () => structuredClone(inner.value),
            async update(change) {
              const next = change(structuredClone(inner.value))
              if (next && full && !next.intent) throw new SessionError('cookie_too_large', 'Too large')
              if (next) inner.value = next
            },
            close() {},
          }),
        }
      },
    })
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    full = true
    await b.finish(one.session.refresh())
    expect(one.errors).toMatchObject([{ code: 'cookie_too_large' }])
    expect((await b.finish(one.session.fetch(API))).status).toBe(200)
  })
  test('a proactive refresh that ends the session says so in the logout event alone', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    b.server.families[0]!.revoked = true
    await b.world.run(400_000)
    expect(one.events).toEqual(['login:local', 'logout:local:rejected'])
    expect(one.errors).toEqual([])
  })
})

describe('a frozen tab', () => {
  test('G4: others take over within nine seconds, before a server with a window of ten forgets', async () => {
    const { freeze } = await import('../simulation/platform.js')
    const b = bench()
    b.server.grace = 10_000
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    b.server.expireAll()
    void one.session.refresh()
    await b.world.run(35) // the server has spent the token, its answer is on the way
    freeze(one.tab)
    expect(await b.outcome(two.session.refresh())).toBe('resolved')
    expect(two.session.status).toBe('authenticated')
  })
})

describe('how soon', () => {
  test('C54: a call that is made before the first read is done waits for that one read', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    b.disk.reads = 0
    b.disk.latency = 50
    let early: Promise<Response> | undefined
    const tab = createTab(b.browser, 'early', b.server.fetch)
    const session = createSessionOn(tab.platform, { storage: diskStorage(b.disk, tab) })
    early = session.fetch(API)
    expect((await b.finish(early)).status).toBe(200)
    expect(b.disk.reads).toBe(1)
  })
  test('R35 G3: one hop after logout() is called, no other tab attaches the token any more, though storage is slow', async () => {
    const b = bench()
    const one = await b.open()
    const two = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.world.run(100)
    b.disk.latency = 200
    void one.session.logout()
    await b.world.run(6)
    expect((await b.finish(two.session.fetch(API))).status).toBe(401)
    expect(b.server.apiRequests.map(({ token }) => token)).toEqual([undefined])
  })
})

describe('leaving the page', () => {
  test('R37: a page that is left right after its logout has told the server of both tokens', async () => {
    const b = bench()
    const one = await b.open()
    await b.finish(one.session.setTokens(b.server.login('alice')))
    await b.finish(one.session.logout())
    await b.world.run(1)
    kill(one.tab)
    await b.world.run(1000)
    expect(b.server.revoked).toHaveLength(2)
  })
})
