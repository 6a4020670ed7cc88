import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, platform, release, totalmem } from 'node:os'
import { spawnSync } from 'node:child_process'
import { findBrowsers } from '../../test/setup.mjs'
import { scenarios } from '../parts/faults/scenarios.mjs'
import { rivals } from '../rivals/index.mjs'
import { here } from './bundle.mjs'

const SCENARIOS = [...Object.keys(scenarios), 'rush', 'restart', 'outage']
const FILE = here('results.json')

export const readResults = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { parts: {} })

const sameRow = (a, b) => ['rival', 'rule', 'scenario', 'story', 'tabs', 'grace'].every((key) => a[key] === b[key])

/** As a whole run would list them. */
const order = ({ grace = 0, tabs = 0, scenario, story, rival, rule }) => {
  const names = ['latchkey', 'plain', 'raw', 'native', 'indexedDB', ...rivals.map(({ name }) => name)]
  return grace * 1e8 + tabs * 1e5 + (SCENARIOS.indexOf(scenario ?? story) + 1) * 1e3 + names.indexOf(rival ?? rule)
}

const machine = () => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()}`,
  node: process.version,
  chromium: spawnSync(findBrowsers().chromium, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ').slice(0, 2).join(' '),
})

/** Replaces one part, or, when only some rivals or numbers of tabs were measured, their rows. `load` tells how busy the machine was before it began. */
export const writeResults = (name, part, { seconds, load, only, tabs }) => {
  const results = readResults()
  const former = results.parts[name]
  if ((only || tabs) && former) {
    const kept = former.rows.filter((row) => !part.rows.some((each) => sameRow(each, row)))
    part.rows = [...kept, ...part.rows].sort((a, b) => order(a) - order(b))
    if (only && part.curves) part.curves = [...former.curves.filter(({ rule }) => !only.includes(rule)), ...part.curves]
  }
  const versions = Object.assign({}, ...rivals.map((rival) => rival.versions))
  results.machine = machine()
  results.versions = versions
  results.parts[name] = { date: new Date().toISOString().slice(0, 16), seconds, load, ...part }
  // Lists of numbers on one line.
  const text = JSON.stringify(results, null, 1).replace(/\[[\s\d.,-]+\]/g, (list) => list.replace(/\s+/g, ' '))
  writeFileSync(FILE, `${text}\n`)
}
