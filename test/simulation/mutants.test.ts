import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUDGET, hunt } from './hunt.mjs'
import { MUTANTS } from './mutants.mjs'
import { readPins } from './pins.mjs'
import { bundle, createPool } from './pool.mjs'

/** Where each was found last, with all histories before that passing. */
const LAST = new Map<string, number>(readPins().map(({ sentence, histories }: { sentence: string; histories: number }) => [sentence, histories]))

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

// Without --all their pinned histories do (regressions.test.ts).
if (process.env.LATCHKEY_ALL) test.each(MUTANTS)('R80: the simulator finds it when $sentence', async ({ sentence, edits }) => {
  const pool = createPool(await bundle(edits))
  const last = LAST.get(sentence)
  // The same history again, or, after a change of the sources, the first that does it now.
  const failure = (last && (await hunt(pool, sound, last, last))) || (await hunt(pool, sound))
  await pool.close()
  console.log(failure ? `${String(failure.seed).padStart(5)} histories: ${sentence}\n      ${failure.violations[0].slice(0, 150)}` : `not found: ${sentence}`)
  expect(failure, `the mutant survived ${BUDGET} histories`).toBeDefined()
})
