import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, type ServerOptions, startServer } from '../../demo/server/index.mjs'
import { root } from '../setup.mjs'

/** The demo's server, with the pages of this folder in place of the demo's, under the demo's strict policy. */
export async function startSite(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-site-'))
  cpSync(join(root, 'test/support/pages'), join(folder, 'demo'), { recursive: true })
  for (const name of ['dist', 'node_modules']) symlinkSync(join(root, name), join(folder, name))
  const sri = JSON.parse(readFileSync(join(root, 'dist/sri.json'), 'utf8')) as Record<string, string>
  for (const page of ['script.html', 'plain.html', 'wrong.html']) {
    const file = join(folder, 'demo', page)
    writeFileSync(file, readFileSync(file, 'utf8').replace('INTEGRITY', sri['latchkey.min.js']!))
  }
  // No grace: a refresh token that is presented twice ends the session, and the test with it.
  const server = await startServer({ root: folder, quiet: true, grace: 0, lifetime: 600, ...options })
  const close = async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, close }
}
