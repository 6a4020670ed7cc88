import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDisplay } from './display.js'
import { processesBelow, spawnTied } from './processes.js'

export interface WebDriver {
  call<Value = void>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, limit?: number): Promise<Value>
  processes(pattern: RegExp): number[]
  stop(): Promise<void>
}

/** Ids of elements travel under this name (WebDriver §12.3). */
export const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

export async function startWebDriver(path: string): Promise<WebDriver> {
  const display = await startDisplay()
  const port = await freePort()
  const env = { ...process.env, DISPLAY: display.name }
  const driver = spawnTied(path, [`--port=${port}`], { stdio: 'ignore', env })

  const call: WebDriver['call'] = async (method, path, body = {}, limit = 60_000) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(limit),
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    })
    const { value } = (await answer.json()) as { value: { error?: string; message?: string } | null }
    if (value?.error) throw new Error(`${value.error}: ${value.message}`)
    return value as never
  }
  for (let tries = 0; ; tries++) {
    try {
      await call('GET', '/status')
      break
    } catch (error) {
      if (tries > 1000) throw error
      await sleep(25)
    }
  }
  return {
    call,
    processes: (pattern) => processesBelow(driver.pid!, pattern),
    async stop() {
      for (const pid of processesBelow(driver.pid!, /./)) process.kill(pid)
      driver.kill()
      if (driver.exitCode === null && driver.signalCode === null) await once(driver, 'exit')
      display.stop()
    },
  }
}
