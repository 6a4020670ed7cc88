import { expect, it } from 'vitest'
import { scenes, storeExpired, until } from './support.js'

// As it was met: a process that is stopped 0.4 s after its request has reached a server with a grace window of 10 s.
scenes('A frozen tab holds the lock', (scene) => {
  it('F31: two tabs that wait are served within six seconds, by one more request, and nobody is signed out', async () => {
    const { state } = scene.site
    const holder = await scene.open()
    const waiters = [await scene.open(), await scene.open()]
    await storeExpired(holder, 'indexeddb')
    Object.assign(state.faults, { delayToken: 2000 })
    await holder.evaluate(() => void begin().refresh().catch(() => {}))
    await until(() => state.tokenRequests === 1)
    Object.assign(state.faults, { delayToken: 0 })
    await new Promise((resolve) => setTimeout(resolve, 400))
    const thaw = await holder.freeze()
    const frozenAt = performance.now()
    const answers = await Promise.all(waiters.map((tab) => tab.evaluate(() => (begin(), call(1)))))
    const seconds = (performance.now() - frozenAt) / 1000
    console.log(`served ${seconds.toFixed(1)} s after the freeze`)
    expect(answers).toEqual([[200], [200]])
    expect(state).toMatchObject({ tokenRequests: 2, rotations: 1, reuses: 0 })
    const [first, second] = state.log.filter(({ path }) => path === '/oauth/token')
    expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key'])
    thaw()
    for (const tab of [holder, ...waiters]) {
      await tab.waitFor(() => session.status === 'authenticated')
      expect(await tab.evaluate(() => events.filter(({ type }) => type === 'logout'))).toEqual([])
    }
    expect(state.reuses).toBe(0)
  })
}, { grace: 10 })
