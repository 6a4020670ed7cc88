import type { CDPSession } from 'puppeteer-core'

export type EngineName = 'chromium' | 'firefox' | 'webkit'

export interface Tab {
  goto(url: string): Promise<void>
  /** Runs in the page, without anything of the file it stands in: only what the page has, and its arguments. */
  evaluate<Result, Args extends unknown[]>(run: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<Result>
  /** Polls until the page function returns something other than false, null, undefined. */
  waitFor<Result, Args extends unknown[]>(run: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<NonNullable<Result>>
  /** Clicks as a person would; in the page, or in one of its frames. */
  click(selector: string, frame?: number): Promise<void>
  /** One step back in the history. Does not wait for the page that comes. */
  back(): Promise<void>
  /** What a developer would see in red on the console. Answers of a server that are no 2xx are not in it. Always empty in WebKit, which does not tell. */
  readonly problems: readonly string[]
  close(): Promise<void>
  /** Kills the process of the page. Not in WebKit, where that ends every tab. */
  kill?(): Promise<void>
  /** Stops the process of the page, as a system that saves power does. Returns what lets it go on. */
  freeze(): Promise<() => void>
  /** Not in WebKit. */
  setOffline?(offline: boolean): Promise<void>
  /** Chromium only. */
  cdp?(): Promise<CDPSession>
}

/** A profile of its own. In Chromium and Firefox the newest tab of a window is visible, the others are hidden. */
export interface Context {
  newTab(options?: { inWindow?: boolean }): Promise<Tab>
  close(): Promise<void>
}

export interface ContextOptions {
  /** What stands behind app.example.test. WebKit only: the others find that host on loopback. */
  proxy?: string
  /** The profile that stays on disk until the browser ends. Chromium only; its other contexts are like private windows. */
  regular?: boolean
}

export interface Engine {
  readonly name: EngineName
  readonly version: string
  newContext(options?: ContextOptions): Promise<Context>
  close(): Promise<void>
}

export interface LaunchOptions {
  /** Every window is a private one. */
  private?: boolean
  /** Timers of hidden pages slow down as they do for a person, and pages that are covered count as hidden. Chromium only. */
  throttled?: boolean
}
