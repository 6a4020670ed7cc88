// What a scenario plays on: one site, one fresh profile, and tabs that tell what they gave away.
import { setTimeout as sleep } from 'node:timers/promises'
import { load, within } from '../../lib/browser.mjs'
import { signIn } from '../../lib/sign-in.mjs'
import { startSite } from '../../lib/site.mjs'

const PATIENCE = 20_000

/** Runs in each page before its own code. */
const eavesdrop = (skew) => {
  globalThis.posted = []
  const post = BroadcastChannel.prototype.postMessage
  BroadcastChannel.prototype.postMessage = function (message) {
    globalThis.posted.push(JSON.stringify(message))
    return post.call(this, message)
  }
  if (!skew) return
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...args) {
      super(...(args.length ? args : [Real.now() + skew]))
    }
    static now() {
      return Real.now() + skew
    }
  }
}

export const createStage = async (browser, rival, { skew = 0, ...options } = {}) => {
  // Without keep-alive: on a used connection that breaks, Chromium sends a POST again by itself.
  const site = await startSite({ grace: 10, keepAlive: false, ...options })
  const context = await browser.createBrowserContext()
  const texts = []
  const session = await browser.target().createCDPSession()
  const renderers = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  }

  const stage = {
    site, rival, renderers,
    faults: site.state.faults,
    answers: [],
    async tab() {
      const page = await context.newPage()
      page.on('console', (message) => texts.push(message.text()))
      await page.evaluateOnNewDocument(eavesdrop, skew)
      await load(page, site, rival.name)
      return page
    },
    async signIn(pages, how) {
      stage.answers = await signIn(site, rival, pages, how)
      site.state.reset()
    },
    open: (page, i = 0) => within(page.evaluate((answer) => globalThis.open(answer).catch(() => {}), stage.answers[i] ?? stage.answers[0]), PATIENCE),
    /** Statuses of so many calls at once. */
    call: async (page, times = 1, url) => (await within(page.evaluate((times, url) => globalThis.call(times, url), times, url), PATIENCE, {})).statuses ?? Array(times).fill('none'),
    signOut: (page) => within(page.evaluate(() => globalThis.client.signOut().catch(() => {})), PATIENCE),
    signedIn: (page) => within(page.evaluate(() => globalThis.client.signedIn()), PATIENCE, 'none'),
    /** Whether a call succeeds again within some seconds. */
    async recovers(page, seconds = 15) {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(1000)) {
        if ((await stage.call(page))[0] === 200) return true
      }
      return false
    },
    /** Tokens in messages to other tabs, or on the console. */
    async leaks(pages) {
      for (const page of pages) texts.push(...((await within(page.evaluate(() => globalThis.posted), 2000, [])) ?? []))
      const secrets = [...site.secrets]
      return texts.filter((text) => secrets.some((secret) => text.includes(secret))).length
    },
    async close() {
      await within(context.close(), 5000)
      await site.close()
    },
  }
  return stage
}
