import { expect, it } from 'vitest'
import { itWhere, resume, scenes, SECRET, signIn, startFront, type StorageName, storeExpired, tokensUsed, type Tab, until } from '../support/index.js'

scenes('Logout is final', (scene) => {
  const storages: [StorageName, string][] = [
    ['indexeddb', 'IndexedDB'],
    ['cookie', 'cookie'],
  ]

  /** Starts a refresh that the server answers late; resolves when the request is there. */
  const startSlowRefresh = async (tab: Tab, storage: StorageName) => {
    scene.site.state.faults.delayToken = 1500
    await storeExpired(tab, storage)
    await tab.evaluate((storage) => {
      void begin({ storage }).refresh().catch(() => {})
    }, storage)
    await until(() => scene.site.state.tokenRequests === 1)
  }

  const lateAnswer = async () => {
    await until(() => scene.site.state.log.some(({ path, status }) => path === '/oauth/token' && status === 200))
    await new Promise((resolve) => setTimeout(resolve, 500))
  }

  const expectSignedOut = async (tab: Tab) => {
    const { status, token, kept, types } = await tab.evaluate(async () => ({
      status: session.status,
      token: await session.getAccessToken(),
      kept: await dump(),
      types: events.map(({ type }) => type),
    }))
    expect({ status, token }).toEqual({ status: 'anonymous', token: undefined })
    expect(kept).toContain('"tokens":null')
    expect(kept).not.toMatch(SECRET)
    expect(types.slice(types.lastIndexOf('logout') + 1)).not.toContainEqual(expect.stringMatching(/login|refresh|change/))
  }

  for (const [storage, label] of storages) {
    it(`R32 C21: a logout during a slow refresh of the same tab stays final (${label})`, async () => {
      const tab = await scene.open()
      await startSlowRefresh(tab, storage)
      expect(await tab.evaluate(() => dump())).toMatch(SECRET)
      await tab.evaluate(() => session.logout())
      expect(await tab.evaluate(() => session.status)).toBe('anonymous')
      await lateAnswer()
      await expectSignedOut(tab)

      await tab.goto(`${scene.site.url}/session.html`)
      await tab.waitFor(() => globalThis.loaded)
      expect(await resume(tab, { storage })).toBe('anonymous')
    })

    it(`R32 C22: a logout in one tab during a slow refresh of another stays final in both (${label})`, async () => {
      const refreshing = await scene.open()
      await startSlowRefresh(refreshing, storage)
      const other = await scene.open()
      expect(await resume(other, { storage })).toBe('authenticated')
      await other.evaluate(() => session.logout())
      await lateAnswer()
      await expectSignedOut(other)
      await expectSignedOut(refreshing)
    })
  }

  it('R35: a logout reaches other visible tabs within 500 ms, costs no request there, and attaches nothing after it', async () => {
    const tab = await scene.open()
    await signIn(tab)
    const others: Tab[] = []
    for (let i = 0; i < 2; i++) others.push(await scene.open({ inWindow: true }))
    for (const other of others) {
      expect(await resume(other)).toBe('authenticated')
      expect(await other.evaluate(() => call())).toEqual([200])
      expect(await other.evaluate(() => document.visibilityState)).toBe('visible')
    }
    const { log } = scene.site.state
    const before = log.length
    // A bare message beside it shows how long this machine takes for any.
    for (const other of others) {
      await other.evaluate(() => {
        new BroadcastChannel('bare').onmessage = () => Object.assign(globalThis, { bareAt: Date.now() })
      })
    }
    await tab.evaluate(async () => {
      await session.logout()
      new BroadcastChannel('bare').postMessage(0)
    })
    for (const other of others) {
      const event = await other.waitFor(() => events.find(({ type }) => type === 'logout'))
      expect(event).toMatchObject({ source: 'remote', reason: 'logout' })
      const bareAt = await other.waitFor(() => (globalThis as unknown as { bareAt?: number }).bareAt)
      expect(event.at - bareAt).toBeLessThan(500)
      expect(await other.evaluate(() => session.status)).toBe('anonymous')
    }
    // Nothing but the revocation of the tab that signed out.
    expect(log.slice(before).map(({ path }) => path).filter((path) => path !== '/oauth/revoke')).toEqual([])
    for (const other of others) expect(await other.evaluate(() => call())).toEqual([401])
    expect(tokensUsed(log).slice(-2)).toEqual([undefined, undefined])
  })

  const expectLocal = async (tab: Tab, other: Tab) => {
    await tab.evaluate(() => session.logout())
    await expectSignedOut(tab)
    await other.waitFor(() => session.status === 'anonymous')
    await expectSignedOut(other)
    expect(scene.site.state.revocations).toBe(0)
  }

  itWhere('offline')('R34: a logout works offline, in every tab', async () => {
    const tab = await scene.open()
    await signIn(tab)
    const other = await scene.open()
    expect(await resume(other)).toBe('authenticated')
    for (const each of [tab, other]) await each.setOffline!(true)
    await expectLocal(tab, other)
  })

  it('R34: a logout works while the server is gone, in every tab, and outlasts its return', async () => {
    const front = await startFront(scene.site)
    try {
      const site = front.at('localhost')
      const tab = await scene.open({ site })
      await signIn(tab)
      const other = await scene.open({ site })
      expect(await resume(other)).toBe('authenticated')
      front.down = true
      await expectLocal(tab, other)
      front.down = false
      const third = await scene.open({ site })
      expect(await resume(third)).toBe('anonymous')
      expect(await third.evaluate(() => call())).toEqual([401])
    } finally {
      await front.close()
    }
  })
})
