import { expect, it } from 'vitest'
import { scenes, tokensUsed, type Tab, until } from '../support/index.js'

scenes('The script tag', (scene) => {
  const seenBy = (tab: Tab) => tab.evaluate(() => ({ violations: seen.violations, complaints: seen.complaints, added: seen.added }))

  it('R80 C16 C17: works under a strict policy and Trusted Types with its integrity hash, and adds one global', async () => {
    const tab = await scene.open({ page: 'script.html' })
    const result = await tab.evaluate(async () => {
      const session = latchkey.session!
      const answer = await fetch('/login', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ user: 'alice', password: 'wonderland' }),
      })
      const policy = (await fetch(location.href)).headers.get('Content-Security-Policy')
      await session.setTokens(await answer.json())
      const api = document.scripts[1]!.dataset.origins!.split(' ')[1]
      const first = await session.fetch(`${api}/api/me`)
      await session.refresh()
      const second = await session.fetch(`${api}/api/me`)
      await session.logout()
      return { policy, statuses: [first.status, second.status], status: session.status }
    })
    expect(result.policy).toContain("default-src 'none'")
    expect(result.policy).toContain("require-trusted-types-for 'script'")
    expect(result).toMatchObject({ statuses: [200, 200], status: 'anonymous' })
    expect(await seenBy(tab)).toEqual({ violations: [], complaints: [], added: ['latchkey'] })
    expect(scene.site.state.tokenRequests).toBe(1)
    // Revocation goes on behind logout(): the refresh token first, then the access token.
    await until(() => scene.site.state.revocations === 2)
    expect(new Set(tokensUsed(scene.site.state.log)).size).toBe(2)
  })

  it('C16: the same policy stops what it is there to stop, so that silence means something', async () => {
    const tab = await scene.open({ page: 'script.html' })
    await tab.evaluate(() => {
      try {
        document.body.innerHTML = '<b>no</b>'
      } catch {}
    })
    await tab.waitFor(() => seen.violations.length > 0)
  })

  it('makes no session without attributes, and says nothing', async () => {
    const tab = await scene.open({ page: 'plain.html' })
    expect(await tab.evaluate(() => [typeof latchkey.createSession, typeof latchkey.session])).toEqual(['function', 'undefined'])
    expect(await seenBy(tab)).toEqual({ violations: [], complaints: [], added: ['latchkey'] })
  })

  it('names an attribute that does not exist in a console error, and the rest still works', async () => {
    const tab = await scene.open({ page: 'wrong.html' })
    const { complaints, violations, added } = await seenBy(tab)
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain('data-refesh-url')
    expect(complaints[0]).toContain('data-refresh-url')
    expect({ violations, added }).toEqual({ violations: [], added: ['latchkey'] })
    expect(await tab.evaluate(() => [typeof latchkey.createSession, typeof latchkey.session])).toEqual(['function', 'undefined'])
  })
})
