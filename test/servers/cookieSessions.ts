import { expect, it } from 'vitest'
import type { Proxy } from './proxy.js'
import { callFrom, expectEnd, LONG, on, openLate, openTabs, SHORT, sleep, type Stage, type Tab, until, waitForStatus } from './stage.js'

export interface CookieServer {
  /** The app, and the server behind it. */
  url: string
  proxy: Proxy
  /** Paths of the server, relative to the app. */
  api: string
  renewal: string
  logout: string
  /** Seconds, of sessions from now on, and of those that are renewed. */
  lifetime: number
  /** How many sessions the server has of people who are signed in. */
  count(): Promise<number> | number
  forget(): Promise<void> | void
  /** The API refuses everybody until a session has been renewed. */
  refuse(): void
  close(): Promise<unknown>
}

/** Signs in by what the page offers. */
export async function signIn({ open, server }: Stage<CookieServer>, lifetime: number = LONG): Promise<Tab> {
  server.lifetime = lifetime
  const tab = await open()
  await tab.waitFor(() => session.status !== 'loading')
  expect(await tab.evaluate(() => app.signIn!('ada@example.com', 'a long secret'))).toBe(true)
  server.proxy.log.length = 0
  return tab
}

/** What a cookie session does, whoever keeps it. `refusal`: how the API says no to somebody without one. */
export function cookieSessions(start: () => Promise<CookieServer>, refusal: number): void {
  const play = on(start)

  it('F38: a visitor stays one, without any event', play(async ({ open, server }) => {
    const tab = await open()
    await waitForStatus(tab, 'anonymous')
    expect(server.proxy.to(server.renewal).length).toBeLessThan(2)
    expect(await tab.evaluate(() => events)).toEqual([])
    expect(await tab.evaluate(() => app.signIn!('ada@example.com', 'wrong'))).toBe(false)
    expect(await tab.evaluate(() => session.status)).toBe('anonymous')
  }))

  it('signs in, and is renewed by the clock; one that this browser has forgotten is found again', play(async (stage) => {
    const { server } = stage
    const tab = await signIn(stage, SHORT)
    expect(await callFrom([tab], server.api, 1)).toEqual([200])
    expect(await tab.evaluate(() => session.getAccessToken())).toBe(undefined)
    server.lifetime = LONG
    await until(() => server.proxy.to(server.renewal).length > 0, 'a renewal that nobody asked for')
    await sleep(500)
    expect(await callFrom([tab], server.api, 1)).toEqual([200])
    expect(server.proxy.to(server.renewal)).toEqual([200])
    expect(tab.problems).toEqual([])

    await tab.goto(`${server.url}/empty`)
    await tab.evaluate(() => new Promise((resolve) => (indexedDB.deleteDatabase('latchkey').onsuccess = resolve)))
    await waitForStatus(await stage.open(), 'authenticated')
  }))

  it('five tabs, ten calls each, and an API that refuses them: one request; its answer is lost: it is asked again; the session is gone: rejected', play(async (stage) => {
    const { server } = stage
    const { proxy, renewal } = server
    const tabs = [await signIn(stage), ...(await openTabs(stage, 4))]
    server.refuse()
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(200))
    expect(proxy.to(renewal)).toEqual([200])

    proxy.faults.set(renewal, 'drop')
    await tabs[3]!.evaluate(() => session.refresh())
    expect(proxy.to(renewal)).toEqual([200, 200, 200])
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(200))

    await server.forget()
    await tabs[1]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rejected')
    expect(proxy.to(renewal)).toHaveLength(4)
  }))

  it('a session that is gone while five tabs make ten calls each: one request, and rejected in all', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 4))]
    await server.forget()
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(refusal))
    await expectEnd(tabs, 'rejected')
    expect(server.proxy.to(server.renewal)).toHaveLength(1)
  }))

  it('five tabs that open when a renewal is overdue, ten calls each: one request; logout ends the session at the server, and every tab', play(async (stage) => {
    const { server } = stage
    await (await signIn(stage)).close()
    server.lifetime = 2 * LONG
    const { tabs, answers } = await openLate(stage, server.api)
    expect(answers).toEqual(Array(50).fill(200))
    expect(server.proxy.to(server.renewal)).toEqual([200])

    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await until(async () => (await server.count()) === 0, 'the server ends the session')
    await until(() => server.proxy.to(server.logout)[0], 'the logout is answered')
    expect(await callFrom(tabs, server.api, 1)).toEqual(Array(5).fill(refusal))
    expect(await tabs[0]!.evaluate(() => events.filter(({ type }) => type === 'error'))).toEqual([])
  }))

  it('F44: logout offline signs every tab out at once, and the server hears of it when it can be reached again', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    await tabs[0]!.setOffline!(true)
    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    expect(await server.count()).toBe(1)
    await tabs[0]!.setOffline!(false)
    await until(async () => (await server.count()) === 0, 'the server ends the session')
    expect(await callFrom(tabs, server.api, 1)).toEqual(Array(2).fill(refusal))
  }))
}
