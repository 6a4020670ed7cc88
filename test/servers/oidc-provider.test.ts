import { expect, it } from 'vitest'
import { signIn, startOidc } from './oidc.js'
import { callFrom, expectEnd, on, openLate, openTabs, servers, statusOf, until, waitForStatus } from './stage.js'

const TOKEN = '/token'
const REVOCATION = '/token/revocation'
const play = on(startOidc)
const log = ({ log }: { log: { method: string; path: string; status: number }[] }) => log.map(({ method, path, status }) => [method, path, status].join(' '))

servers('oidc-provider', () => {
  it('code and PKCE, and renewal by the clock: for the same API, without a preflight', play(async (stage) => {
    const { server } = stage
    server.lifetime = 3
    const tab = await signIn(stage)
    expect(await callFrom([tab], server.api, 1)).toEqual([200])
    await until(() => server.id.to(TOKEN).length >= 2, 'two renewals that nobody asked for')
    expect(await callFrom([tab], server.api, 1)).toEqual([200])
    expect(server.calls).toEqual(Array(2).fill({ status: 200, audience: server.api }))
    expect(new Set(log(server.id))).toEqual(new Set([`POST ${TOKEN} 200`]))
    expect(tab.problems).toEqual([])
  }))

  it('five tabs, ten calls each, and a token that the API refuses: one token request; its answer is lost: rotation_lost', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 4))]
    server.refuseTokens()
    expect(await callFrom(tabs, server.api)).toEqual(Array(50).fill(200))
    expect(log(server.id)).toEqual([`POST ${TOKEN} 200`])

    server.id.faults.set(TOKEN, 'drop')
    await tabs[2]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rotation_lost')
    expect(server.id.to(TOKEN)).toEqual([200, 200, 400])
  }))

  it('F40: a gateway says 504 after the provider rotated: rotation_lost', play(async (stage) => {
    const { server } = stage
    const tab = await signIn(stage)
    server.id.faults.set(TOKEN, 'gateway')
    await tab.evaluate(() => session.refresh().catch(() => {}))
    await until(() => tab.evaluate(() => session.status === 'anonymous' || session.refresh().catch(() => {})), 'the end')
    await expectEnd([tab], 'rotation_lost')
    expect(server.id.to(TOKEN)).toEqual([200, 400])
  }))

  it('with withGrace a lost answer costs nothing; when what was granted is gone, every tab is signed out: rejected', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    server.refuseTokens()
    server.id.faults.set(TOKEN, 'drop')
    expect(await callFrom(tabs, server.api)).toEqual(Array(20).fill(200))
    expect(log(server.id)).toEqual([`POST ${TOKEN} 200`, `POST ${TOKEN} 200`])

    await server.forgetGrants()
    await tabs[0]!.evaluate(() => session.refresh().catch(() => {}))
    await expectEnd(tabs, 'rejected')
    expect(server.id.to(TOKEN)).toEqual([200, 200, 400])
  }, { grace: true }))

  it('F42: a refusal that CORS hides ends nothing, and the error names CORS', play(async (stage) => {
    const { server } = stage
    const tab = await signIn(stage)
    await server.forgetGrants()
    server.cors = false
    const { code, message } = await tab.evaluate(() => session.refresh().then(() => ({ code: 'none', message: '' }), ({ code, message }) => ({ code, message })))
    expect(code).toBe('unanswered')
    expect([message, ...(await tab.evaluate(() => events.map(({ message }) => message)))].join()).toMatch(/CORS/)
    expect(await statusOf(tab)).toBe('authenticated')
  }))

  it('a client that the provider does not know is misconfigured, which ends nothing', play(async (stage) => {
    const tab = await signIn(stage)
    const error = await tab.evaluate(() => session.refresh().catch(({ code, status, error }) => ({ code, status, error })))
    expect(error).toEqual({ code: 'misconfigured', status: 401, error: 'invalid_client' })
    expect(await statusOf(tab)).toBe('authenticated')
  }, { edits: { 'clientId: client.client_id': "clientId: 'wed'" } }))

  it('five tabs that open with an expired token, ten calls each: one token request; logout revokes, and every tab is signed out', play(async (stage) => {
    const { server } = stage
    await (await signIn(stage)).close()
    server.refuseTokens()
    const { tabs, answers } = await openLate(stage, server.api)
    expect(answers).toEqual(Array(50).fill(200))
    expect(log(server.id)).toEqual([`POST ${TOKEN} 200`])
    expect(server.calls.filter(({ status }) => status !== 200)).toEqual([])

    server.id.log.length = 0
    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    // An access token that is a JWT cannot be revoked, which is no failure.
    await until(() => server.id.to(REVOCATION).join() === '200,400' || server.id.to(REVOCATION).join() === '400,200', 'both are to be revoked')
    expect(await callFrom(tabs, server.api, 1)).toEqual(Array(5).fill(401))
    expect(await tabs[0]!.evaluate(() => events.filter(({ type }) => type === 'error'))).toEqual([])

    // The provider goes on knowing the user, until signOut.
    const again = await signIn(stage)
    expect(server.passwords).toBe(1)
    await again.evaluate(() => void app.signOut!())
    await again.waitFor(() => location.pathname === '/session/end' && document.querySelector('button[name=logout]'))
    await again.click('button[name=logout]')
    await again.waitFor(() => location.pathname === '/' && globalThis.loaded)
    await waitForStatus(again, 'anonymous')
    expect(server.id.to(REVOCATION)).toContain(200)
    await signIn(stage)
    expect(server.passwords).toBe(2)
  }))

  it('logout offline: every tab is signed out, and nothing is kept; the provider hears nothing, so the tokens last until they expire', play(async (stage) => {
    const { server } = stage
    const tabs = [await signIn(stage), ...(await openTabs(stage, 1))]
    await tabs[0]!.setOffline!(true)
    await tabs[0]!.evaluate(() => session.logout())
    await expectEnd(tabs, 'logout')
    await tabs[0]!.waitFor(() => events.some(({ code }) => code === 'revocation_failed'))
    await tabs[0]!.setOffline!(false)
    expect(await callFrom(tabs, server.api, 1)).toEqual([401, 401])
    expect(log(server.id)).toEqual([])
    await waitForStatus(await stage.open(), 'anonymous')
  }))
})
