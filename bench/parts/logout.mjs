// Logout in one of ten tabs: how long until the last of the others sends no token any more, in hops of a BroadcastChannel.
import { launch, load } from '../lib/browser.mjs'
import { signIn } from '../lib/sign-in.mjs'
import { startSite } from '../lib/site.mjs'
import { median, round, spread } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const TABS = 10
const PATIENCE = 5000

/** Catches what leaves the page: an API call never goes on the wire, so that the watching costs next to nothing. */
const intercept = () => {
  const attached = (input, init) => new Headers(init?.headers ?? input?.headers).has('authorization')
  const real = globalThis.fetch
  globalThis.lastAttached = false
  globalThis.fetch = (input, init) => {
    if (!String(input?.url ?? input).includes('/api/')) return real(input, init)
    globalThis.lastAttached = attached(input, init)
    return Promise.resolve(new Response('{}', { headers: { 'Content-Type': 'application/json' } }))
  }
  // What axios uses.
  const { open, setRequestHeader } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    return open.call(this, method, String(url).includes('/api/') ? 'data:application/json,{}' : url, ...rest)
  }
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (name.toLowerCase() === 'authorization') globalThis.lastAttached = true
    setRequestHeader.call(this, name, value)
  }
}

/** Makes one call after the other until `what` has happened; resolves with the start of the first call after it, by this page's clock. */
const watch = (what, patience) =>
  (async () => {
    const channel = new BroadcastChannel('hop')
    let arrived = false
    channel.onmessage = () => (arrived = true)
    const turn = () => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = resolve
      port2.postMessage(0)
    })
    try {
      for (const end = Date.now() + patience; Date.now() < end; await turn()) {
        const began = globalThis.now()
        const before = arrived
        globalThis.lastAttached = false
        await globalThis.call(1)
        if (what === 'hop' ? before : !globalThis.lastAttached) return began
      }
    } finally {
      channel.close()
    }
  })()

const acts = {
  hop: () => {
    const channel = new BroadcastChannel('hop')
    const start = globalThis.now()
    channel.postMessage('out')
    channel.close()
    return start
  },
  logout: () => {
    const start = globalThis.now()
    void globalThis.client.signOut()
    return start
  },
}

/** Milliseconds from the act in the first tab until the last of the others has noticed; nothing if one never did. */
const measure = async (pages, what) => {
  const ends = pages.slice(1).map((page) => page.evaluate(watch, what, PATIENCE))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const start = await pages[0].evaluate(acts[what])
  const last = await Promise.all(ends)
  return last.some((end) => !end) ? undefined : Math.max(...last) - start
}

export const run = async ({ say, only, repeats = 11 }) => {
  const site = await startSite({ lifetime: 3600 })
  const browser = await launch()
  const chosen = rivals.filter(({ name }) => !only || only.includes(name))
  const took = new Map(chosen.map(({ name }) => [name, { hops: [], ends: [], never: 0 }]))
  try {
    for (let i = 0; i < repeats; i++) {
      for (const rival of chosen) {
        const context = await browser.createBrowserContext()
        const pages = []
        for (let t = 0; t < TABS; t++) {
          const page = await context.newPage()
          await page.evaluateOnNewDocument(intercept)
          await load(page, site, rival.name)
          pages.push(page)
        }
        const answers = await signIn(site, rival, pages)
        await Promise.all(pages.map((page, t) => page.evaluate((answer) => globalThis.open(answer).then(() => globalThis.call(1)), answers[t])))
        const seen = took.get(rival.name)
        const hop = await measure(pages, 'hop')
        const end = await measure(pages, 'logout')
        if (hop !== undefined) seen.hops.push(hop)
        if (end === undefined) seen.never++
        else seen.ends.push(end)
        await context.close()
      }
    }
  } finally {
    await browser.close()
    await site.close()
  }
  const base = median([...took.values()].flatMap(({ hops }) => hops))
  const rows = [...took].map(([rival, { ends, never, hops }]) => {
    const row = { rival, never, ...(ends.length && { ms: spread(ends.map((end) => round(end))), toHop: round(median(ends) / base, 1) }), hop: spread(hops.map((each) => round(each))) }
    say(`${rival}: ${row.ms ? `${row.ms.median} ms, × ${row.toHop} one hop (${round(base)} ms)` : 'never'}${never ? `, ${never} times never` : ''}`)
    return row
  })
  return { tabs: TABS, patience: PATIENCE, hop: round(base), rows }
}
