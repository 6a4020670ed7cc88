// Makes a machine ready for the tests and the demo. Node's own modules only: it runs before `npm ci`.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (path) => join(root, path)

/** The browsers the tests drive: where they may be, and the Debian packages that bring them. */
const BROWSERS = {
  chromium: { commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], packages: ['chromium'] },
  firefox: { commands: ['firefox-esr', 'firefox'], packages: ['firefox-esr'] },
  webkit: { commands: ['WebKitWebDriver'], packages: ['webkit2gtk-driver', 'xvfb'] },
}

/** Installs what is missing. Answers with the browsers' paths, and the names of those that are not there. */
export async function setup({ browsers = false } = {}) {
  installPackages()
  return browsers ? prepareBrowsers() : { found: {}, missing: [] }
}

/** Builds `dist/` unless it is newer than everything it is made of. */
export async function build() {
  const made = modified('dist/sri.json')
  const sources = ['src', 'rollup.config.mjs', 'package.json', 'tsconfig.json']
  if (made > Math.max(...sources.map(modified))) return
  say('Building dist/.')
  run('npm', ['run', '--silent', 'build', '--', '--silent'], 'The build failed.')
}

/** Path of each browser that is there. */
export function findBrowsers() {
  const found = {}
  for (const [name, { commands }] of Object.entries(BROWSERS)) {
    const path = commands.map(which).find(Boolean)
    if (path && (name !== 'webkit' || process.env.DISPLAY || which('Xvfb'))) found[name] = path
  }
  return found
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

function prepareBrowsers() {
  let found = findBrowsers()
  let missing = lacking(found)
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && which('apt-get')
  if (missing.length > 0 && canInstall) {
    const packages = missing.flatMap((name) => BROWSERS[name].packages)
    say(`Installing ${packages.join(', ')} with apt: this takes a minute or two.`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['-qq', 'update'], 'apt-get update failed.', { env, optional: true })
    run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...packages], 'apt-get could not install the browsers.', { env, optional: true })
    found = findBrowsers()
    missing = lacking(found)
  }
  if (missing.length > 0) {
    const which = `${missing.join(', ')} (Debian: ${missing.flatMap((name) => BROWSERS[name].packages).join(' ')})`
    if (process.env.CI === 'true') throw new Error(`Missing browser: ${which}. With CI=true every test has to run.`)
    say(`Not found, so its tests are skipped: ${which}.`)
  }
  return { found, missing }
}

const lacking = (found) => Object.keys(BROWSERS).filter((name) => !found[name])

function which(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
}

/** When a file, or anything inside a folder, last changed; 0 when it is not there. */
function modified(path) {
  const stat = statSync(inRoot(path), { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0
  return Math.max(stat.mtimeMs, ...readdirSync(inRoot(path)).map((name) => modified(join(path, name))))
}

function run(command, args, problem, { env = process.env, cwd = root, optional = false } = {}) {
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  if (!optional) throw new Error(error ? `${problem} (${error.message})` : problem)
  say(problem)
}

function say(sentence) {
  console.log(sentence)
}
