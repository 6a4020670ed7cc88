import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup.mjs'

export interface Packed {
  /** The tarball, as `npm publish` would send it. */
  tarball: string
  /** Every path in it. */
  files: string[]
  /** A project that has it installed, with its dependencies and nothing else. */
  project: string
  remove(): void
}

/** Packs what is built, and installs it in a new folder. Needs no network: dependencies are copied. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-pack-'))
  // Without scripts: prepack would build anew, under the feet of the other tests.
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }]
  const tarball = join(folder, filename)
  const project = join(folder, 'project')
  const installed = join(project, 'node_modules/latchkey')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(project, 'node_modules', name), { recursive: true, dereference: true })
  }
  return { tarball, project, files: files.map(({ path }) => path).sort(), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
