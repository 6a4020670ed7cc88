import { build } from 'esbuild'
import { expect, test, vi } from 'vitest'

// Alone in its file: zone.js changes promises and timers for good.
test("F17: a session made inside Angular's zone leaves no task in it", async () => {
  await import('zone.js')
  // As Angular's build does: without `await`, through which no zone can follow.
  const { outputFiles } = await build({
    stdin: { contents: `export * from './createSession.ts'; export * from './platform.ts'; export * from './storage/memoryStorage.ts'`, resolveDir: `${import.meta.dirname}/../../src`, loader: 'ts' },
    bundle: true, write: false, format: 'esm', target: 'es2016',
  })
  const { createSessionOn, browserPlatform, memoryStorage } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)
  const Zone = (globalThis as { Zone?: any }).Zone
  vi.stubGlobal('location', { origin: 'https://app.example.com', href: 'https://app.example.com/' })
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('removeEventListener', () => {})
  const tasks: number[] = []
  const zone = Zone.current.fork({
    name: 'angular',
    onScheduleTask(delegate: any, _current: unknown, target: unknown, task: any) {
      if (task.type === 'macroTask') tasks.push(task.data.delay)
      return delegate.scheduleTask(target, task)
    },
  })
  const session = await zone.run(() => {
    setTimeout(() => {}, 7)
    const made = createSessionOn(browserPlatform(), { storage: memoryStorage(), refresh: async () => ({ access_token: 'b' }) })
    return made.setTokens({ access_token: 'a', expires_in: 600, refresh_token: 'r' }).then(() => made)
  })
  // That of the test itself: zone.js does watch. What is over in a moment holds nothing up.
  expect(tasks).toContain(7)
  expect(Math.max(...tasks)).toBeLessThanOrEqual(100)
  session.close()
})
