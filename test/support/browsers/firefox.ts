import puppeteer from 'puppeteer-core'
import { viaPuppeteer } from './puppeteer.js'
import type { Engine, LaunchOptions } from './types.js'

export async function launchFirefox(executablePath: string, options: LaunchOptions = {}): Promise<Engine> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    extraPrefsFirefox: {
      // A process for each tab, even of one site, and none in reserve: so that one tab can be killed or stopped.
      'dom.ipc.processCount.webIsolated': 100,
      'dom.ipc.processPrelaunch.enabled': false,
      'network.dns.localDomains': 'app.example.test',
      ...(options.private && { 'browser.privatebrowsing.autostart': true }),
    },
  })
  return viaPuppeteer('firefox', browser, / tab$/)
}
