import { expect, it } from 'vitest'
import { signIn, startOAuth } from './oauth.js'
import { callFrom, expectEnd, on, openLate, openTabs, servers, until, waitForStatus } from './stage.js'

const API = '/api/me'
const TOKEN = '/oauth/token'
const REVOCATION = '/oauth/revoke'
const play = on(startOAuth)

servers('@node-oauth/express-oauth-server', () => {
  it('signs in by the password grant, and is renewed by the clock', play(async (stage) => {
    const { proxy } = stage.server
    const tab = await signIn(stage, 3)
    expect(await callFrom([tab], API, 1)).toEqual([200])
    await until(() => proxy.to(TOKEN).length >= 2, 'two renewals that nobody asked for')
    expect(await callFrom([tab], API, 1)).toEqual([200])
    expect(new Set(proxy.log.map(({ status }) => status))).toEqual(new Set([200]))
    expect(tab.problems).toEqual([])
    expect(await tab.evaluate(() => app.signIn!('ada', 'wrong'))).toBe(false)
  }))

  it('five tabs, ten calls each, and a token that is gone at the server: one token request; its answer is lost: the grace window keeps the session; without the refresh token: rejected', play(async (stage) => {
    const { proxy, tokens } = stage.server
    const tabs = [await signIn(stage), ...(await openTabs(stage, 4))]
    tokens.access.clear()
    expect(await callFrom(tabs, API)).toEqual(Array(50).fill(200))
    expect(proxy.to(TOKEN)).toEqual([200])

    tokens.access.clear()
    proxy.faults.set(TOKEN, 'drop')
    await tabs[3]!.evaluate(() => session.refresh())
    expect(await callFrom(tabs, API)).toEqual(Array(50).fill(200))
    expect(proxy.to(TOKEN)).toEqual([200, 200, 200])

    tokens.refresh.clear()
    await tabs[1]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rejected')
    expect(proxy.to(TOKEN)).toEqual([200, 200, 200, 400])
  }))

  it('without a grace window a lost answer ends the session: rotation_lost', play(async (stage) => {
    const { proxy } = stage.server
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    proxy.faults.set(TOKEN, 'drop')
    await tabs[0]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rotation_lost')
    expect(proxy.to(TOKEN)).toEqual([200, 400])
  }, { grace: false }))

  it('five tabs that open with an expired token, ten calls each: one token request; logout revokes both tokens, and every tab is signed out', play(async (stage) => {
    const { proxy, tokens } = stage.server
    await (await signIn(stage)).close()
    tokens.access.clear()
    const { tabs, answers } = await openLate(stage, API)
    expect(answers).toEqual(Array(50).fill(200))
    expect(proxy.to(TOKEN)).toEqual([200])
    expect(new Set(proxy.to(API))).toEqual(new Set([200]))

    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await until(() => proxy.to(REVOCATION).join() === '200,200', 'both are revoked')
    expect(tokens.access.size).toBe(0)
    expect(await callFrom(tabs, API, 1)).toEqual(Array(5).fill(401))
  }))

  it('logout offline: every tab is signed out, and nothing is kept; the server does not know', play(async (stage) => {
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    await tabs[0]!.setOffline!(true)
    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await tabs[0]!.waitFor(() => events.some(({ code }) => code === 'revocation_failed'))
    await tabs[0]!.setOffline!(false)
    expect(await callFrom(tabs, API, 1)).toEqual([401, 401])
    await waitForStatus(await stage.open(), 'anonymous')
    expect(stage.server.proxy.to(REVOCATION)).toEqual([])
  }))
})
