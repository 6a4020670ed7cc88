import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import { spawnSync } from 'node:child_process'
import { findBrowsers } from '../../test/setup.mjs'
import { rivals } from '../rivals/index.mjs'
import { here } from './bundle.mjs'

const FILE = here('results.json')

export const readResults = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { parts: {} })

const machine = () => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()}`,
  node: process.version,
  chromium: spawnSync(findBrowsers().chromium, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ').slice(0, 2).join(' '),
})

/** Replaces one part. `load` tells how busy the machine was when it was done. */
export const writeResults = (name, part, { seconds }) => {
  const results = readResults()
  const versions = Object.assign({}, ...rivals.map((rival) => rival.versions))
  results.machine = machine()
  results.versions = versions
  results.parts[name] = { date: new Date().toISOString().slice(0, 16), seconds, load: Number(loadavg()[0].toFixed(1)), ...part }
  writeFileSync(FILE, `${JSON.stringify(results, null, 1)}\n`)
}
