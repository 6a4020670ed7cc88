// `npm test`: gets the machine ready, builds, runs every guarantee once, and ends with one line over all suites.
// `npm test -- --all`, and CI=true: every engine, every history. `npm test -- unit types`: only the suites named.
// Other flags, and what follows them, go to vitest.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { build, root, setup } from './setup.mjs'

const TIME_LIMIT = 25 * 60_000 // for one suite: it only ends what hangs

/**
 * Two lanes run side by side, each one suite at a time: suites that wait for browsers, and suites that compute. Each
 * lane begins with the suites that take longest. `browsers`: which a suite drives. `deep`: only with --all.
 */
const SUITES = {
  types: { run: types },
  'engines-firefox': { lane: 'browsers', browsers: ['firefox'], deep: true },
  browser: { lane: 'browsers', browsers: ['chromium'] },
  'engines-chromium': { lane: 'browsers', browsers: ['chromium'] },
  fetch: { lane: 'browsers', browsers: ['chromium'] },
  servers: { lane: 'browsers', browsers: ['chromium'], deep: true },
  security: { lane: 'browsers', browsers: ['chromium'] },
  // Last, when the other lane has little left: beside others, WebKit's IndexedDB takes longer than storage may.
  'engines-webkit': { lane: 'browsers', browsers: ['webkit'], deep: true },
  simulation: {},
  package: {},
  recipes: { browsers: ['chromium'] },
  unit: {},
  bench: {},
}

const total = { passed: 0, failed: 0, skipped: 0 }
const failures = [] // said again at the end, where a log that was cut still has them
const files = [] // { suite, file, ms }
const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
const running = new Map() // children, and what they have said so far
let building
let ended = false

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => crash(`Stopped by ${signal}.`))

const { all, names, flags } = split(process.argv.slice(2))
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) crash(`No such suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`)

const chosen = Object.keys(SUITES).filter((name) => (names.length > 0 ? names.includes(name) : all || !SUITES[name].deep))
const browsers = new Set(chosen.flatMap((name) => SUITES[name].browsers ?? []))
await setup({ browsers: browsers.size > 0 && [...browsers] })
const env = { ...process.env, ...(all && { LATCHKEY_ALL: '1' }), ...(process.stdout.isTTY && !process.env.NO_COLOR && { FORCE_COLOR: '1' }) }
const alone = chosen.length === 1 // its output need not wait for its end
if (!alone) console.log(`Running ${chosen.join(', ')}. What a suite says is shown when it ends.`)
await Promise.all([lane('browsers'), lane(undefined)])
end()

/** Takes suites of its own kind, in order, then those that the other lane has not come to. */
async function lane(kind) {
  for (;;) {
    const own = chosen.findIndex((name) => SUITES[name].lane === kind)
    const [name] = chosen.splice(Math.max(own, 0), 1)
    if (!name) return
    await (SUITES[name].run ?? vitest)(name)
  }
}

async function types(name) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const started = Date.now()
  const sources = await node([tsc, '--noEmit', '-p', root])
  show(name, started, sources.output)
  count('the sources compile', sources.status === 0)
  await built()
  const promised = await node([tsc, '--noEmit', '-p', join(root, 'test/types')])
  say(promised.output)
  count('the public types are as promised', promised.status === 0)
}

async function vitest(name) {
  await built()
  const report = join(folder, `${name}.json`)
  const started = Date.now()
  const { status, output } = await node([
    ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', name],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...flags],
  ])
  show(name, started, output)
  const failed = total.failed
  for (const file of existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : []) {
    files.push({ suite: name, file: relative(root, file.name), ms: file.endTime - file.startTime })
    const results = file.assertionResults.map(({ status, fullName, failureMessages }) => ({ status, says: [fullName, ...failureMessages] }))
    const loaded = file.status !== 'failed' || results.some(({ status }) => status === 'failed')
    if (!loaded) results.push({ status: 'failed', says: [file.message] })
    for (const { status, says } of results) {
      total[status === 'passed' || status === 'failed' ? status : 'skipped']++
      if (status === 'failed') failures.push([`${name} ${relative(root, file.name)}`, ...says].join('\n'))
    }
  }
  if (status !== 0 && total.failed === failed) count(`the suite ${name} ends without an error outside its tests`, false)
}

/** The build counts as a test of its own, once, and without it there is nothing to test. */
function built() {
  return (building ??= build().then(() => count('the package builds', true)))
}

function count(sentence, passed) {
  total[passed ? 'passed' : 'failed']++
  if (!passed) failures.push(sentence)
  console.log(` ${passed ? '✓' : '✗'} ${sentence}`)
}

/** Runs a Node program to its end in a process group of its own, so that nothing outlives the time limit. */
function node(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', ...Array(2).fill(alone ? 'inherit' : 'pipe')], detached: true })
    const said = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk))
    const timer = setTimeout(() => {
      said.push(Buffer.from(`No end after ${TIME_LIMIT / 60_000} minutes: stopped.\n`))
      stop(child)
    }, TIME_LIMIT)
    running.set(child, said)
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ status, output: String(Buffer.concat(said)) })
    })
  })
}

function stop(child) {
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal)
    } catch {} // it has ended
  }
  kill('SIGTERM')
  setTimeout(kill, 3_000, 'SIGKILL').unref()
}

/** Something went wrong outside every test: that counts as one failure. */
function crash(error) {
  if (ended) return
  for (const [child, said] of running) {
    say(String(Buffer.concat(said)))
    stop(child)
  }
  const says = error instanceof Error ? error.stack : error
  console.error(says)
  failures.push(String(says))
  total.failed++
  end()
}

function end() {
  ended = true
  rmSync(folder, { recursive: true, force: true })
  const { passed, failed, skipped } = total
  const bad = failed > 0 || (process.env.CI === 'true' && skipped > 0)
  for (const failure of failures) say(`\n✗ ${failure.slice(0, 2000)}\n`)
  if (files.length > 1) say('\nThe test files that took longest:\n')
  for (const { suite, file, ms } of files.sort((a, b) => b.ms - a.ms).slice(0, 10)) say(`${(ms / 1000).toFixed(1).padStart(7)} s  ${file} (${suite})\n`)
  say(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  process.exit(bad ? 1 : 0)
}

/** `['--all', 'unit', '-t', 'logout']` → whether all, the names, then the flags. */
function split(args) {
  const rest = args.filter((arg) => arg !== '--all')
  const first = rest.findIndex((arg) => arg.startsWith('-'))
  const [names, flags] = first < 0 ? [rest, []] : [rest.slice(0, first), rest.slice(first)]
  return { all: args.length > rest.length || process.env.CI === 'true', names, flags }
}

/** The output of a suite, under its name and the seconds it took. */
function show(name, started, output) {
  const title = `${name}${alone ? '' : `, ${Math.round((Date.now() - started) / 1000)} s`}`
  say(`\n── ${title} ${'─'.repeat(Math.max(0, 60 - title.length))}\n${output}`)
}

/** All of it, even at the end of the process and into a pipe that is full. */
function say(text) {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
