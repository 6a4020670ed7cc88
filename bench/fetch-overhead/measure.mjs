// What a call costs through latchkey and its rivals: `npm run bench:fetch` prints a table, and writes result.json.
// Compared with the same call made natively, in one round in which every client has its turn; medians over all rounds.
// On a stub that answers at once, `added` is what a client itself takes: its time less the stub's. Over loopback, the
// ratio says what of it is left beside the browser's own work. A number after the command is a factor for the rounds.
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus } from 'node:os'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'
import { findBrowsers } from '../../test/setup.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const scale = Number(argv[2] ?? 1)
const ROUNDS = { stub: Math.ceil(60 * scale), loopback: Math.ceil(3000 * scale) }
/** In a round on the stub, by each client. */
const CALLS = 2000
/** Between two looks of this program at the page. */
const AT_ONCE = 50

const { outputFiles } = await build({
  entryPoints: [here('page.js')],
  alias: { latchkey: here('../../dist/index.js') },
  bundle: true, format: 'iife', platform: 'browser', target: 'chrome120', minify: true, write: false, logLevel: 'error',
})
const server = createServer((request, response) => {
  // Isolated, so that its clock shows microseconds instead of tenths of milliseconds.
  const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  if (request.url === '/') return response.writeHead(200, { 'Content-Type': 'text/html', ...isolated }).end('<!doctype html><title>bench</title><link rel="icon" href="data:,">')
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end('{"ok":true}')
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await puppeteer.launch({ executablePath: findBrowsers().chromium, pipe: true, args: ['--no-sandbox'] })

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * q)]
const round = (number, digits = 3) => Number(number.toFixed(digits))

/** Microseconds of a call, by name, for each round: on the stub over many calls in a row, over loopback call by call. */
async function rounds(page, ground) {
  const names = await page.evaluate((ground) => prepare(ground), ground)
  const turn = (name) => page.evaluate((name, calls) => time(name, calls), name, CALLS)
  const results = []
  if (ground === 'loopback') {
    await page.evaluate((rounds) => interleave(rounds), AT_ONCE) // warm
    while (results.length < ROUNDS.loopback) results.push(...(await page.evaluate((rounds) => interleave(rounds), AT_ONCE)))
    return results
  }
  for (const name of [...names, ...names]) await turn(name) // warm
  for (let i = 0; i < ROUNDS.stub; i++) {
    const times = {}
    // Another order each time, so that nobody always follows the same.
    const order = i % 2 ? names : names.toReversed()
    for (let k = 0; k < names.length; k++) {
      const name = order[(k + i) % names.length]
      times[name] = await turn(name)
    }
    results.push(times)
  }
  return results
}

/** What native does for the same outcome. */
const counterpart = (name) => (name === 'latchkey, not attached' ? 'native, no token' : 'native')

/** Each client beside its counterpart. */
async function measure(page, ground) {
  const results = await rounds(page, ground)
  // Between these the true median lies, 19 times of 20.
  const margin = Math.min(0.5, 0.98 / Math.sqrt(results.length))
  return Object.fromEntries(
    Object.keys(results[0]).map((name) => {
      const ratios = results.map((times) => times[name] / times[counterpart(name)])
      const added = results.map((times) => times[name] - times[counterpart(name)])
      return [name, {
        microseconds: round(quantile(results.map((times) => times[name]), 0.5), 2), added: round(quantile(added, 0.5), 2),
        ratio: round(quantile(ratios, 0.5)), from: round(quantile(ratios, 0.5 - margin)), to: round(quantile(ratios, 0.5 + margin)),
      }]
    }),
  )
}

/** Bytes of JavaScript heap per call on the stub, garbage included, by Chromium's sampling profiler. */
async function allocations(page, names) {
  const cdp = await page.createCDPSession()
  await cdp.send('HeapProfiler.enable')
  const calls = 5000
  const results = {}
  for (const name of names) {
    await cdp.send('HeapProfiler.collectGarbage')
    await cdp.send('HeapProfiler.startSampling', { samplingInterval: 512, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
    await page.evaluate((name, calls) => time(name, calls), name, calls)
    const { profile } = await cdp.send('HeapProfiler.stopSampling')
    const sum = (node) => node.selfSize + node.children.reduce((total, child) => total + sum(child), 0)
    results[name] = Math.round(sum(profile.head) / calls)
  }
  return results
}

try {
  const page = await browser.newPage()
  await page.goto(`http://localhost:${server.address().port}/`)
  await page.addScriptTag({ content: outputFiles[0].text })
  const names = await page.evaluate(() => prepare('stub'))
  const stub = await measure(page, 'stub')
  const bytes = await allocations(page, names)
  const loopback = await measure(page, 'loopback')

  const rows = names.map((name) => ({ name, stub: stub[name], loopback: loopback[name], bytes: bytes[name] }))
  const weight = (name) => stub[name].added
  const rivals = rows.filter(({ name }) => !/^(native|latchkey)/.test(name))
  const lightest = rivals.reduce((best, one) => (weight(one.name) < weight(best.name) ? one : best))
  const goals = {
    'over loopback, attached, at the median at most 1.02 times native': loopback['latchkey, attached'].ratio <= 1.02,
    'on the stub, at least twice as light as the lightest rival': weight('latchkey, attached') * 2 <= weight(lightest.name),
  }
  console.log('| client | on a stub | added to it | over loopback | median within | allocated |\n| --- | --- | --- | --- | --- | --- |')
  for (const { name, stub, loopback, bytes } of rows) {
    console.log(`| ${name} | ${stub.microseconds} µs | ${stub.added} µs | × ${loopback.ratio} | ${loopback.from} to ${loopback.to} | ${bytes} B |`)
  }
  console.log(`\nLightest rival on the stub: ${lightest.name}, ${round(weight(lightest.name) / weight('latchkey, attached'), 2)} times what latchkey adds.`)
  for (const [goal, met] of Object.entries(goals)) console.log(`${met ? 'met' : 'MISSED'}: ${goal}`)
  const machine = { browser: await browser.version(), cpus: cpus().length, model: cpus()[0].model, rounds: ROUNDS.stub }
  await writeFile(here('result.json'), `${JSON.stringify({ machine, goals, clients: Object.fromEntries(rows.map(({ name, ...row }) => [name, row])) }, null, 2)}\n`)
} finally {
  await browser.close()
  server.closeAllConnections()
  server.close()
}
