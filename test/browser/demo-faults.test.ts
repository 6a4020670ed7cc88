import { expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { scenes, type Tab, until } from './support.js'

// The panel that breaks things, pressed as a person would, with three frames beside the page. Tokens last long
// enough that only the fault makes anybody refresh, so the counts are exact.
scenes('The fault panel', (scene) => {
  const everywhere = (tab: Tab, text: string) =>
    until(
      () => tab.evaluate((text) => [document, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)]
        .every((each) => each?.querySelector('#who')?.textContent === text), text),
      `every tab says ${text}`,
    )

  const open = async (frames = 3) => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await everywhere(tab, 'Alice')
    for (let count = 1; count <= frames; count++) {
      await tab.click('#add-tab')
      await tab.waitFor((count) => document.querySelectorAll('iframe').length === count, count)
      await everywhere(tab, 'Alice')
    }
    return tab
  }

  /** Presses the button of a fault; resolves with the sentence that says what came of it. */
  const press = async (tab: Tab, fault: string) => {
    await tab.click(`#fault-${fault}`)
    // As long as it takes: the test has a limit of its own.
    return tab.evaluate(async () => {
      const result = document.getElementById('faults-result')!
      while (!result.textContent!.includes('Token requests:') && !result.matches('.bad')) await new Promise((next) => setTimeout(next, 50))
      return result.textContent!
    })
  }

  const expectUnharmed = async (tab: Tab) => {
    await everywhere(tab, 'Alice')
    await expectNoMistake(tab)
  }
  const expectNoMistake = async (tab: Tab) => {
    expect(scene.site.state).toMatchObject({ spentTwice: 0, reuses: 0, wronglySignedOut: 0 })
    await tab.waitFor(() => document.querySelectorAll('#score .kept').length === 2)
    expect(tab.problems.filter((problem) => !/Failed to load resource/.test(problem))).toEqual([])
  }

  it('R10 R27: goes on when the refreshing tab is killed', async () => {
    const tab = await open()
    expect(await press(tab, 'kill')).toMatch(/^Tab 4 was removed .* Token requests: 2\. Spent twice: 0\. Wrongly signed out: 0\.$/)
    expect(scene.site.state).toMatchObject({ tokenRequests: 2, rotations: 1, repeats: 1 })
    await expectUnharmed(tab)
  })

  it('R11: goes on when the refreshing tab stands still, and its late answer changes nothing', async () => {
    const tab = await open()
    expect(await press(tab, 'suspend')).toMatch(/^Tab 4 stood still\. .* Token requests: 2\. Spent twice: 0\./)
    expect(scene.site.state).toMatchObject({ tokenRequests: 2, rotations: 1, repeats: 1 })
    await expectUnharmed(tab)
  })

  it('R15: keeps the session while the server is down', async () => {
    const tab = await open()
    expect(await press(tab, 'down')).toMatch(/^The server was gone for 5 s\./)
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, rotations: 1 })
    await expectUnharmed(tab)
  })

  it('says what came of every other fault, and none of them harms anybody: a lost answer, a 429, a clock that jumps, twenty refused calls', async () => {
    const { state } = scene.site
    const tab = await open()
    const counts = () => [state.tokenRequests, state.rotations, state.repeats]
    /** What is said, and how much was asked of the server for it: token requests, rotations, repeats. */
    const pressed = async (fault: string) => {
      const before = counts()
      await tab.evaluate(() => { document.getElementById('faults-result')!.textContent = '' })
      const said = await press(tab, fault)
      await expectUnharmed(tab)
      return { said, cost: counts().map((count, i) => count - before[i]!) }
    }
    // R28: the same request again, with the same key.
    expect(await pressed('lose')).toEqual({ said: expect.stringMatching(/^The answer was lost\./), cost: [2, 1, 1] })
    const keys = state.log.filter(({ path }) => path === '/oauth/token').map(({ headers }) => headers['idempotency-key'])
    expect([keys.length, new Set(keys).size, keys[0]?.length]).toEqual([2, 1, expect.any(Number)])
    // R19: once more, and not before the time.
    expect(await pressed('busy')).toEqual({ said: expect.stringMatching(/^The server asked for 3 s of peace\./), cost: [2, 1, 0] })
    // R56: replayed after one refresh.
    expect(await pressed('expire')).toEqual({ said: expect.stringMatching(/^20 of 20 calls/), cost: [1, 1, 0] })
    // R45: refreshed once when the clock jumps by ten minutes, in all tabs together, and not in a storm when it jumps back.
    expect((await pressed('clock')).said).toContain('caused 1 token request,')
    expect((await pressed('clock')).said).toMatch(/caused [01] token requests?,/)
  })

  it('R32: stays signed out when the answer to a refresh comes after the logout', async () => {
    const tab = await open(1)
    expect(await press(tab, 'late')).toMatch(/^The answer came after the logout, and brought nobody back\./)
    await everywhere(tab, 'Signed out')
    await until(() => scene.site.state.signOuts.length === 2, 'every tab reports that it was signed out')
    await expectNoMistake(tab)
  })

  it('R78: signs every tab out when the server revokes the session, says why, and still knows after a reload', async () => {
    const tab = await open()
    await press(tab, 'revoke')
    await everywhere(tab, 'Signed out')
    await until(() => scene.site.state.signOuts.length === 4, 'every tab reports that it was signed out')
    await tab.goto(scene.site.url)
    await tab.waitFor(() => document.getElementById('history-answer')?.textContent?.includes('the server refused the refresh token (rejected)'))
    await everywhere(tab, 'Signed out')
    const signOuts = await tab.waitFor(() => document.querySelectorAll('#history .logout').length >= 4 && [...document.querySelectorAll('#history .logout')].map(({ textContent }) => textContent))
    expect(signOuts).toHaveLength(4)
    for (const words of signOuts) expect(words).toContain('rejected')
    expect(await tab.evaluate(() => document.getElementById('history')!.textContent)).not.toMatch(/[\w-]{40,}/)
    await expectNoMistake(tab)
  })

  it('raises the alarm when a tab has lost a session that the server still honours', async () => {
    const tab = await open(1)
    await tab.evaluate(async () => {
      const open = indexedDB.open('latchkey')
      await new Promise((opened) => { open.onsuccess = opened })
      const [store] = open.result.objectStoreNames
      const clearing = open.result.transaction(store!, 'readwrite')
      clearing.objectStore(store!).clear()
      await new Promise((cleared) => { clearing.oncomplete = cleared })
      // Before any tab can put back what was lost.
      for (const frame of document.querySelectorAll('iframe')) frame.remove()
    })
    await tab.goto(scene.site.url)
    await tab.waitFor(() => document.querySelector('#score-wronglySignedOut.broken')?.textContent === '1')
    expect(scene.site.state.wronglySignedOut).toBe(1)
  })

  it('says in a sentence what is missing when nobody is signed in', async () => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#fault-kill')
    await tab.waitFor(() => document.getElementById('faults-result')?.textContent === 'Log in first: there is no session to break.')
  })
}, { quiet: true, grace: 30, lifetime: 120 }, startServer)
