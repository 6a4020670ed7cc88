import puppeteer from 'puppeteer-core'
import { viaPuppeteer } from './puppeteer.js'
import type { Engine, LaunchOptions } from './types.js'

export async function launchChromium(executablePath: string, { throttled = false }: LaunchOptions = {}): Promise<Engine> {
  const browser = await puppeteer.launch({
    executablePath,
    headless: true,
    pipe: true, // the browser ends when this process does, however that ends
    // Without a spare, the process that a new tab brings is the one that shows its page. The popups of the address bar
    // are pages too, two for each window, which nobody here sees.
    args: ['--no-sandbox', '--disable-features=SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup', '--host-resolver-rules=MAP *.example.test 127.0.0.1'],
    ignoreDefaultArgs: [
      '--disable-back-forward-cache',
      ...(throttled ? ['--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows'] : []),
    ],
  })
  return viaPuppeteer('chromium', browser, / --type=renderer (?!.*--top-chrome-webui)/)
}
