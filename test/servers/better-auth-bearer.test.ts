import { expect, it } from 'vitest'
import { LOGOUT, RENEWAL, signIn, startWithBearer } from './better-auth.js'
import { callFrom, expectEnd, LONG, on, openLate, openTabs, servers, SHORT, sleep, until, waitForStatus } from './stage.js'

const play = on(startWithBearer)

// The token stays the same, and lasts longer each time it is asked for.
servers('better-auth, its bearer plugin', () => {
  it('F1: signs in, and is prolonged by the clock', play(async (stage) => {
    const { server } = stage
    const tab = await signIn(stage, SHORT)
    const token = await tab.evaluate(() => session.getAccessToken())
    expect(token).toMatch(/.{32}/)
    await until(() => server.proxy.to(RENEWAL).length >= 2, 'two renewals that nobody asked for')
    await sleep(500)
    expect(server.proxy.to(RENEWAL)).toEqual([200, 200])
    expect(await callFrom([tab], server.api, 1)).toEqual([200])
    expect(await tab.evaluate(() => session.getAccessToken())).toBe(token)
    expect(tab.problems).toEqual([])
  }))

  it('F1: five tabs, ten calls each, and a token that the API refuses: one request; its answer is lost: it is asked again; deleted: rejected', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 4))]
    server.refuse()
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(200))
    expect(server.proxy.to(RENEWAL)).toEqual([200])

    server.proxy.faults.set(RENEWAL, 'drop')
    await tabs[3]!.evaluate(() => session.refresh())
    expect(server.proxy.to(RENEWAL)).toEqual([200, 200, 200])
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(200))

    server.sessions.length = 0
    await tabs[1]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rejected')
    expect(server.proxy.to(RENEWAL)).toHaveLength(4)
  }))

  it('five tabs that open with an expired token, ten calls each: one request; logout deletes the session, and every tab is signed out', play(async (stage) => {
    const { server } = stage
    await (await signIn(stage)).close()
    server.lifetime = 2 * LONG
    const { tabs, answers } = await openLate(stage, server.api)
    expect(answers).toEqual(Array(50).fill(200))
    expect(server.proxy.to(RENEWAL)).toEqual([200])

    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await until(() => server.proxy.to(LOGOUT)[0] === 200, 'the server hears of it')
    expect(server.sessions).toEqual([])
    expect(await callFrom(tabs, server.api, 1)).toEqual(Array(5).fill(401))
  }))

  it('logout offline: every tab is signed out, and nothing is kept; the server does not know', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    await tabs[0]!.setOffline!(true)
    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await tabs[0]!.waitFor(() => events.some(({ code }) => code === 'revocation_failed'))
    await tabs[0]!.setOffline!(false)
    expect(await callFrom(tabs, server.api, 1)).toEqual([401, 401])
    await waitForStatus(await stage.open(), 'anonymous')
    expect(server.sessions).toHaveLength(1)
  }))
})
