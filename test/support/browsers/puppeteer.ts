import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { processesBelow, ticksOf } from './processes.js'
import type { Context, Engine, EngineName, Tab } from './types.js'
import { waitForIn } from './until.js'

/** What the two engines that puppeteer drives have in common. `renderers`: the command lines of processes that show pages. */
export function viaPuppeteer(name: EngineName, browser: Browser, renderers: RegExp): Engine {
  const pages = () => processesBelow(browser.process()!.pid!, renderers)

  const tabOf = (page: Page, before: number[]): Tab => {
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => {
      const isAnswer = /^Failed to load resource: the server responded/.test(message.text())
      if (message.type() === 'error' && !isAnswer) problems.push(message.text())
    })
    const evaluate: Tab['evaluate'] = (run, ...args) => page.evaluate(run as never, ...args) as never
    let candidates: number[] | undefined
    /** The process of the page: the one that came with it; of several, the one that does the page's work. */
    const find = async () => {
      const alive = pages()
      const found = candidates!.filter((pid) => alive.includes(pid)).map((pid) => ({ pid, before: ticksOf(pid) }))
      if (found.length > 1) {
        await evaluate(() => {
          for (let i = 0; i < 3e8; i++);
        })
      }
      const [first] = found.sort((a, b) => ticksOf(b.pid) - b.before - (ticksOf(a.pid) - a.before))
      if (!first) throw new Error('The process of this tab is not known')
      return first.pid
    }
    return {
      async goto(url) {
        await page.goto(url)
        candidates ??= pages().filter((pid) => !before.includes(pid))
      },
      evaluate,
      waitFor: waitForIn(evaluate),
      async click(selector, frame) {
        const place = frame === undefined ? page : await (await page.$$('iframe'))[frame]!.contentFrame()
        const element = await place.$(selector)
        if (!element) throw new Error(`There is nothing to click at ${selector}`)
        await element.evaluate((node) => {
          node.addEventListener('click', () => Object.assign(node, { clicked: true }), { capture: true, once: true })
        })
        // The browser clicks at a place, which the element may have left by then. A click may take its page away.
        for (const end = Date.now() + 10_000; ; await sleep(50)) {
          const trouble = await element.click().then(() => undefined, (error: Error) => error)
          const arrived = await element.evaluate((node) => (node as unknown as { clicked?: boolean }).clicked ?? false).catch(() => true)
          if (arrived) return
          if (Date.now() > end) throw trouble ?? new Error(`No click arrives at ${selector}`)
        }
      },
      // In Firefox, page.goBack() waits for ever for a page that comes from the back/forward cache.
      back: () => evaluate(() => void setTimeout(() => history.back())),
      problems,
      close: () => page.close(),
      async kill() {
        process.kill(await find(), 'SIGKILL')
      },
      async freeze() {
        const pid = await find()
        process.kill(pid, 'SIGSTOP')
        return () => void process.kill(pid, 'SIGCONT')
      },
      setOffline: (offline) => page.setOfflineMode(offline),
      ...(name === 'chromium' && { cdp: () => page.createCDPSession() }),
    }
  }

  const contextOf = (context: BrowserContext, close: () => Promise<void>): Context => ({
    async newTab({ inWindow = false } = {}) {
      const before = pages()
      return tabOf(await context.newPage(inWindow ? { type: 'window' } : undefined), before)
    },
    close,
  })

  let version = ''
  return {
    name,
    get version() {
      return version
    },
    async newContext({ regular } = {}) {
      version ||= await browser.version()
      if (regular) return contextOf(browser.defaultBrowserContext(), async () => {})
      const context = await browser.createBrowserContext()
      return contextOf(context, () => context.close())
    },
    close: () => browser.close(),
  }
}
