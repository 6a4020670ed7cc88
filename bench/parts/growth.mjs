// How cost grows: with tabs (counted, in the simulator, over the library's own code), with calls (memory), and at rest (CPU).
import { setTimeout as sleep } from 'node:timers/promises'
import { importTypeScript } from '../lib/bundle.mjs'
import { launch, load } from '../lib/browser.mjs'
import { signIn } from '../lib/sign-in.mjs'
import { startSite } from '../lib/site.mjs'
import { round, spread } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const TABS = [1, 2, 5, 10, 20, 50, 100]
const STEPS = [100_000, 250_000, 500_000, 750_000, 1_000_000]

/** Bytes of the heap that are in use after so many calls, over a `fetch` that answers from memory. */
const memory = async (say) => {
  const site = await startSite()
  const browser = await launch()
  try {
    const page = await browser.newPage()
    const client = await page.createCDPSession()
    await page.evaluateOnNewDocument(() => {
      const real = globalThis.fetch
      const answer = new Response()
      globalThis.fetch = (input, init) => (String(input?.url ?? input).endsWith('/stub') ? Promise.resolve(answer) : real(input, init))
    })
    await load(page, site, 'latchkey')
    await signIn(site, rivals[0], [page])
    await page.evaluate(() => globalThis.open())
    const used = async () => {
      await client.send('HeapProfiler.collectGarbage')
      return (await client.send('Runtime.getHeapUsage')).usedSize
    }
    const make = (count) =>
      page.evaluate(async (count) => {
        for (let i = 0; i < count; i++) await globalThis.client.fetch('/api/stub')
      }, count)
    await make(50_000) // warm
    const start = await used()
    const points = [[0, start]]
    for (let i = 0, done = 0; i < STEPS.length; done = STEPS[i++]) {
      await make(STEPS[i] - done)
      points.push([STEPS[i], await used()])
    }
    const growth = points.at(-1)[1] - start
    say(`memory: ${growth} bytes more after a million calls`)
    return { points, growth }
  } finally {
    await browser.close()
    await site.close()
  }
}

/** CPU milliseconds of all renderers of one browser while so many tabs, with a session or without, do nothing. */
const rest = async (site, name, tabs, seconds) => {
  const browser = await launch()
  try {
    const pages = []
    for (let t = 0; t < tabs; t++) pages.push(await browser.newPage())
    for (const page of pages) await load(page, site, name)
    const rival = rivals.find((each) => each.name === name)
    if (rival) {
      const answers = await signIn(site, rival, pages)
      await Promise.all(pages.map((page, t) => page.evaluate((answer) => globalThis.open(answer).then(() => globalThis.call(1)), answers[t])))
    }
    await sleep(5000)
    const session = await browser.target().createCDPSession()
    const cpu = async () => {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0)
    }
    const before = await cpu()
    await sleep(seconds * 1000)
    return ((await cpu()) - before) * 1000
  } finally {
    await browser.close()
  }
}

/** A few browsers side by side: they are idle, and it is their own CPU time that counts. */
const AT_ONCE = 4

const idle = async ({ tabs, seconds, names, repeats, say }) => {
  const site = await startSite({ lifetime: 3600 })
  const seen = new Map(names.map((name) => [name, []]))
  const jobs = Array.from({ length: repeats }, () => names).flat()
  const work = async () => {
    for (let name; (name = jobs.shift()); ) seen.get(name).push(await rest(site, name, tabs, seconds))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await site.close()
  return names.map((name) => {
    const ms = spread(seen.get(name).map((value) => round(value, 0)))
    say(`idle, ${name}: ${ms.median} ms of CPU in ${seconds} s for ${tabs} tabs (${ms.low} to ${ms.high})`)
    return { rival: name, ms }
  })
}

export const run = async ({ say, only, repeats = 2, seconds = 60, idleTabs = 20 }) => {
  const { idleHour } = await importTypeScript('growth/hour.ts')
  const hours = []
  for (const tabs of TABS) {
    hours.push(await idleHour(tabs))
    say(`an idle hour: ${JSON.stringify(hours.at(-1))}`)
  }
  const names = ['raw', ...rivals.map(({ name }) => name)].filter((name) => !only || only.includes(name))
  return { hours, memory: await memory(say), idle: { tabs: idleTabs, seconds, rows: await idle({ tabs: idleTabs, seconds, names, repeats, say }) } }
}
