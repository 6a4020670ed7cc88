// `npm run setup:browsers`: finds the browsers that the tests drive, and installs those that are missing: as root on
// Debian with apt; elsewhere it says which. Node's own modules only.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Where each browser may be, and the Debian packages that bring it. */
const BROWSERS = {
  chromium: { commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], packages: ['chromium'] },
  firefox: { commands: ['firefox-esr', 'firefox'], packages: ['firefox-esr'] },
  webkit: { commands: ['WebKitWebDriver'], packages: ['webkit2gtk-driver', 'xvfb'] },
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

/** Installs those of these browsers that are missing. Answers with all that are there, and the names of those that are not. */
export function setupBrowsers(names = Object.keys(BROWSERS)) {
  const lacking = () => names.filter((name) => !findBrowsers()[name])
  let missing = lacking()
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && which('apt-get')
  if (missing.length > 0 && canInstall) {
    const packages = packagesOf(missing)
    console.log(`Installing ${packages.join(', ')} with apt: this takes a minute or two.`)
    apt('-qq', 'update')
    apt('-qq', '-y', '--no-install-recommends', 'install', ...packages)
    missing = lacking()
  }
  if (missing.length > 0) {
    const which = `${missing.join(', ')} (Debian: ${packagesOf(missing).join(' ')})`
    if (process.env.CI === 'true') throw new Error(`Missing browser: ${which}. With CI=true every test has to run.`)
    console.log(`Not found, so its tests are skipped: ${which}.`)
  }
  return { found: findBrowsers(), missing }
}

const packagesOf = (names) => names.flatMap((name) => BROWSERS[name].packages)

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) console.log(`This failed: apt-get ${args.join(' ')}`)
}

function which(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const { found, missing } = setupBrowsers()
    for (const [name, path] of Object.entries(found)) console.log(`${name}: ${path}`)
    process.exitCode = missing.length > 0 ? 1 : 0
  } catch ({ message }) {
    console.error(message)
    process.exitCode = 1
  }
}
