import { expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { scenes, SECRET, type Tab, until } from './support.js'

// The ways of holding a session that the demo offers, as a person sees them.
scenes('The ways to hold a session in the demo', (scene) => {
  const says = (tab: Tab, selector: string, text: string) =>
    tab.waitFor((selector, text) => document.querySelector(selector)?.textContent?.startsWith(text), selector, text)
  const everywhere = (tab: Tab, text: string) =>
    tab.waitFor((text) => [document, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)]
      .every((each) => each?.getElementById('who')?.textContent === text), text)

  const open = async (way: string, name = 'Alice') => {
    const tab = await scene.open({ page: `?storage=${way}` })
    await says(tab, '#who', 'Signed out')
    await tab.click('#login button')
    await says(tab, '#who', name)
    return tab
  }

  it('R71: without a token in the page, renews for all frames at once, calls the backend, and logs out everywhere', async () => {
    const { state } = scene.site
    const tab = await open('backend', 'Signed in')
    await says(tab, '#claims dd', 'Alice (alice)')
    for (const count of [1, 2]) {
      await tab.click('#add-tab')
      await tab.waitFor((count) => document.querySelectorAll('iframe').length === count, count)
      await everywhere(tab, 'Signed in')
    }
    await tab.evaluate(() => fetch('/_expire-all', { method: 'POST' }))
    await tab.evaluate(() => document.getElementById('call-twenty')!.scrollIntoView({ block: 'center' })) // not under the bar
    await tab.click('#call-twenty')
    await says(tab, '#calls-result', '20 calls in')
    expect(await tab.evaluate(() => document.getElementById('calls-result')!.textContent)).toMatch(/: 20 × 200\.$/)
    expect(state).toMatchObject({ sessionRefreshes: 1, tokenRequests: 0 })
    await tab.waitFor(() => document.querySelector('#log .refresh')?.textContent?.includes('renewed the session'))
    await tab.waitFor(() => document.querySelectorAll('#timeline .bar-life').length === 2)

    expect(await tab.evaluate(() => JSON.stringify({ ...localStorage, cookie: document.cookie }))).not.toMatch(/eyJ/)
    await tab.goto(scene.site.url)
    await says(tab, '#who', 'Signed in')
    await tab.click('#logout')
    await everywhere(tab, 'Signed out')
    await until(() => state.revocations === 1)
    expect(tab.problems).toEqual([])
  })

  it('R71: mixed, is signed in again after a reload by one refresh, and keeps no token that outlasts it', async () => {
    const { state } = scene.site
    const tab = await open('mixed')
    state.tokenRequests = 0
    expect(await tab.evaluate(() => JSON.stringify({ ...localStorage, cookie: document.cookie }))).not.toMatch(SECRET)
    await tab.goto(scene.site.url)
    await says(tab, '#who', 'Alice')
    expect(state).toMatchObject({ tokenRequests: 1, logins: 1, spentTwice: 0 })
    await tab.click('#call-one')
    await says(tab, '#calls-result', '200: the API says this is Alice.')
  })

  it('R68: encrypted, is the same user after a reload', async () => {
    const tab = await open('encrypted')
    await tab.goto(scene.site.url)
    await says(tab, '#who', 'Alice')
    await tab.click('#verify')
    await says(tab, '#session-result', 'The server verified the token: it belongs to Alice')
    expect(tab.problems).toEqual([])
  })

  it('R49: asks before the idle time is over; Stay signed in keeps the session, and silence ends it', async () => {
    const tab = await open('indexeddb')
    await tab.click('#limits')
    await tab.waitFor(() => document.readyState === 'complete' && (document.getElementById('limits') as HTMLInputElement).checked)
    await says(tab, '#who', 'Alice')
    const later = (ms: number) => tab.evaluate((ms) => {
      demoClock.set(ms)
      dispatchEvent(new Event('focus'))
    }, ms)
    await later(15_000)
    await tab.waitFor(() => document.querySelector('#idle[open]'))
    await tab.click('#idle-stay')
    await tab.waitFor(() => !document.querySelector('#idle[open]'))
    await later(35_000)
    await tab.waitFor(() => document.querySelector('#idle[open]'))
    expect(await tab.evaluate(() => document.getElementById('who')!.textContent)).toBe('Alice')
    await later(70_000)
    await says(tab, '#who', 'Signed out')
    await tab.waitFor(() => !document.querySelector('#idle[open]'))
    await says(tab, '#session-result', 'Signed out: nobody had touched it for too long (idle).')
    expect(tab.problems).toEqual([])
  })

  it('R32: aborts a call that is under way when another tab logs out, where that is chosen', async () => {
    const tab = await open('indexeddb')
    await tab.click('#abort')
    await tab.waitFor(() => document.readyState === 'complete' && (document.getElementById('abort') as HTMLInputElement).checked)
    await says(tab, '#who', 'Alice')
    await tab.click('#add-tab')
    await tab.waitFor(() => document.querySelector('iframe'))
    await everywhere(tab, 'Alice')
    await tab.click('#call-slow')
    await until(() => scene.site.state.log.some(({ path, method }) => path === '/api/slow' && method === 'GET'))
    await tab.click('#logout', 0)
    await says(tab, '#calls-result', 'The session ended while the call was under way (session_ended).')
  })
}, { quiet: true, grace: 10, lifetime: 600 }, startServer)
