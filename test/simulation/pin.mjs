// node test/simulation/pin.mjs   after a change of the protocol: writes pins.json and the table in docs/how-it-works.md anew
// node test/simulation/pin.mjs clock   only the mutants whose sentence has that word
import { hunt } from './hunt.mjs'
import { MENDED, MUTANTS } from './mutants.mjs'
import { readPins, WORLDS, writePins } from './pins.mjs'
import { bundle, createPool } from './pool.mjs'

/** Of so many failing seeds, the one is kept whose short history breaks something in the most worlds. */
const CANDIDATES = 4
const PLENTY = WORLDS / 2

const sound = createPool(await bundle(), 1)
const pins = []
const [, , word = ''] = process.argv
const former = word ? readPins() : []
for (const { sentence, edits, seed } of [...MUTANTS, ...MENDED]) {
  const kept = former.find((pin) => pin.sentence === sentence)
  if (kept && !sentence.includes(word)) {
    pins.push(kept)
    continue
  }
  const pool = createPool(await bundle(edits))
  let best
  let histories
  for (let found, tries = 0; tries < (seed ? 1 : CANDIDATES) && !(best?.count >= PLENTY); tries++) {
    found = await hunt(pool, sound, seed ?? (found?.seed ?? 0) + 1, seed)
    if (!found) break
    histories ??= found.seed
    const { history, violations } = await pool.shrink(found.seed)
    const own = await sound.replay(history, WORLDS)
    if (own.length) {
      console.log(`The sources themselves break ${own[0]} in this history:\n${JSON.stringify(history)}`)
      continue
    }
    const breaks = violations[0].slice(0, 2)
    const broken = await pool.replay(history, WORLDS)
    const count = broken.filter((violation) => violation.startsWith(breaks)).length
    if (count > (best?.count ?? 0)) best = { count, pin: { sentence, histories: seed ? undefined : histories, breaks, history } }
  }
  await pool.close()
  console.log(`${String(histories).padStart(seed ? 7 : 5)} ${seed ? 'is the seed' : 'histories'}: ${sentence} (${best?.count} of ${WORLDS} worlds, ${best?.pin.history.actions.length} actions)`)
  if (best) pins.push(best.pin)
  else process.exitCode = 1
}
await sound.close()
if (process.exitCode) console.log('Nothing is written: a mutant survives.')
else writePins(pins)
