import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDisplay } from './display.js'
import { processesBelow, spawnTied } from './processes.js'

export const MINIBROWSER: string = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.']
  .map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`)
  .find((path) => existsSync(path))!

export interface MiniBrowser {
  /** Kills the process that keeps IndexedDB and talks to servers. Under WebKitWebDriver that would end the session. */
  killStorage(): void
  stop(): void
}

/** WebKit as a person has it, with a profile on disk and nobody who drives it: the page has to do everything itself. */
export async function startMiniBrowser(url: string): Promise<MiniBrowser> {
  const display = await startDisplay()
  const home = mkdtempSync(join(tmpdir(), 'latchkey-webkit-'))
  const env = { ...process.env, DISPLAY: display.name, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home }
  const browser = spawnTied(MINIBROWSER, [url], { stdio: 'ignore', env })
  const kill = (pattern: RegExp) => {
    const found = processesBelow(browser.pid!, pattern)
    for (const pid of found) process.kill(pid, 'SIGKILL')
    return found.length
  }
  return {
    killStorage() {
      if (kill(/WebKitNetworkProcess/) !== 1) throw new Error('There is no process to kill')
    },
    stop() {
      kill(/./)
      browser.kill('SIGKILL')
      display.stop()
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
