// A new page with a stored session: how long until the first authorized request has been answered. Whoever has a session
// has been there before, so the code is compiled when it is needed, as it would come from the browser's code cache.
import { launch } from '../lib/browser.mjs'
import { signIn } from '../lib/sign-in.mjs'
import { startSite } from '../lib/site.mjs'
import { round, spread, median } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const until = (page) => page.waitForFunction(() => globalThis.loaded, { polling: 20 })

/** Before anything of the page runs: notes when the request for the API is handed to the browser. */
const note = () => {
  const now = () => (globalThis.onWire ??= performance.now())
  const isApi = (url) => String(url?.url ?? url).endsWith('/api/me')
  const real = globalThis.fetch
  globalThis.fetch = (...args) => {
    if (isApi(args[0])) now()
    return real(...args)
  }
  const { open, send } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.isApi = isApi(url)
    return open.call(this, method, url, ...rest)
  }
  XMLHttpRequest.prototype.send = function (body) {
    if (this.isApi) now()
    return send.call(this, body)
  }
}

/** In the page, whose code is there already: milliseconds from `open` until the request is sent, and answered. */
const first = (page, answer) =>
  page.evaluate(async (answer) => {
    const start = performance.now()
    await globalThis.open(answer)
    await globalThis.call(1)
    return [globalThis.onWire - start, performance.now() - start]
  }, answer)

/** What it is compared with, each in a fresh page of the same browser. */
const raw = {
  native: async (token) => {
    const start = performance.now()
    await fetch('/api/me', { headers: { Authorization: `Bearer ${token}` } })
    return [globalThis.onWire - start, performance.now() - start]
  },
  indexedDB: async (token) => {
    const start = performance.now()
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
    const opening = indexedDB.open('bench-raw')
    opening.onupgradeneeded = () => opening.result.createObjectStore('store').put({ tokens: { accessToken: token } }, 'record')
    const database = await done(opening)
    const record = await done(database.transaction('store').objectStore('store').get('record'))
    await fetch('/api/me', { headers: { Authorization: `Bearer ${record.tokens.accessToken}` } })
    return [globalThis.onWire - start, performance.now() - start]
  },
}

/** Time that the page's script takes to be compiled and run, by the browser's own trace. */
const scriptTime = async (page, site, name) => {
  const client = await page.createCDPSession()
  await client.send('Performance.enable')
  const metric = async () => {
    const { metrics } = await client.send('Performance.getMetrics')
    return metrics.find((each) => each.name === 'ScriptDuration').value * 1000
  }
  await page.goto(`${site.origin}/page/${name}`)
  await until(page)
  const value = await metric()
  await client.detach()
  return value
}

export const run = async ({ say, only, repeats = 21 }) => {
  const site = await startSite({ lifetime: 3600, compiled: true })
  const browser = await launch()
  // What keeps nothing cannot start with it.
  const chosen = rivals.filter(({ name, about }) => (!only || only.includes(name)) && about.keeps !== 'memory')
  const took = new Map(['native', 'indexedDB', ...chosen.map(({ name }) => name)].map((name) => [name, { wire: [], call: [], script: [] }]))
  const contexts = new Map()
  const { access_token } = await site.login()
  try {
    for (const name of took.keys()) {
      const context = await browser.createBrowserContext()
      const page = await context.newPage()
      const rival = chosen.find((each) => each.name === name)
      await page.goto(`${site.origin}/page/${rival ? name : 'raw'}`)
      await until(page)
      contexts.set(name, { context, rival, answers: rival ? await signIn(site, rival, [page]) : [] })
      if (name === 'indexedDB') await page.evaluate(raw.indexedDB, access_token)
      await page.close()
    }
    // A fresh page each time, all in turn.
    for (let i = 0; i < repeats; i++) {
      for (const [name, { context, rival, answers }] of contexts) {
        const page = await context.newPage()
        await page.evaluateOnNewDocument(note)
        took.get(name).script.push(await scriptTime(page, site, rival ? name : 'raw'))
        // The connection is there: what is left is what the library does.
        await page.evaluate(() => fetch('/api/warm'))
        const [wire, call] = rival ? await first(page, answers[0]) : await page.evaluate(raw[name], access_token)
        took.get(name).wire.push(wire)
        took.get(name).call.push(call)
        await page.close()
      }
    }
  } finally {
    await browser.close()
    await site.close()
  }
  const base = { native: median(took.get('native').call), indexedDB: median(took.get('indexedDB').call), wire: median(took.get('indexedDB').wire) }
  const rows = [...took].map(([name, { wire, call, script }]) => {
    const row = {
      rival: name,
      ms: spread(call.map((value) => round(value))),
      wire: spread(wire.map((value) => round(value))),
      wireToIndexedDB: round(median(wire) / base.wire),
      toNative: round(median(call) / base.native),
      toIndexedDB: round(median(call) / base.indexedDB),
      script: spread(script.map((value) => round(value))),
    }
    say(`${name}: sent after ${row.wire.median} ms (× ${row.wireToIndexedDB} IndexedDB read), answered after ${row.ms.median} ms, × ${row.toNative} native fetch, × ${row.toIndexedDB} IndexedDB read and fetch; script ${row.script.median} ms`)
    return row
  })
  return { rows }
}
