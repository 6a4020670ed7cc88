import { expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { scenes, type Tab, until } from './support.js'

// The demo itself, with its own pages, its own policy, and a server that forgives nothing.
scenes('The demo', (scene) => {
  /** What the page and its frames say of the session, by the words a person reads. */
  const texts = (tab: Tab, selector: string) =>
    tab.evaluate((selector) => {
      const frames = [...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)
      return [document, ...frames].map((each) => each?.querySelector(selector)?.textContent ?? '')
    }, selector)

  const everywhere = (tab: Tab, selector: string, text: string) =>
    until(async () => (await texts(tab, selector)).every((each) => each === text), `${selector} says ${text} everywhere`)

  const logIn = async () => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    return tab
  }

  it('says in a sentence that a password is wrong, and signs nobody in', async () => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.evaluate(() => { (document.querySelector('#login [name=password]') as HTMLInputElement).value = 'guess' })
    await tab.click('#login button')
    await tab.waitFor(() => document.querySelector('#session-result.bad')?.textContent === '401: That user and password do not go together.')
    expect((await texts(tab, '#who'))[0]).toBe('Signed out')
    expect(tab.problems).toEqual([])
  })

  it('R2: sends twenty calls at once with one refresh when the server refuses every access token', async () => {
    const { state } = scene.site
    const tab = await logIn()
    const before = state.rotations
    await tab.evaluate(() => fetch('/_expire-all', { method: 'POST' }))
    await tab.click('#call-twenty')
    await tab.waitFor(() => document.querySelectorAll('#squares .good').length === 20)
    expect(state.rotations - before).toBe(1)
    expect(state.reuses).toBe(0)
    expect(tab.problems).toEqual([])
  })

  it('R80: shares its session with the script-tag page, and a logout there reaches it', async () => {
    const tab = await logIn()
    const other = await scene.open({ page: 'script-tag.html' })
    await other.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await other.click('#call')
    await other.waitFor(() => document.getElementById('result')?.textContent?.startsWith('200: the API says this is Alice'))
    await other.click('#logout')
    for (const each of [tab, other]) await each.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    expect([...tab.problems, ...other.problems]).toEqual([])
  })

  it('logs out everywhere when another storage is chosen, and counts nobody as wrongly signed out', async () => {
    const { state } = scene.site
    const tab = await logIn()
    await tab.click('#add-tab')
    await everywhere(tab, '#who', 'Alice')
    await tab.click('#storage input[value=cookie]')
    await tab.waitFor(() => !document.querySelector('iframe') && document.getElementById('who')?.textContent === 'Signed out')
    await until(() => state.signOuts.some(({ asked }) => asked) && state.revocations === 2)
    await tab.click('#login button')
    await everywhere(tab, '#who', 'Alice')
    await until(async () => (await tab.evaluate(() => document.cookie)).includes('access_token='))
    expect(state).toMatchObject({ logins: 2, wronglySignedOut: 0, spentTwice: 0 })
    expect(tab.problems).toEqual([])
  })

  it('R35: signs every tab out with memory storage too, where each has a session of its own', async () => {
    const tab = await scene.open({ page: '?storage=memory' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    // What the login shows moves the button that is pressed next.
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await tab.click('#add-tab')
    await tab.waitFor(() => document.querySelector('iframe')?.contentDocument?.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login', 0)
    await everywhere(tab, '#who', 'Alice')
    await tab.click('#logout', 0)
    await everywhere(tab, '#who', 'Signed out')
    await until(() => scene.site.state.signOuts.length === 2)
    expect(scene.site.state).toMatchObject({ logins: 2, wronglySignedOut: 0 })
    expect(tab.problems).toEqual([])
  })

  it('R57: uploads a megabyte unchanged, after a refresh when its token is refused', async () => {
    const tab = await logIn()
    await tab.evaluate(() => fetch('/_expire-all', { method: 'POST' }))
    await tab.click('#upload button')
    await tab.waitFor(() => document.getElementById('calls-result')?.textContent === '1,048,576 bytes arrived, unchanged by SHA-256.')
    expect(scene.site.state.rotations).toBe(1)
    expect(tab.problems).toEqual([])
  })

  it('shows a session in a cookie that no script can read, and says what a browser would not take', async () => {
    const tab = await logIn()
    const result = (start: string) => tab.waitFor((start) => document.getElementById('cookies-result')?.textContent?.startsWith(start), start)
    await tab.click('#cookie-token')
    await result('The access token is in the field')
    await tab.click('#cookie .primary')
    await result('Set-Cookie: access_token=')
    await tab.waitFor(() => document.querySelector('#cookie-rows tr')?.textContent?.match(/^access_token.*no$/))
    expect(await tab.evaluate(() => document.cookie)).toBe('')
    await tab.click('#cookie-verify')
    await result('The server verified the token in the cookie access_token: it belongs to Alice.')
    await tab.click('#cookie [name=partitioned]')
    await tab.click('#cookie .primary')
    await result('400: Partitioned needs Secure')
    await tab.click('#cookie [name=partitioned]')
    await tab.click('#cookie-delete')
    await result('access_token is deleted.')
    expect(tab.problems).toEqual([])
  })

  it('forgets nothing when its tokens are in a cookie, and verifies it at the server', async () => {
    const tab = await scene.open({ page: '?storage=cookie' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await tab.goto(scene.site.url)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await tab.click('#verify')
    await tab.waitFor(() => document.getElementById('session-result')?.textContent?.startsWith('The server verified the token: it belongs to Alice'))
    expect(tab.problems).toEqual([])
  })
}, { quiet: true, grace: 0, lifetime: 120 }, startServer)
