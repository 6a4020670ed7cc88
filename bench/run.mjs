// `npm run bench`: sets itself up, measures, writes results.json, results.md and the charts.
// `npm run bench -- size storm` measures these parts again and keeps the figures of the others.
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setup } from './lib/setup.mjs'

const PARTS = ['size', 'storm', 'faults', 'growth', 'fleet', 'cost', 'cold', 'logout']

const FLAGS = ['repeats', 'seconds', 'idle-tabs', 'tabs', 'scenario', 'clients', 'only', 'dry']
const USAGE = `npm run bench -- [part …] [--flag=value …]\nParts: ${PARTS.join(', ')}. Default: all.\nFlags: ${FLAGS.map((name) => `--${name}=`).join(', ')}; README.md says what they do.`

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('-'))
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1]
const unknown = args.filter((arg) => (arg.startsWith('-') ? !FLAGS.some((name) => arg.startsWith(`--${name}=`)) : !PARTS.includes(arg)))
if (unknown.length) {
  const asked = args.includes('--help') || args.includes('-h')
  if (asked) console.log(USAGE)
  else console.error(`Unknown: ${unknown.join(' ')}\n${USAGE}`)
  process.exit(asked ? 0 : 1)
}

await setup()
const { readResults, writeResults } = await import('./lib/results.mjs')
const { render } = await import('./lib/report.mjs')
const { draw } = await import('./lib/charts.mjs')

const say = (sentence) => console.log(`  ${sentence}`)
const settings = {
  say,
  ...(option('repeats') && { repeats: Number(option('repeats')) }),
  ...(option('seconds') && { seconds: Number(option('seconds')) }),
  ...(option('idle-tabs') && { idleTabs: Number(option('idle-tabs')) }),
  ...(option('tabs') && { tabs: option('tabs').split(',').map(Number) }),
  ...(option('scenario') && { scenario: option('scenario') }),
  ...(option('clients') && { clients: Number(option('clients')) }),
  ...(option('only') && { only: option('only').split(',') }),
}
// Of the minute before: what is added from here on is the bench itself.
const load = Number(loadavg()[0].toFixed(1))
for (const name of names.length ? names : PARTS) {
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`)
  const { run } = await import(`./parts/${name}.mjs`)
  const started = Date.now()
  const part = await run(settings)
  if (option('dry')) console.log(JSON.stringify(part, null, 1))
  else writeResults(name, part, { seconds: Math.round((Date.now() - started) / 1000), load, only: settings.only, tabs: settings.tabs })
}
if (!option('dry')) {
  const results = readResults()
  writeFileSync(new URL('results.md', import.meta.url), render(results))
  await draw(results)
  console.log('\nWritten: bench/results.json, bench/results.md, bench/charts/.')
}
