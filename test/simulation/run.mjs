// npm run test:simulation -- --seconds 600        goes on with fresh seeds
// npm run test:simulation -- --seed 42            replays one, shrunk, with its trace
// npm run test:simulation -- --from 1 --to 20001  a range; --threads 1
// npm run test:simulation -- --compare <rev>      the same seeds on the sources of the work tree and of that revision
import { parseArgs } from 'node:util'
import { bundleOwn, bundleRevision, compare, tellParting } from './compare.mjs'
import { bundle, createPool, replay, tell } from './pool.mjs'

const { values } = parseArgs({
  options: Object.fromEntries(['seconds', 'seed', 'from', 'to', 'threads', 'show', 'most', 'compare'].map((name) => [name, { type: 'string' }])),
})
const number = (name, otherwise) => (values[name] === undefined ? otherwise : Number(values[name]))

if (values.compare) {
  const { code, ownSimulator } = await bundleRevision(values.compare)
  if (ownSimulator) console.log(`The sources of ${values.compare} do not fit the simulator of the work tree: they run with their own.`)
  const from = number('from', 1)
  const parting = await compare(await bundleOwn(), code, { from, to: number('to', from + 1000) })
  console.log(tellParting(parting, values.compare))
  process.exit(parting.parted.length ? 1 : 0)
}

const pool = createPool(await bundle(), number('threads', 2))

if (values.seed) {
  const verdict = await pool.shrink(Number(values.seed))
  console.log(verdict.violations.length ? tell(verdict) : `${verdict.trace.join('\n')}\nSeed ${values.seed} breaks nothing.`)
  await pool.close()
  process.exit(verdict.violations.length ? 1 : 0)
}

// Fresh seeds: the clock's, above those of the test suite.
const from = number('from', Math.floor(Date.now() / 1000) * 1000)
const seconds = number('seconds', values.to ? Infinity : 60)
const started = performance.now()
const passed = () => (performance.now() - started) / 1000
let histories = 0
let tokenRequests = 0
let last = 0
const failures = []
const rate = () => `${histories} histories from seed ${from}, ${Math.round(histories / passed())} a second, ${tokenRequests} token requests, ${failures.length} failures`
await pool.run({
  from,
  to: number('to', Infinity),
  stop: () => passed() > seconds || failures.length >= number('most', 50),
  onReport(report) {
    histories += report.to - report.from
    tokenRequests += report.tokenRequests
    failures.push(...report.failures)
    for (const { seed, violations } of report.failures) console.log(`${violations[0]}\n  ${replay(seed)}`)
    if (passed() - last < 30) return
    last = passed()
    console.log(rate())
  },
})
console.log(rate())
for (const { seed } of failures.slice(0, number('show', 1))) console.log(tell(await pool.shrink(seed)))
await pool.close()
process.exit(failures.length ? 1 : 0)
