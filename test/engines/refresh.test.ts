import { expect, it } from 'vitest'
import { resume, scenes, signIn, type StorageName, storeExpired, tokensUsed, type Tab } from '../support/index.js'

const NUMBERS: Record<number, string> = { 2: 'two', 5: 'five', 20: 'twenty' }
const CALLS = 10

scenes('One refresh', (scene) => {
  const storages: [StorageName, string][] = [
    ['indexeddb', 'IndexedDB'],
    ['cookie', 'cookie'],
  ]
  for (const [storage, label] of storages) {
    for (const count of [2, 5, 20]) {
      it(`R2 C30: ${NUMBERS[count]} tabs with an expired token send one token request (${label})`, async () => {
        const tabs: Tab[] = []
        for (let i = 0; i < count; i++) tabs.push(await scene.open())
        await storeExpired(tabs[0]!, storage)
        const expired = await tabs[0]!.evaluate(() => dump())

        const at = Date.now() + 500
        const results = await Promise.all(
          tabs.map((tab) =>
            tab.evaluate(
              async (at, calls, storage) => {
                await new Promise((resolve) => setTimeout(resolve, at - Date.now()))
                begin({ storage })
                return { statuses: await call(calls), token: await session.getAccessToken() }
              },
              at, CALLS, storage,
            ),
          ),
        )

        const { state } = scene.site
        expect(results.flatMap(({ statuses }) => statuses)).toEqual(Array(count * CALLS).fill(200))
        expect(state).toMatchObject({ tokenRequests: 1, rotations: 1, reuses: 0 })
        expect([...state.refreshTokensSeen.values()]).toEqual([1])
        // Everybody has the new token and used no other.
        expect(new Set(results.map(({ token }) => token)).size).toBe(1)
        expect(new Set(tokensUsed(state.log))).toEqual(new Set([`Bearer ${results[0]!.token}`]))
        expect(expired).not.toContain(results[0]!.token)
      })
    }
  }

  it('R1 C29: ten calls in one tab with an expired token send one token request (memory)', async () => {
    const tab = await scene.open()
    const statuses = await tab.evaluate(async (calls) => {
      await begin({ storage: 'memory' }).setTokens({ ...(await login()), expires_in: 0.001 })
      return call(calls)
    }, CALLS)
    expect(statuses).toEqual(Array(CALLS).fill(200))
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, rotations: 1 })
  })

  it('R56: a burst of 401s in five tabs causes one token request, and every call is replayed once', async () => {
    const tabs: Tab[] = []
    for (let i = 0; i < 5; i++) tabs.push(await scene.open())
    await signIn(tabs[0]!)
    for (const tab of tabs.slice(1)) expect(await resume(tab)).toBe('authenticated')
    await fetch(`${scene.site.url.replace('localhost', '127.0.0.1')}/_expire-all`, { method: 'POST' })

    const statuses = await Promise.all(tabs.map((tab) => tab.evaluate((calls) => call(calls), CALLS)))
    expect(statuses.flat()).toEqual(Array(5 * CALLS).fill(200))
    const { state } = scene.site
    expect(state).toMatchObject({ tokenRequests: 1, rotations: 1, reuses: 0 })
    expect(state.unauthorized).toBeLessThanOrEqual(5 * CALLS)
    expect(tokensUsed(state.log)).toHaveLength(5 * CALLS + state.unauthorized)
  })
})
