// `npm test`: gets the machine ready, builds, runs every suite, and ends with one line over all of them.
// `npm test -- unit types` runs only the suites named; flags, and what follows them, go to vitest.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { build, root, setup } from './setup.mjs'

const TIME_LIMIT = 25 * 60_000 // for one suite: it only ends what hangs

/** Suites in the order they run. Those that drive a browser say so. */
const SUITES = {
  types: { run: types },
  unit: {},
  simulation: {},
  package: {},
  recipes: { browsers: true },
  bench: {},
  fetch: { browsers: true },
  browser: { browsers: true },
  'engines-chromium': { browsers: true },
  'engines-firefox': { browsers: true },
  'engines-webkit': { browsers: true },
}

const total = { passed: 0, failed: 0, skipped: 0 }
const failures = [] // said again at the end, where a log that was cut still has them
const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
const children = new Set()
let building
let ended = false

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => crash(`Stopped by ${signal}.`))

const [names, flags] = split(process.argv.slice(2))
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) crash(`No such suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`)

const chosen = Object.entries(SUITES).filter(([name]) => names.length === 0 || names.includes(name))
await setup({ browsers: chosen.some(([, { browsers }]) => browsers) })
for (const [name, { run = vitest }] of chosen) {
  title(name)
  await run(name)
}
end()

async function types() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  count('the sources compile', (await node([tsc, '--noEmit', '-p', root])) === 0)
  await built()
  count('the public types are as promised', (await node([tsc, '--noEmit', '-p', join(root, 'test/types')])) === 0)
}

async function vitest(name) {
  await built()
  const report = join(folder, `${name}.json`)
  const status = await node([
    ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', name],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...flags],
  ])
  const failed = total.failed
  for (const file of JSON.parse(readFileSync(report, 'utf8')).testResults) {
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
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    const timer = setTimeout(() => {
      console.error(`No end after ${TIME_LIMIT / 60_000} minutes: stopped.`)
      stop(child)
    }, TIME_LIMIT)
    children.add(child)
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(timer)
      children.delete(child)
      resolve(status)
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
  const says = error instanceof Error ? error.stack : error
  console.error(says)
  failures.push(String(says))
  total.failed++
  for (const child of children) stop(child)
  end()
}

function end() {
  ended = true
  rmSync(folder, { recursive: true, force: true })
  const { passed, failed, skipped } = total
  const bad = failed > 0 || (process.env.CI === 'true' && skipped > 0)
  for (const failure of failures) writeSync(1, `\n✗ ${failure.slice(0, 2000)}\n`)
  writeSync(1, `\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  process.exit(bad ? 1 : 0)
}

/** `['unit', '-t', 'logout']` → the names, then the flags. */
function split(args) {
  const first = args.findIndex((arg) => arg.startsWith('-'))
  return first < 0 ? [args, []] : [args.slice(0, first), args.slice(first)]
}

function title(name) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`)
}
