import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import { spawnSync } from 'node:child_process'
import { findBrowsers } from '../../test/setup.mjs'
import { rivals } from '../rivals/index.mjs'
import { here } from './bundle.mjs'

const FILE = here('results.json')

export const readResults = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { parts: {} })

const sameRow = (a, b) => ['rival', 'rule', 'scenario', 'story', 'tabs', 'grace'].every((key) => a[key] === b[key])

const machine = () => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()}`,
  node: process.version,
  chromium: spawnSync(findBrowsers().chromium, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ').slice(0, 2).join(' '),
})

/** Replaces one part, or of one part the rows of those rivals. `load` tells how busy the machine was when it was done. */
export const writeResults = (name, part, { seconds, only }) => {
  const results = readResults()
  const former = results.parts[name]
  if (only && former) {
    part.rows = former.rows.map((row) => part.rows.find((each) => sameRow(each, row)) ?? row)
    if (part.curves) part.curves = [...former.curves.filter(([, rule]) => !only.includes(rule)), ...part.curves]
  }
  const versions = Object.assign({}, ...rivals.map((rival) => rival.versions))
  results.machine = machine()
  results.versions = versions
  results.parts[name] = { date: new Date().toISOString().slice(0, 16), seconds, load: Number(loadavg()[1].toFixed(1)), ...part }
  writeFileSync(FILE, `${JSON.stringify(results, null, 1)}\n`)
}
