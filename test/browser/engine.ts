import { setTimeout as sleep } from 'node:timers/promises'
import puppeteer, { type CDPSession } from 'puppeteer-core'
import { findBrowsers } from '../setup.mjs'

export interface Tab {
  goto(url: string): Promise<void>
  /** Runs in the page, without anything of this file: only what the page has, and its arguments. */
  evaluate<Result, Args extends unknown[]>(run: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<Result>
  /** Polls until the page function returns something other than false, null, undefined. */
  waitFor<Result, Args extends unknown[]>(run: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<NonNullable<Result>>
  /** Clicks as a person would; in the page, or in one of its frames. */
  click(selector: string, frame?: number): Promise<void>
  /** What a developer would see in red on the console. Answers of a server that are no 2xx are not in it. */
  readonly problems: readonly string[]
  close(): Promise<void>
  /** Chromium only. */
  cdp?(): Promise<CDPSession>
}

/** Tabs of one context share storage. The newest tab of a window is visible, the others are hidden. */
export interface Context {
  newTab(options?: { inWindow?: boolean }): Promise<Tab>
  close(): Promise<void>
}

export interface Engine {
  newContext(): Promise<Context>
  close(): Promise<void>
}

/** Where Chromium is; `undefined` when it is not installed. */
export const chromium: string | undefined = findBrowsers().chromium

const PATIENCE = 20_000

/** Tells what was waited for when it does not come. */
export async function until<Result>(look: () => Result | Promise<Result>, what: unknown = look): Promise<NonNullable<Result>> {
  for (const end = Date.now() + PATIENCE; ; await sleep(20)) {
    const value = await look()
    if (value !== null && value !== undefined && (value as unknown) !== false) return value as NonNullable<Result>
    if (Date.now() > end) throw new Error(`This did not happen within ${PATIENCE / 1000} s: ${what}`)
  }
}

/** A look at a page that is just being left says nothing. */
function unlessLeaving(error: Error): undefined {
  if (!/context was destroyed|Cannot find context|detached/i.test(error.message)) throw error
}

export async function launchChromium(): Promise<Engine> {
  const browser = await puppeteer.launch({
    executablePath: chromium!,
    headless: true,
    pipe: true, // the browser ends when this process does, however that ends
    args: ['--no-sandbox'],
    // Real pages go into the back/forward cache, and their timers slow down when nobody looks.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return {
    close: () => browser.close(),
    async newContext() {
      const context = await browser.createBrowserContext()
      return {
        close: () => context.close(),
        async newTab({ inWindow = false } = {}) {
          const page = await context.newPage(inWindow ? { type: 'window' } : undefined)
          const problems: string[] = []
          page.on('pageerror', (error) => problems.push(String(error)))
          page.on('console', (message) => {
            const isAnswer = /^Failed to load resource: the server responded/.test(message.text())
            if (message.type() === 'error' && !isAnswer) problems.push(message.text())
          })
          const evaluate: Tab['evaluate'] = (run, ...args) => page.evaluate(run as never, ...args) as never
          return {
            async goto(url) {
              await page.goto(url)
            },
            evaluate,
            waitFor: (run, ...args) => until(() => evaluate(run, ...args).catch(unlessLeaving), run),
            async click(selector, frame) {
              const place = frame === undefined ? page : await (await page.$$('iframe'))[frame]!.contentFrame()
              await place.click(selector)
            },
            problems,
            close: () => page.close(),
            cdp: () => page.createCDPSession(),
          }
        },
      }
    },
  }
}
