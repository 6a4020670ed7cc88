import { setTimeout as sleep } from 'node:timers/promises'
import { MINIBROWSER } from './minibrowser.js'
import type { Context, Engine, LaunchOptions, Tab } from './types.js'
import { waitForIn } from './until.js'
import { ELEMENT, startWebDriver, type WebDriver } from './webdriver.js'

/** In the page: starts a function and keeps what becomes of it; a command that waits would hold up all other tabs. */
const START = `
  const [id, ...args] = arguments
  const kept = (window.__calls ??= {})
  ;(async () => (FUNCTION)(...args))().then(
    (value) => { kept[id] = { value: JSON.stringify(value) } },
    (error) => { kept[id] = { error: String(error?.stack ? error + '\\n' + error.stack : error) } },
  )`
const LOOK = `
  const [id] = arguments
  if (!window.__calls) return { error: 'The page is gone' }
  const result = window.__calls[id]
  if (result) delete window.__calls[id]
  return result ?? null`

const LISTEN = `
  const [element] = arguments
  element.__clicked = false
  element.addEventListener('click', () => { element.__clicked = true }, { capture: true, once: true })`
const LISTENED = 'return arguments[0].__clicked'

interface Outcome {
  value?: string
  error?: string
}

/** One session of WebKitWebDriver: a fresh profile with one window that stays open, since closing the last ends the session. */
async function openContext({ call, processes }: WebDriver, limit: number, capabilities: object): Promise<Context & { version: string }> {
  const session = await call<{ sessionId: string; capabilities: { browserVersion: string } }>('POST', '/session', {
    capabilities: { alwaysMatch: capabilities },
  }, limit)
  const path = `/session/${session.sessionId}`
  const anchor = await call<string>('GET', `${path}/window`)
  let current = anchor
  let queue: Promise<unknown> = Promise.resolve()
  /** Commands go to the current window: one by one. */
  const inWindow = <Value>(handle: string, run: () => Promise<Value>): Promise<Value> => {
    const result = queue.then(async () => {
      if (current !== handle) await call('POST', `${path}/window`, { handle })
      current = handle
      return run()
    })
    queue = result.catch(() => (current = ''))
    return result
  }

  const pages = () => processes(/WebKitWebProcess/)

  const tabOf = (handle: string, before: number[]): Tab => {
    const command = <Value = void>(method: 'POST' | 'DELETE', name: string, body?: unknown) =>
      inWindow(handle, () => call<Value>(method, `${path}/${name}`, body))
    const script = <Value>(script: string, args: unknown[]) => command<Value>('POST', 'execute/sync', { script, args })
    let calls = 0
    let mine: number[] | undefined
    const evaluate: Tab['evaluate'] = async (run, ...args) => {
      const id = String(++calls)
      await script(START.replace('FUNCTION', () => String(run)), [id, ...args])
      for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
        const outcome = await script<Outcome | null>(LOOK, [id])
        if (outcome?.error !== undefined) throw new Error(outcome.error)
        if (outcome) return outcome.value === undefined ? undefined : JSON.parse(outcome.value)
        await sleep(pause)
      }
    }
    return {
      async goto(url) {
        await command('POST', 'url', { url })
        mine ??= pages().filter((pid) => !before.includes(pid))
      },
      evaluate,
      waitFor: waitForIn(evaluate),
      click: (selector, frame) =>
        inWindow(handle, async () => {
          const find = (value: string) => call<Record<string, string>[]>('POST', `${path}/elements`, { using: 'css selector', value })
          if (frame !== undefined) await call('POST', `${path}/frame`, { id: (await find('iframe'))[frame] })
          const [element] = await find(selector)
          const ask = <Value>(script: string) => call<Value>('POST', `${path}/execute/sync`, { script, args: [element] })
          await ask(LISTEN)
          // The driver clicks at a place, which the element may have left by then.
          for (const end = Date.now() + 10_000; ; await sleep(50)) {
            const trouble = await call('POST', `${path}/element/${element![ELEMENT]}/click`).then(() => undefined, (error: Error) => error)
            // A click may take its page away.
            if (await ask<boolean>(LISTENED).catch(() => true)) break
            if (Date.now() > end) throw trouble ?? new Error(`No click arrives at ${selector}`)
          }
          if (frame !== undefined) await call('POST', `${path}/frame`, { id: null })
        }),
      back: () => command('POST', 'back'),
      problems: [],
      close: () => command('DELETE', 'window'),
      async freeze() {
        for (const pid of mine!) process.kill(pid, 'SIGSTOP')
        return () => {
          for (const pid of mine!) process.kill(pid, 'SIGCONT')
        }
      },
    }
  }

  return {
    version: session.capabilities.browserVersion,
    async newTab() {
      // A window: a tab would open hidden.
      const before = pages()
      const { handle } = await inWindow(anchor, () => call<{ handle: string }>('POST', `${path}/window/new`, { type: 'window' }))
      return tabOf(handle, before)
    },
    async close() {
      await queue
      await call('DELETE', path)
    },
  }
}

export async function launchWebKit(path: string, options: LaunchOptions = {}): Promise<Engine> {
  let driver = await startWebDriver(path)
  let version = ''
  return {
    name: 'webkit',
    get version() {
      return version
    },
    async newContext({ proxy } = {}) {
      const open = (limit: number) =>
        openContext(driver, limit, {
          'webkitgtk:browserOptions': { binary: MINIBROWSER, args: ['--automation', ...(options.private ? ['--private'] : [])] },
          ...(proxy && { proxy: { proxyType: 'manual', httpProxy: new URL(proxy).host, noProxy: ['localhost', '127.0.0.1'] } }),
        })
      // One time in forty the driver waits for ever for a browser that has started, which otherwise takes 0.3 s.
      let context
      for (const limit of [8_000, 15_000, 30_000]) {
        context = await open(limit).catch(async () => {
          await driver.stop()
          driver = await startWebDriver(path)
        })
        if (context) break
      }
      context ??= await open(30_000)
      version = context.version
      return context
    },
    close: () => driver.stop(),
  }
}
