// What a call costs through latchkey and its rivals: `npm run bench:fetch` prints a table, and writes result.json.
// Figures are ratios to native within one round, in which every client has its turn; medians over all rounds.
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
const GROUNDS = {
  stub: { rounds: Math.ceil(60 * scale), calls: 300 },
  loopback: { rounds: Math.ceil(60 * scale), calls: 20 },
}

const { outputFiles } = await build({
  entryPoints: [here('page.js')],
  alias: { latchkey: here('../../dist/index.js') },
  bundle: true, format: 'iife', platform: 'browser', target: 'chrome120', minify: true, write: false, logLevel: 'error',
})
const server = createServer((request, response) => {
  if (request.url === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>bench</title><link rel="icon" href="data:,">')
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end('{"ok":true}')
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await puppeteer.launch({ executablePath: findBrowsers().chromium, pipe: true, args: ['--no-sandbox'] })

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * q)]
const round = (number, digits = 3) => Number(number.toFixed(digits))

/** Ratios to native of each client, round by round. */
async function measure(page, ground) {
  const { rounds, calls } = GROUNDS[ground]
  const names = await page.evaluate((ground) => prepare(ground), ground)
  const turn = (name) => page.evaluate((name, calls) => time(name, calls), name, calls)
  for (let i = 0; i < 3; i++) for (const name of names) await turn(name) // warm
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let i = 0; i < rounds; i++) {
    // Another order each time, so that nobody always follows the same.
    for (let k = 0; k < names.length; k++) times[names[(k * (i % 2 ? 1 : names.length - 1) + i) % names.length]].push(await turn(names[(k * (i % 2 ? 1 : names.length - 1) + i) % names.length]))
  }
  return Object.fromEntries(
    names.map((name) => {
      const ratios = times[name].map((time, index) => time / times.native[index])
      const added = times[name].map((time, index) => time - times.native[index])
      return [name, {
        microseconds: round(quantile(times[name], 0.5), 2), added: round(quantile(added, 0.5), 2),
        ratio: round(quantile(ratios, 0.5)), from: round(quantile(ratios, 0.25)), to: round(quantile(ratios, 0.75)),
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
  const stub = await measure(page, 'stub')
  const bytes = await allocations(page, Object.keys(stub))
  const loopback = await measure(page, 'loopback')

  const rows = Object.keys(stub).map((name) => ({ name, stub: stub[name], loopback: loopback[name], bytes: bytes[name] }))
  const weight = (name) => stub[name].added
  const rivals = rows.filter(({ name }) => name !== 'native' && !name.startsWith('latchkey'))
  const lightest = rivals.reduce((best, one) => (weight(one.name) < weight(best.name) ? one : best))
  const goals = {
    'over loopback, attached, at the median at most 1.02 times native': loopback['latchkey, attached'].ratio <= 1.02,
    'on the stub, at least twice as light as the lightest rival': weight('latchkey, attached') * 2 <= weight(lightest.name),
  }
  console.log('| client | on a stub | added to it | over loopback | spread | allocated |\n| --- | --- | --- | --- | --- | --- |')
  for (const { name, stub, loopback, bytes } of rows) {
    console.log(`| ${name} | ${stub.microseconds} µs | ${stub.added} µs | × ${loopback.ratio} | ${loopback.from} to ${loopback.to} | ${bytes} B |`)
  }
  console.log(`\nLightest rival on the stub: ${lightest.name}, ${round(weight(lightest.name) / weight('latchkey, attached'), 2)} times what latchkey adds.`)
  for (const [goal, met] of Object.entries(goals)) console.log(`${met ? 'met' : 'MISSED'}: ${goal}`)
  const machine = { browser: await browser.version(), cpus: cpus().length, model: cpus()[0].model, rounds: GROUNDS.stub.rounds }
  await writeFile(here('result.json'), `${JSON.stringify({ machine, goals, clients: Object.fromEntries(rows.map(({ name, ...row }) => [name, row])) }, null, 2)}\n`)
} finally {
  await browser.close()
  server.closeAllConnections()
  server.close()
}
