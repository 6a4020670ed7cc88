import { expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { scenes, type Tab, tokensUsed, until } from '../support/index.js'

// The demo's one story in every engine; what else it can do: test/browser/demo*.test.ts.
scenes('The demo', (scene) => {
  /** What the page and its frames say of the session, by the words a person reads. */
  const texts = (tab: Tab, selector: string) =>
    tab.evaluate((selector) => {
      const frames = [...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)
      return [document, ...frames].map((each) => each?.querySelector(selector)?.textContent ?? '')
    }, selector)

  const everywhere = (tab: Tab, selector: string, text: string) =>
    until(async () => (await texts(tab, selector)).every((each) => each === text), `${selector} says ${text} everywhere`)

  it('R2 R35: shows a login, one refresh for three frames, calls in each, and a logout that reaches all and outlasts a reload', async () => {
    const { state } = scene.site
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    for (const count of [1, 2, 3]) {
      await tab.click('#add-tab')
      await tab.waitFor((count) => document.querySelectorAll('iframe').length === count, count)
      await everywhere(tab, '#who', 'Alice')
    }
    expect(state).toMatchObject({ logins: 1, reuses: 0 })

    // The refresh comes by itself, is shown, and is one.
    await tab.waitFor(() => document.querySelector('#log .refresh')?.textContent?.includes('refreshed the token'))
    await tab.waitFor(() => document.querySelector('#log .refresh .followers')?.textContent?.startsWith('3 tabs followed'))
    expect(Math.max(...state.refreshTokensSeen.values())).toBe(1)

    for (const frame of [0, 1, 2]) await tab.click('#call', frame)
    await until(async () => (await texts(tab, '#result')).slice(1).every((text) => text === '200, Alice.'))
    expect(tokensUsed(state.log).every(Boolean)).toBe(true)

    await tab.click('#logout', 1)
    await everywhere(tab, '#who', 'Signed out')
    const { tokenRequests } = state
    await tab.goto(scene.site.url)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    expect(state).toMatchObject({ tokenRequests, reuses: 0 })
    expect(tab.problems).toEqual([])
  })
}, { quiet: true, grace: 0, lifetime: 9 }, startServer)
