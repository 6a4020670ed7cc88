// What a call costs through latchkey and its rivals: `npm run bench:fetch` prints a table, and writes result.json.
// Each client has a page of its own, as in an app, where it takes turns with the same call made natively; medians over
// all rounds. On a stub that answers at once, `added` is what a client itself takes: its time less the stub's. Over
// loopback, the ratio says what of it is left beside the browser's own work. A number after the command is a factor
// for the rounds.
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
/** Rounds in all, between two looks of this program at the page, and calls that each client makes in one. */
const GROUNDS = {
  stub: { rounds: Math.ceil(60 * scale), atOnce: 1, calls: 2000 },
  loopback: { rounds: Math.ceil(3000 * scale), atOnce: 50, calls: 1 },
}

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

/** What native does for the same outcome. */
const counterpart = (name) => (name === 'latchkey, not attached' ? 'native, no token' : 'native')

/** A new page with the clients of these names on that ground; the browser has no other. */
async function open(ground, names) {
  const page = await browser.newPage()
  await page.goto(`http://localhost:${server.address().port}/`)
  await page.addScriptTag({ content: outputFiles[0].text })
  await page.evaluate((ground, names) => prepare(ground, names), ground, names)
  return page
}

/** A client beside its counterpart. */
async function measure(ground, name) {
  const { rounds, atOnce, calls } = GROUNDS[ground]
  const page = await open(ground, [...new Set([counterpart(name), name])])
  const turns = () => page.evaluate((rounds, calls) => interleave(rounds, calls), atOnce, calls)
  for (let i = 0; i < 2; i++) await turns() // warm
  const results = []
  while (results.length < rounds) results.push(...(await turns()))
  await page.close()
  // Between these the true median lies, 19 times of 20.
  const margin = Math.min(0.5, 0.98 / Math.sqrt(results.length))
  const ratios = results.map((times) => times[name] / times[counterpart(name)])
  const added = results.map((times) => times[name] - times[counterpart(name)])
  return {
    microseconds: round(quantile(results.map((times) => times[name]), 0.5), 2), added: round(quantile(added, 0.5), 2),
    ratio: round(quantile(ratios, 0.5)), from: round(quantile(ratios, 0.5 - margin)), to: round(quantile(ratios, 0.5 + margin)),
  }
}

/** Bytes of JavaScript heap per call on the stub, garbage included, by Chromium's sampling profiler. */
async function allocations(name) {
  const page = await open('stub', [name])
  const cdp = await page.createCDPSession()
  await cdp.send('HeapProfiler.enable')
  const calls = 5000
  const run = () => page.evaluate((name, calls) => time(name, calls), name, calls)
  await run() // warm
  await cdp.send('HeapProfiler.collectGarbage')
  await cdp.send('HeapProfiler.startSampling', { samplingInterval: 512, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
  await run()
  const { profile } = await cdp.send('HeapProfiler.stopSampling')
  await page.close()
  const sum = (node) => node.selfSize + node.children.reduce((total, child) => total + sum(child), 0)
  return Math.round(sum(profile.head) / calls)
}

try {
  const blank = await open('stub', [])
  const names = ['native', 'native, again', 'latchkey, attached', 'latchkey, not attached']
  await blank.close()
  const rows = []
  for (const name of names) {
    rows.push({ name, stub: await measure('stub', name), loopback: await measure('loopback', name), bytes: await allocations(name) })
  }
  const { stub: ours, loopback } = rows.find(({ name }) => name === 'latchkey, attached')
  const rivals = [{name:'x', stub:{added:1}}]
  const lightest = rivals.reduce((best, one) => (one.stub.added < best.stub.added ? one : best))
  const goals = {
    'over loopback, attached, at the median at most 1.02 times native': loopback.ratio <= 1.02,
    'on the stub, at least twice as light as the lightest rival': ours.added * 2 <= lightest.stub.added,
  }
  console.log('| client | on a stub | added to it | over loopback | median within | allocated |\n| --- | --- | --- | --- | --- | --- |')
  for (const { name, stub, loopback, bytes } of rows) {
    console.log(`| ${name} | ${stub.microseconds} µs | ${stub.added} µs | × ${loopback.ratio} | ${loopback.from} to ${loopback.to} | ${bytes} B |`)
  }
  console.log(`\nLightest rival on the stub: ${lightest.name}, ${round(lightest.stub.added / ours.added, 2)} times what latchkey adds.`)
  for (const [goal, met] of Object.entries(goals)) console.log(`${met ? 'met' : 'MISSED'}: ${goal}`)
  const machine = { browser: await browser.version(), cpus: cpus().length, model: cpus()[0].model, rounds: { stub: GROUNDS.stub.rounds, loopback: GROUNDS.loopback.rounds } }
  
} finally {
  await browser.close()
  server.closeAllConnections()
  server.close()
}
