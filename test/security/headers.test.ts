import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { type Recorder, scenes, startRecorder, type Tab } from '../support/index.js'

/** The headers that docs/security.md recommends, as the demo sends them. */
scenes('The recommended headers', (scene) => {
  let foreign: Recorder
  beforeAll(async () => {
    foreign = await startRecorder()
  })
  afterAll(() => foreign.close())

  const headersOf = async (tab: Tab) =>
    tab.evaluate(async () => Object.fromEntries([...(await fetch(location.href)).headers]))

  it('are sent with each page of the demo, and the demo works under them', async () => {
    for (const page of ['', 'script-tag.html', 'tab.html']) {
      const tab = await scene.open({ page })
      const headers = await headersOf(tab)
      const policy = headers['content-security-policy']!
      for (const directive of ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for 'script'"]) {
        expect(policy).toContain(directive)
      }
      expect(policy).not.toMatch(/unsafe|\*/)
      expect(headers['connection-allowlist']).toBe(`(response-origin "${scene.site.state.apiUrl}")`)
      expect(headers['cross-origin-opener-policy']).toBe('same-origin')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
    const tab = await scene.open({ page: '' })
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Signed out')
    await tab.click('#login button')
    await tab.waitFor(() => document.getElementById('who')?.textContent === 'Alice')
  })

  it('keep what injected markup and script try from reaching another origin', async () => {
    const tab = await scene.open({ page: '' })
    const tries = await tab.evaluate(async (url) => {
      const base = document.createElement('base')
      base.href = url
      document.head.prepend(base)
      const image = new Image()
      image.src = `${url}/image`
      const link = document.createElement('link')
      Object.assign(link, { rel: 'prefetch', href: `${url}/prefetch` })
      document.head.append(link)
      const sent = await fetch(`${url}/fetch`).then(
        () => 'sent',
        () => 'stopped',
      )
      const beacon = navigator.sendBeacon(`${url}/beacon`, 'token')
      const frame = document.createElement('iframe')
      frame.src = `${url}/frame`
      document.body.append(frame)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return { sent, beacon, base: document.baseURI.startsWith(url) }
    }, foreign.url)
    expect(tries).toMatchObject({ sent: 'stopped', base: false })
    // The whole page, with the token in the address: no directive of the policy stops that.
    await tab.evaluate((url) => location.assign(`${url}/navigation?token`), foreign.url).catch(() => {})
    await scene.open({ page: '' })
    expect(foreign.requests).toEqual([])
  })
}, {}, startServer)
