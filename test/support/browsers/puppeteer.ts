import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { processesBelow } from './processes.js'
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
    let mine: number[] | undefined
    const signal = (signal: NodeJS.Signals) => {
      if (mine?.length !== 1) throw new Error(`This tab has ${mine?.length ?? 'no'} processes of its own`)
      process.kill(mine[0]!, signal)
    }
    return {
      async goto(url) {
        await page.goto(url)
        mine ??= pages().filter((pid) => !before.includes(pid))
      },
      evaluate,
      waitFor: waitForIn(evaluate),
      async click(selector, frame) {
        const place = frame === undefined ? page : await (await page.$$('iframe'))[frame]!.contentFrame()
        await place.click(selector)
      },
      // In Firefox, page.goBack() waits for ever for a page that comes from the back/forward cache.
      back: () => evaluate(() => void setTimeout(() => history.back())),
      problems,
      close: () => page.close(),
      kill: async () => signal('SIGKILL'),
      async freeze() {
        signal('SIGSTOP')
        return () => signal('SIGCONT')
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
    async newContext({ proxy, regular } = {}) {
      version ||= await browser.version()
      if (regular) return contextOf(browser.defaultBrowserContext(), async () => {})
      const context = await browser.createBrowserContext(proxy ? { proxyServer: proxy } : {})
      return contextOf(context, () => context.close())
    },
    close: () => browser.close(),
  }
}
