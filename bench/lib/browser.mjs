import { setTimeout as sleep } from 'node:timers/promises'
import puppeteer from 'puppeteer-core'
import { findBrowsers } from '../../test/setup.mjs'

/** A real Chromium whose hidden tabs are not slowed down, so that a run says the same each time. */
export const launch = ({ args = [], ...options } = {}) =>
  puppeteer.launch({
    executablePath: findBrowsers().chromium,
    headless: true,
    pipe: true, // the browser ends when this process does, however that ends
    protocolTimeout: 120_000,
    args: ['--no-sandbox', '--disable-features=SpareRendererForSitePerProcess', ...args],
    ...options,
  })

/** Opens the page of a rival; answers when its code is there. */
export const load = async (page, site, name) => {
  await page.goto(`${site.origin}/page/${name}`)
  await page.waitForFunction(() => globalThis.loaded, { polling: 20 })
}

export const until = async (look, what, patience = 30_000) => {
  for (const end = Date.now() + patience; ; await sleep(20)) {
    const value = await look()
    if (value) return value
    if (Date.now() > end) throw new Error(`This did not happen within ${patience / 1000} s: ${what}`)
  }
}

/** What it settled with, or `fallback` after so many milliseconds. */
export const within = (promise, ms, fallback) =>
  Promise.race([promise.catch((error) => ({ failed: String(error) })), sleep(ms, fallback, { ref: false })])
