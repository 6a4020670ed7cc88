import { afterAll, beforeAll, describe } from 'vitest'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { chromium } from '../support/browsers/launch.js'
import { type Origin, type Seen, startOrigin } from './server.js'

/** A browser with one page of origin `near`, which may call `far`; everything is skipped without Chromium. */
export interface Stage {
  page: Page
  near: Origin
  far: Origin
  /** What both have got. */
  seen: Seen[]
}

export function stage(name: string, scripts: string[], define: (stage: Stage) => void): void {
  describe.runIf(chromium)(name, () => {
    const stage = {} as Stage
    let browser: Browser
    beforeAll(async () => {
      const seen: Seen[] = (stage.seen = [])
      stage.near = await startOrigin(seen)
      stage.far = await startOrigin(seen)
      browser = await puppeteer.launch({ executablePath: chromium!, headless: true, pipe: true, args: ['--no-sandbox'] })
      stage.page = await browser.newPage()
      await stage.page.goto(`${stage.near.url}/?other=${encodeURIComponent(stage.far.url)}`)
      for (const script of scripts) await stage.page.addScriptTag({ url: script })
    })
    afterAll(async () => {
      await browser?.close()
      await Promise.all([stage.near?.close(), stage.far?.close()])
    })
    define(stage)
  })
}
