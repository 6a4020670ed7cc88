import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Session, SessionStatus } from '../../dist/index.js'
import { available, launch } from '../support/browsers/launch.js'
import type { Engine, Tab } from '../support/browsers/types.js'

export type { Tab } from '../support/browsers/types.js'
export { until } from '../support/browsers/until.js'
export { sleep }

/** What pageScript makes. */
declare global {
  var app: Record<string, (...args: any[]) => Promise<unknown>>
  var session: Session
  var events: { type: string; source: string; reason?: string; code?: string; message?: string }[]
  var call: (url: string, times?: number) => Promise<(number | string)[]>
  var loaded: boolean | undefined
  /** What /empty has in place of the app. */
  var load: (later: number) => Promise<unknown>
}

/** One test's own server, profile and tabs, so that tests of one file wait at the same time. */
export interface Stage<Server> {
  server: Server
  /** A tab with the app in it. `path: '/empty'` has the profile but not the app. */
  open(path?: string): Promise<Tab>
}

interface Startable {
  /** Where the app's pages are. */
  url: string
  close(): Promise<unknown>
}

/** Seconds. A renewal is due after two thirds of them: of SHORT, that leaves three for a machine that is busy. */
export const SHORT = 9
export const LONG = 600

/** A describe with one browser; `on` gives each test a server of its own. */
export function servers(name: string, define: () => void): void {
  describe.runIf(available)(name, { concurrent: true }, () => {
    beforeAll(async () => void (engine = await launch()))
    afterAll(() => engine?.close())
    define()
  })
}
let engine: Engine | undefined

export const on =
  <Server extends Startable, Options extends unknown[]>(start: (...options: Options) => Promise<Server>) =>
  (run: (stage: Stage<Server>) => Promise<void>, ...options: Options) =>
  async (): Promise<void> => {
    const server = await start(...options)
    const context = await engine!.newContext()
    try {
      await run({
        server,
        async open(path = '/') {
          const tab = await context.newTab()
          await tab.goto(server.url + path)
          if (path !== '/empty') await tab.waitFor(() => globalThis.loaded)
          return tab
        },
      })
    } finally {
      await context.close()
      await server.close()
    }
  }

export const PAGES = (script: string): Map<string, string> => {
  const head = '<!doctype html><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">'
  const app = `${head}<script type="module" src="/app.js"></script>`
  return new Map([['/', app], ['/callback', app], ['/empty', `${head}<script>load = (later) => {
    const { now } = Date
    Date.now = () => now() + later
    return import('/app.js')
  }</script>`], ['/app.js', script]])
}

/** So many tabs of somebody who is signed in. */
export async function openTabs<Server>({ open }: Stage<Server>, count: number): Promise<Tab[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => open()))
  for (const tab of tabs) await tab.waitFor(() => session.status !== 'loading')
  return tabs
}

/** All of them are signed out, for that reason. */
export async function expectEnd(tabs: Tab[], reason: string): Promise<void> {
  for (const tab of tabs) {
    await waitForStatus(tab, 'anonymous')
    expect(await reasonOf(tab)).toBe(reason)
  }
}

/** The same calls from tabs that are open already. */
export const callFrom = async (tabs: Tab[], url: string, calls = 10): Promise<(number | string)[]> =>
  (await Promise.all(tabs.map((tab) => tab.evaluate((url, calls) => call(url, calls), url, calls)))).flat()

export const statusOf = (tab: Tab): Promise<SessionStatus> => tab.evaluate(() => session.status)
export const waitForStatus = (tab: Tab, status: SessionStatus): Promise<true> => tab.waitFor((status) => session.status === status, status)
const reasonOf = (tab: Tab): Promise<string | undefined> => tab.evaluate(() => session.getSnapshot().reason)

/** Five tabs, which open the app and make their calls in the same moment, when by their clocks the access token has expired. */
export async function openLate<Server>({ open }: Stage<Server>, url: string, calls = 10): Promise<{ tabs: Tab[]; answers: (number | string)[] }> {
  const tabs = await Promise.all(Array.from({ length: 5 }, () => open('/empty')))
  const callAtOnce = async (url: string, calls: number, later: number) => {
    await load(later)
    return call(url, calls)
  }
  return { tabs, answers: (await Promise.all(tabs.map((tab) => tab.evaluate(callAtOnce, url, calls, LONG * 1000)))).flat() }
}
