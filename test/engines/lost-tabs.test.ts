import { expect, it } from 'vitest'
import { itWhere, scenes, type StorageName, storeExpired, type Tab, until } from '../support/index.js'

// With a grace window, as servers that rotate have one: an answer that got lost is given again.
scenes('A dead tab costs nothing', (scene) => {
  const storages: [StorageName, string][] = [
    ['indexeddb', 'IndexedDB'],
    ['cookie', 'cookie'],
  ]

  /** The first tab refreshes and gets no answer yet; the second has a call waiting. */
  const scenario = async (storage: StorageName, faults: { delayToken?: number; delayTokenBefore?: number }) => {
    const holder = await scene.open()
    const waiter = await scene.open()
    await storeExpired(holder, storage)
    Object.assign(scene.site.state.faults, faults)
    await holder.evaluate((storage) => {
      void begin({ storage }).refresh().catch(() => {})
    }, storage)
    await until(() => scene.site.state.tokenRequests === 1)
    Object.assign(scene.site.state.faults, { delayToken: 0, delayTokenBefore: 0 })
    const calls = waiter.evaluate((storage) => {
      begin({ storage })
      return call(3)
    }, storage)
    // So that it is in the queue before the holder goes.
    await waiter.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
    return { holder, waiter, calls }
  }

  const expectRecovered = async ({ waiter, calls }: { waiter: Tab; calls: Promise<unknown> }) => {
    expect(await calls).toEqual([200, 200, 200])
    const { state } = scene.site
    expect(state.reuses).toBe(0)
    expect(await waiter.evaluate(() => session.status)).toBe('authenticated')
    // Whoever asks again asks with the same key, so that the server can tell.
    const keys = state.log.filter(({ path }) => path === '/oauth/token').map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/.{16,}/)
  }

  for (const [storage, label] of storages) {
    itWhere('kill')(`R10 C33: another tab recovers when the refreshing one is killed and its answer is lost (${label})`, async () => {
      const scenes = await scenario(storage, { delayToken: 2000 })
      await scenes.holder.kill!()
      await expectRecovered(scenes)
      expect(scene.site.state.tokenRequests).toBe(2)
    })
  }

  itWhere('kill')('R10 C33: another tab recovers when the refreshing one is killed before the server took the token', async () => {
    const scenes = await scenario('indexeddb', { delayTokenBefore: 2000 })
    await scenes.holder.kill!()
    await expectRecovered(scenes)
  })

  it('R10: another tab recovers when the refreshing one is closed', async () => {
    const scenes = await scenario('indexeddb', { delayToken: 2000 })
    await scenes.holder.close()
    await expectRecovered(scenes)
  })

  for (const [storage, label] of storages) {
    it(`R31 C34: another tab proceeds when the refreshing one navigates away (${label})`, async () => {
      const scenes = await scenario(storage, { delayToken: 2000 })
      await scenes.holder.goto(`${scene.site.url}/empty.html`)
      await expectRecovered(scenes)
    })
  }

  it('R11 C35: another tab recovers when the refreshing one is frozen, and its late answer changes nothing', async () => {
    const scenes = await scenario('indexeddb', { delayToken: 1000 })
    const thaw = await scenes.holder.freeze()
    await expectRecovered(scenes)
    const token = await scenes.waiter.evaluate(() => session.getAccessToken())
    thaw()
    await scenes.holder.waitFor(async (token) => (await session.getAccessToken()) === token, token)
  })
}, { grace: 30 })
