// Makes a machine ready for the tests and the demo. Node's own modules only: it runs before `npm ci`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setupBrowsers } from './setup-browsers.mjs'

export { findBrowsers } from './setup-browsers.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (path) => join(root, path)

/** Installs what is missing. Answers with the browsers' paths, and the names of those that are not there. `browsers`: all, or their names. */
export async function setup({ browsers = false } = {}) {
  installPackages()
  if (!browsers) return { found: {}, missing: [] }
  return setupBrowsers(browsers === true ? undefined : browsers)
}

/** Builds `dist/` unless it is newer than everything it is made of. */
export async function build() {
  const made = modified('dist/sri.json')
  const sources = ['src', 'rollup.config.mjs', 'package.json', 'tsconfig.json']
  if (made > Math.max(...sources.map(modified))) return
  say('Building dist/.')
  run('npm', ['run', '--silent', 'build', '--', '--silent'], 'The build failed.')
}

/** Installs the packages of the lock file in a folder of the project, unless they are there. */
export function installPackages(folder = '.') {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Node ${process.version} is too old: 20.19 or newer is needed.`)
  if (installed(folder)) return
  say(`Installing the npm packages of ${join(folder, 'package-lock.json')}.`)
  run('npm', ['ci', '--no-audit', '--no-fund'], 'npm ci failed: is the network reachable?', { cwd: inRoot(folder) })
}

/** Whether node_modules holds what package-lock.json asks for, by the list that npm keeps of it. */
function installed(folder) {
  const kept = inRoot(join(folder, 'node_modules/.package-lock.json'))
  if (!existsSync(kept)) return false
  const have = JSON.parse(readFileSync(kept, 'utf8')).packages
  const want = JSON.parse(readFileSync(inRoot(join(folder, 'package-lock.json')), 'utf8')).packages
  return Object.entries(want).every(
    ([path, { version, optional }]) => path === '' || (have[path] ? have[path].version === version : optional),
  )
}

/** When a file, or anything inside a folder, last changed; 0 when it is not there. */
function modified(path) {
  const stat = statSync(inRoot(path), { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0
  return Math.max(stat.mtimeMs, ...readdirSync(inRoot(path)).map((name) => modified(join(path, name))))
}

function run(command, args, problem, { cwd = root } = {}) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(error ? `${problem} (${error.message})` : problem)
}

function say(sentence) {
  console.log(sentence)
}
