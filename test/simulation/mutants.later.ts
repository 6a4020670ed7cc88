import { afterAll, beforeAll, expect, test } from 'vitest'
import { MUTANTS } from './mutants.js'
import { bundle, createPool } from './pool.mjs'

/** How many histories a mutant may survive. */
const BUDGET = 6000

interface Failure {
  seed: number
  violations: string[]
}

/** The lowest seed of the first chunks that fail: chunks are small, so that threads hardly overshoot. */
const find = async (pool: ReturnType<typeof createPool>, from: number): Promise<Failure | undefined> => {
  const found: Failure[] = []
  await pool.run({
    from,
    to: BUDGET + 1,
    most: 1,
    chunk: 20,
    stop: () => found.length > 0,
    onReport: ({ failures }: { failures: Failure[] }) => found.push(...failures),
  })
  return found.sort((a, b) => a.seed - b.seed)[0]
}

let sound: ReturnType<typeof createPool>
beforeAll(async () => {
  sound = createPool(await bundle(), 1)
})
afterAll(() => sound.close())

test('there are at least twelve mutants, and no two alike', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(12)
  expect(new Set(MUTANTS.map(({ edits }) => JSON.stringify(edits))).size).toBe(MUTANTS.length)
})

test('a mutant whose text is gone from the sources says so', async () => {
  await expect(bundle([{ file: 'lock.ts', from: 'no such text', to: '' }])).rejects.toThrow(/src\/lock\.ts no longer holds this text/)
})

test.each(MUTANTS)('the simulator finds it when $sentence', async ({ sentence, edits }) => {
  const pool = createPool(await bundle(edits))
  let failure: Failure | undefined
  for (let from = 1; ; ) {
    failure = await find(pool, from)
    if (!failure) break
    // Whatever the sources themselves do wrong is not the mutant's doing.
    const { seed } = failure
    const own: Failure[] = []
    await sound.run({ from: seed, to: seed + 1, onReport: ({ failures }: { failures: Failure[] }) => own.push(...failures) })
    if (!own.length) break
    from = seed + 1
  }
  await pool.close()
  console.log(failure ? `${String(failure.seed).padStart(5)} histories: ${sentence}\n      ${failure.violations[0]}` : `not found: ${sentence}`)
  expect(failure, `the mutant survived ${BUDGET} histories`).toBeDefined()
})
