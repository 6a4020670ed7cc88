import axe from 'axe-core'
import { expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { scenes, type Tab } from './support.js'

type Scheme = 'light' | 'dark'

/** What demo/clock.js makes. */
declare global {
  var demoClock: { set(ms: number): void }
}

// What can be measured of the demo's looks: that it fits, that its words can be read, that a keyboard is enough.
scenes('The looks of the demo', (scene) => {
  let emulation: { tab: Tab; cdp: Awaited<ReturnType<NonNullable<Tab['cdp']>>> } | undefined

  const show = async (tab: Tab, scheme: Scheme, width: number) => {
    if (emulation?.tab !== tab) emulation = { tab, cdp: await tab.cdp!() }
    const { cdp } = emulation
    await cdp.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
    await cdp.send('Emulation.setDeviceMetricsOverride', { width, height: 844, deviceScaleFactor: 1, mobile: false })
    return cdp
  }

  const logIn = async () => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    return tab
  }

  const addTabs = async (tab: Tab) => {
    await tab.click('#five-tabs')
    await tab.waitFor(() => [...document.querySelectorAll('iframe')].filter((frame) => frame.contentDocument?.getElementById('who')?.textContent === 'Alice').length === 4)
  }

  /** Where a document, the frames included, is wider than what one sees of it. */
  const overflows = async (tab: Tab) => {
    const found: string[] = []
    for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['dark', 390], ['light', 390], ['light', 320]] as const) {
      await show(tab, scheme, width)
      const extra = await tab.evaluate(async () => {
        for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame) // the timeline follows its width
        return [window, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow!)]
          .map((one) => one.document.documentElement.scrollWidth - one.innerWidth)
      })
      extra.forEach((pixels, frame) => pixels > 0 && found.push(`${scheme}, ${width} px wide, document ${frame}: ${pixels} px too wide`))
    }
    return found
  }

  it('fits from 1280 down to 320 pixels, in light and dark, signed out and in, with all tabs and words it can show', async () => {
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    expect(await overflows(tab)).toEqual([])
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await addTabs(tab)
    await tab.click('#call-401')
    await tab.waitFor(() => document.getElementById('calls-result')?.textContent?.startsWith('401'))
    await tab.click('#cookie-token')
    await tab.waitFor(() => document.getElementById('cookies-result')?.textContent?.startsWith('The access token is in the field'))
    await tab.click('#cookie button')
    await tab.waitFor(() => document.getElementById('cookies-result')?.textContent?.startsWith('Set-Cookie'))
    await tab.click('#fault-expire')
    await tab.waitFor(() => document.getElementById('faults-result')?.textContent?.includes('Token requests:'))
    await tab.click('.faults summary')
    expect(await overflows(tab)).toEqual([])
    await tab.goto(`${scene.site.url}/script-tag.html`)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    expect(await overflows(tab)).toEqual([])
    expect(tab.problems).toEqual([])
  })

  const violations = async (tab: Tab) => {
    const cdp = await tab.cdp!()
    await cdp.send('Runtime.evaluate', { expression: axe.source })
    return tab.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, { iframes: false, resultTypes: ['violations'] })
      return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
    })
  }

  it.each(['light', 'dark'] as const)('has no violation that axe finds in %s, on any page, in any state', async (scheme) => {
    const tab = await scene.open({ page: '' })
    await show(tab, scheme, 1280)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    expect(await violations(tab)).toEqual([])

    await tab.evaluate(() => { (document.querySelector('#login [name=password]') as HTMLInputElement).value = 'guess' })
    await tab.click('#login button')
    await tab.waitFor(() => document.querySelector('#session-result.bad'))
    expect(await violations(tab)).toEqual([])

    await tab.evaluate(() => { (document.querySelector('#login [name=password]') as HTMLInputElement).value = 'wonderland' })
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    await addTabs(tab)
    await tab.click('#fault-expire')
    await tab.waitFor(() => document.getElementById('faults-result')?.textContent?.includes('Token requests:'))
    await tab.click('.faults summary')
    expect(await violations(tab)).toEqual([])

    for (const page of ['tab.html', 'script-tag.html']) {
      await tab.goto(`${scene.site.url}/${page}`)
      await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
      expect([page, await violations(tab)]).toEqual([page, []])
    }

    await tab.goto(`${scene.site.url}/?storage=backend`)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.querySelector('#claims dd')?.textContent === 'Alice (alice)')
    expect(await violations(tab)).toEqual([])
    await tab.click('#limits')
    await tab.waitFor(() => document.readyState === 'complete' && (document.getElementById('limits') as HTMLInputElement).checked && document.querySelector('#claims dd'))
    await tab.evaluate(() => {
      demoClock.set(15_000) // of the thirty seconds
      dispatchEvent(new Event('focus'))
    })
    await tab.waitFor(() => document.querySelector('#idle[open]'))
    expect(await violations(tab)).toEqual([])
    expect(tab.problems).toEqual([])
  })

  it('moves nothing by itself when less motion is wanted', async () => {
    const tab = await logIn()
    const cdp = await tab.cdp!()
    await cdp.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-reduced-motion', value: 'reduce' }] })
    await addTabs(tab)
    const moving = await tab.evaluate(() =>
      [document, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument!)].flatMap((one) => [...one.querySelectorAll('*')])
        .filter((node) => getComputedStyle(node).transitionDuration !== '0s' || getComputedStyle(node).animationName !== 'none').length)
    expect(moving).toBe(0)
  })

  it('lets a keyboard reach every control, in the order of the page, and shows where it is', async () => {
    const tab = await logIn()
    const cdp = await show(tab, 'light', 1280)
    await tab.goto(scene.site.url)
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
    const press = async () => {
      for (const type of ['rawKeyDown', 'keyUp'] as const) await cdp.send('Input.dispatchKeyEvent', { type, key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 })
    }
    const look = () => tab.evaluate(() => {
      const here = document.activeElement as HTMLElement
      const { outlineStyle, outlineWidth } = getComputedStyle(here.matches('.segmented input') ? here.nextElementSibling! : here)
      here.dataset.reached = 'yes'
      const label = `${here.tagName} ${here.id || (here as HTMLInputElement).name || here.textContent!.trim().slice(0, 30)}`
      return { label, body: here === document.body, seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 }
    })
    const unseen: string[] = []
    for (let presses = 0; presses < 120; presses++) {
      await press()
      const { label, body, seen } = await look()
      if (body) break
      if (!seen) unseen.push(label)
    }
    expect(unseen).toEqual([])
    const missed = await tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, input, select, a[href], summary')]
        .filter((control) => control.checkVisibility() && !(control as HTMLButtonElement).disabled && !control.dataset.reached && control.getAttribute('type') !== 'radio')
        .map(({ outerHTML }) => outerHTML.slice(0, 80)))
    expect(missed).toEqual([])
  })
}, { quiet: true, grace: 10, lifetime: 120 }, startServer)
