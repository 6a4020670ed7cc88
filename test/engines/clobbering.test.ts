import { expect, it } from 'vitest'
import { scenes, until } from '../support/index.js'

// Markup without any script, as a comment field may let through.
scenes('Elements that are named like members of the document', (scene) => {
  it('S4: stand in for nothing that a session reads', async () => {
    const tab = await scene.open({ page: 'clobbered.html' })
    const result = await tab.evaluate(async () => {
      const answerOf = async () =>
        (await fetch('/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'alice', password: 'wonderland' }) })).json()
      const session = latchkey.session!
      const named = ['currentScript', 'prerendering', 'visibilityState', 'baseURI', 'cookie', 'addEventListener'].map((name) => Reflect.get(document, name) instanceof Element)
      await session.setTokens(await answerOf())
      const origins = [...document.scripts].find((script) => script.dataset.origins)!.dataset.origins!.split(' ')
      const call = await session.fetch(`${origins[1]}/api/me`)
      await session.refresh()
      const again = await session.fetch(`${origins[1]}/api/me`)
      await session.logout()
      const cookie = latchkey.createSession({ name: 'cookie', storage: latchkey.cookieStorage(), refresh: async () => ({ access_token: 'unused' }) })
      await cookie.setTokens(await answerOf())
      const token = await cookie.getAccessToken()
      cookie.close()
      const later = latchkey.createSession({ name: 'cookie', storage: latchkey.cookieStorage() })
      await later.ready
      return { named, statuses: [call.status, again.status], status: session.status, kept: !!token && later.status }
    })
    // The elements do answer for the document itself.
    expect(result.named).toEqual(Array(6).fill(true))
    expect(result).toMatchObject({ statuses: [200, 200], status: 'anonymous', kept: 'authenticated' })
    expect(scene.site.state.tokenRequests).toBe(1)
    await until(() => scene.site.state.revocations === 2)
    expect(await tab.evaluate(() => [seen.complaints, seen.violations])).toEqual([[], []])
  })
})
