import { expect, it } from 'vitest'
import { resume, scenes, signIn, type StorageName, type Tab, until } from '../support/index.js'

/** `npm run test:soak` asks for 1,000. */
const ROUNDS = process.env.LATCHKEY_SOAK ? 1000 : 40
const TABS = 3

// Without grace: a single spent token that is sent again ends the session.
scenes('Round after round', (scene) => {
  for (const [storage, label] of [['cookie', 'cookie'], ['indexeddb', 'IndexedDB']] as [StorageName, string][]) {
    it(`R2 C31: no tab ever sends a spent refresh token, in ${ROUNDS} rounds (${label})`, async () => {
      const tabs: Tab[] = []
      for (let i = 0; i < TABS; i++) tabs.push(await scene.open())
      await signIn(tabs[0]!, { storage })
      for (const tab of tabs.slice(1)) expect(await resume(tab, { storage })).toBe('authenticated')

      const failures = await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(async (rounds) => {
            const failures: unknown[] = []
            for (let round = 0; round < rounds; round++) await session.refresh().catch((error) => failures.push(error.code ?? String(error)))
            return failures
          }, ROUNDS),
        ),
      )
      const { state } = scene.site
      expect(failures.flat()).toEqual([])
      expect(state.reuses).toBe(0)
      expect(new Set(state.refreshTokensSeen.values())).toEqual(new Set([1]))
      expect(state.tokenRequests).toBe(state.rotations)
      // Each round takes at least one new token, and tabs that ask at the same time share one.
      expect(state.rotations).toBeGreaterThanOrEqual(ROUNDS)
      expect(state.rotations).toBeLessThanOrEqual(ROUNDS * TABS)
      const tokens = () => Promise.all(tabs.map((tab) => tab.evaluate(() => session.getAccessToken())))
      await until(async () => new Set(await tokens()).size === 1, 'every tab has the same token')
    }, 60_000 + ROUNDS * 2000)
  }
})
