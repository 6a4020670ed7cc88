import { describe, expect, it } from 'vitest'
import { simulate } from '../../bench/fleet/fleet.js'
import { firstOf, latchkey, pauseOf, plain } from '../../bench/fleet/rules.js'
import { stories } from '../../bench/fleet/stories.js'
import { createSessionOn } from '../../src/createSession.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { createBrowser, createTab } from '../simulation/platform.js'
import { createServer } from '../simulation/server.js'
import { createDisk, diskStorage } from '../simulation/store.js'
import { createWorld } from '../simulation/world.js'

const run = (name: keyof typeof stories, clients: number, rule = latchkey) => {
  const { story, figures } = stories[name]
  return figures(simulate(rule, { ...story, clients }))
}

describe('A fleet on one token endpoint', () => {
  it('R19: comes back after a ten-minute outage with a peak of at most one and a half times the mean', () => {
    const { peakOverMean, signedOut, recovered } = run('outage', 200_000)
    expect(peakOverMean).toBeLessThanOrEqual(1.5)
    expect(signedOut).toBe(0)
    expect(recovered).toBeLessThanOrEqual(75)
    // That the figure can tell: without backoff it is far above.
    expect(run('outage', 20_000, plain).peakOverMean).toBeGreaterThan(20)
  })

  it('R47: forgets a login rush, which stays for ever without jitter', () => {
    const busiest = (rule = latchkey) => run('rush', 50_000, rule).peakOverMean
    expect(busiest()).toBeLessThan(busiest(plain) / 1.5)
  })

  it('R19: asks when real sessions ask: as early, and with the same pauses', async () => {
    const LIFETIME = 600_000
    const OUTAGE = 300_000
    const world = createWorld(1)
    const server = createServer(() => world.time, LIFETIME, Infinity)
    const starts = new Map<string, number>()
    for (let i = 0; i < 40; i++) {
      const tab = createTab(createBrowser(world), `client ${i}`, server.fetch)
      const refresh = refreshTokenGrant({ url: '/oauth/token' })
      const session = createSessionOn(tab.platform, { refresh, storage: diskStorage(createDisk(), tab) })
      world.schedule(tab, i * 1000, () => {
        starts.set(tab.name, world.time)
        void session.setTokens(server.login('alice'))
      })
    }
    await world.run(LIFETIME * 0.75)
    server.faults.status = { code: 503, times: Infinity }
    await world.run(OUTAGE)

    for (const [name, start] of starts) {
      const times = server.tokenRequests.filter(({ tab }) => tab.name === name).map(({ at }) => at)
      expect(times.length).toBeGreaterThan(3)
      expect(times[0]).toBeGreaterThanOrEqual(start + firstOf(LIFETIME, 1))
      expect(times[0]).toBeLessThanOrEqual(start + firstOf(LIFETIME, 0) + 100)
      for (let attempt = 1; attempt < times.length; attempt++) {
        const pause = times[attempt]! - times[attempt - 1]!
        expect(pause).toBeGreaterThanOrEqual(pauseOf(attempt, () => 0))
        expect(pause).toBeLessThanOrEqual(pauseOf(attempt, () => 1) + 100)
      }
    }
  })
})
