// T tabs open at the same moment on a session whose access token has expired, and make ten calls each.
import { launch, load, within } from '../lib/browser.mjs'
import { signIn } from '../lib/sign-in.mjs'
import { startSite } from '../lib/site.mjs'
import { round, spread } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const CALLS = 10
const PATIENCE = 60_000

/** One refresh with nothing around it: the unit of time. */
const rawRefresh = async (browser, site) => {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  await load(page, site, 'raw')
  const { refresh_token } = await site.login()
  const ms = await page.evaluate(async (token) => {
    const start = performance.now()
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'demo', refresh_token: token })
    await (await fetch('/oauth/token', { method: 'POST', body })).json()
    return performance.now() - start
  }, refresh_token)
  await context.close()
  return ms
}

const storm = async (browser, site, rival, tabs) => {
  const context = await browser.createBrowserContext()
  const pages = []
  for (let i = 0; i < tabs; i++) pages.push(await context.newPage())
  try {
    await Promise.all(pages.map((page) => load(page, site, rival.name)))
    const answers = await signIn(site, rival, pages, { expired: true })
    site.state.reset()
    const at = Date.now() + 300 + tabs * 10
    const ends = await Promise.all(
      pages.map((page, i) => within(page.evaluate((at, answer, calls) => globalThis.startAt(at, answer, calls), at, answers[i], CALLS), PATIENCE, { statuses: [], end: at + PATIENCE })),
    )
    const statuses = ends.flatMap(({ statuses }) => statuses ?? [])
    const { tokenRequests, reuses } = site.state
    // Whoever cannot make another call now would have to log in.
    const after = await Promise.all(pages.map((page) => within(page.evaluate(() => globalThis.call(1)), PATIENCE, { statuses: [] })))
    return {
      tokenRequests, reuses,
      failed: tabs * CALLS - statuses.filter((status) => status === 200).length,
      signedOut: after.filter(({ statuses }) => statuses?.[0] !== 200).length,
      took: Math.max(...ends.map(({ end }) => end ?? at + PATIENCE)) - at,
    }
  } finally {
    await context.close()
  }
}

/** A strict server, at every number of tabs; one with a grace window of ten seconds, at one. */
const SERVERS = [
  [0, [1, 2, 5, 10, 20, 50]],
  [10, [10]],
]

export const run = async ({ repeats = 3, tabs, only, say }) => {
  const browser = await launch()
  const rows = []
  try {
    for (const [grace, all] of SERVERS) {
      const counts = all.filter((count) => !tabs || tabs.includes(count))
      if (!counts.length) continue
      const site = await startSite({ grace })
      try {
        for (const count of counts) {
          const chosen = rivals.filter(({ name }) => !only || only.includes(name))
          const seen = new Map(chosen.map((rival) => [rival, []]))
          // Interleaved, so that whatever else the machine does hits all alike.
          for (let i = 0; i < repeats; i++) {
            for (const rival of chosen) {
              const raw = await rawRefresh(browser, site)
              seen.get(rival).push({ raw, ...(await storm(browser, site, rival, count)) })
            }
          }
          for (const [rival, runs] of seen) {
            const raws = [...seen.values()].flat().map(({ raw }) => raw)
            const row = { rival: rival.name, grace, tabs: count, raw: spread(raws) }
            for (const figure of ['tokenRequests', 'failed', 'signedOut']) row[figure] = spread(runs.map((each) => each[figure]))
            // Who fails is quick to be done.
            if (row.failed.high === 0) row.ratio = spread(runs.map(({ took }) => round(took / row.raw.median, 1)))
            rows.push(row)
            say(`grace ${grace} s, ${count} tabs, ${rival.name}: ${row.tokenRequests.median} requests, ${row.signedOut.median} tabs out, ${row.failed.median} of ${count * CALLS} failed, × ${row.ratio?.median ?? '—'}`)
          }
        }
      } finally {
        await site.close()
      }
    }
  } finally {
    await browser.close()
  }
  return { calls: CALLS, rows }
}
