import { once } from 'node:events'
import { spawnTied } from './processes.js'

/** A display nobody sees, on a free number. */
export async function startDisplay(): Promise<{ name: string; stop(): void }> {
  const xvfb = spawnTied('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const failed = once(xvfb, 'exit').then(() => Promise.reject(new Error('Xvfb did not start')))
  const [number] = (await Promise.race([once(xvfb.stdio[3]!, 'data'), failed])) as [Buffer]
  failed.catch(() => {})
  return { name: `:${String(number).trim()}`, stop: () => void xvfb.kill() }
}
