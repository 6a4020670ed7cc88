import { afterAll, beforeAll, expect, test } from 'vitest'
import { MENDED, MUTANTS } from './mutants.mjs'
import { readPins, readTable, rowsOf, WORLDS } from './pins.mjs'
import { bundle, createPool } from './pool.mjs'

const PINS = readPins()

let sound: ReturnType<typeof createPool>
beforeAll(async () => {
  sound = createPool(await bundle(), 1)
})
afterAll(() => sound.close())

test('every mutant and every mended defect has a pinned history, and the documents tell of it', () => {
  const sentences = [...MUTANTS, ...MENDED].map(({ sentence }) => sentence)
  expect(PINS.map(({ sentence }: { sentence: string }) => sentence)).toEqual(sentences)
  expect(readTable()).toBe(rowsOf(PINS))
})

test.each(PINS)('R80: a pinned history breaks nothing, and does when $sentence', async ({ sentence, breaks, history }) => {
  const { edits } = [...MUTANTS, ...MENDED].find((mutant) => mutant.sentence === sentence)!
  const pool = createPool(await bundle(edits), 1)
  const [own, broken] = await Promise.all([sound.replay(history, WORLDS), pool.replay(history, WORLDS)])
  await pool.close()
  expect(own).toEqual([])
  // By the invariant that it broke when it was pinned, and not by accident.
  expect(broken.filter((violation: string) => violation.startsWith(breaks)), 'pinned anew by: node test/simulation/pin.mjs').not.toEqual([])
})
