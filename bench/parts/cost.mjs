// What a call with a fresh token costs, beside the same call made natively in the same page, in turn.
import { launch, load } from '../lib/browser.mjs'
import { signIn } from '../lib/sign-in.mjs'
import { startSite } from '../lib/site.mjs'
import { median, round, spread } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const BATCH = 1000
const LOOPBACK = 20

/** Before anything of the page runs: a `fetch` that answers from memory, beside the real one. */
const stub = () => {
  const real = globalThis.fetch
  const answer = new Response()
  globalThis.nativeFetch = (input, init) => (String(input?.url ?? input).endsWith('/stub') ? Promise.resolve(answer) : real(input, init))
  globalThis.fetch = globalThis.nativeFetch
}

/** Microseconds a call: one after the other, so many. */
const batch = (which, url, count) =>
  (async () => {
    const run = which === 'native' ? (url) => globalThis.nativeFetch(url, { headers: { Authorization: 'Bearer none' } }) : (url) => globalThis.client.fetch(url)
    const start = performance.now()
    for (let i = 0; i < count; i++) await run(url).catch(() => {})
    return ((performance.now() - start) * 1000) / count
  })()

/** Bytes that a call leaves to the garbage collector. */
const allocated = async (page, which) => {
  const client = await page.createCDPSession()
  const used = async () => (await client.send('Runtime.getHeapUsage')).usedSize
  await client.send('HeapProfiler.collectGarbage')
  const before = await used()
  await page.evaluate(batch, which, '/api/stub', 200)
  const after = await used()
  await client.detach()
  return (after - before) / 200
}

export const run = async ({ say, only, repeats = 15 }) => {
  const site = await startSite({ lifetime: 3600 })
  const browser = await launch()
  const pages = new Map()
  const seen = new Map()
  try {
    for (const rival of rivals.filter(({ name }) => !only || only.includes(name))) {
      const context = await browser.createBrowserContext()
      const page = await context.newPage()
      await page.evaluateOnNewDocument(stub)
      await load(page, site, rival.name)
      const [answer] = await signIn(site, rival, [page])
      await page.evaluate((answer) => globalThis.open(answer).then(() => globalThis.call(1)), answer)
      pages.set(rival, page)
      seen.set(rival, { native: [], stub: [], nativeLoop: [], loop: [], bytes: [], nativeBytes: [] })
      // axios sends by XMLHttpRequest, which the stub does not stand in for.
      if (rival.about.with !== 'axios') for (const which of ['native', 'own']) await page.evaluate(batch, which, '/api/stub', BATCH)
    }
    for (let i = 0; i < repeats; i++) {
      for (const [rival, page] of pages) {
        const figures = seen.get(rival)
        if (rival.about.with !== 'axios') {
          figures.native.push(await page.evaluate(batch, 'native', '/api/stub', BATCH))
          figures.stub.push(await page.evaluate(batch, 'own', '/api/stub', BATCH))
          figures.nativeBytes.push(await allocated(page, 'native'))
          figures.bytes.push(await allocated(page, 'own'))
        }
        figures.nativeLoop.push(await page.evaluate(batch, 'native', '/api/me', LOOPBACK))
        figures.loop.push(await page.evaluate(batch, 'own', '/api/me', LOOPBACK))
      }
    }
  } finally {
    await browser.close()
    await site.close()
  }
  const rows = [...seen].map(([{ name }, { native, stub, nativeLoop, loop, bytes, nativeBytes }]) => {
    const ratios = loop.map((value, i) => round(value / nativeLoop[i]))
    const row = {
      rival: name,
      loopback: spread(ratios),
      ...(stub.length && { stub: spread(stub.map((value) => round(value))), native: spread(native.map((value) => round(value))), bytes: Math.round(median(bytes) - median(nativeBytes)) }),
    }
    say(`${name}: × ${row.loopback.median} native over loopback (${row.loopback.low} to ${row.loopback.high})${row.stub ? `, ${row.stub.median} µs over a stub of ${row.native.median} µs, ${row.bytes} bytes` : ''}`)
    return row
  })
  return { batch: BATCH, rows }
}
