import { expect, test } from 'vitest'
import { makeHistory } from './history.js'
import { simulate } from './simulate.js'

test('try', async () => {
  const from = performance.now()
  const counts = new Map<string, number>()
  let shown = 0
  const N = Number(process.env.N ?? 500)
  for (let seed = 1; seed <= N; seed++) {
    const verdict = await simulate(makeHistory(seed))
    for (const violation of verdict.violations) counts.set(violation.slice(0, 2), (counts.get(violation.slice(0, 2)) ?? 0) + 1)
    if (verdict.violations.length && shown++ < Number(process.env.SHOW ?? 2)) console.log(seed, JSON.stringify(verdict.history.setup), verdict.violations, '\n' + verdict.trace.slice(-60).join('\n'))
  }
  console.log(counts, (performance.now() - from) / N, 'ms each')
  expect(counts.size).toBe(0)
}, 600_000)
