import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { filesOf } from '../recipes/blocks.js'
import { root } from '../setup.mjs'

const files = filesOf(readFileSync(join(root, 'docs/servers.md'), 'utf8'))

/** The hosts of the document, and where they are in this test. */
export type Hosts = Record<string, string>

/** A block of docs/servers.md as it stands there, but for the hosts. */
const block = (name: string, hosts: Hosts): string => {
  const code = files.get(name)
  if (code === undefined) throw new Error(`docs/servers.md has no block ${name}`)
  return Object.entries(hosts).reduce((text, [host, place]) => text.replaceAll(host, place), code)
}

/** What every page has besides its block. */
const PAGE = `
import * as app from 'block'
const { session } = app
const events = []
for (const type of ['login', 'refresh', 'change', 'logout', 'error']) {
  session.on(type, ({ source, reason, error }) => events.push({ type, source, reason, code: error?.code, message: error?.message }))
}
const call = (url, times = 1) => Promise.all(Array.from({ length: times }, () =>
  session.fetch(url).then((response) => response.status, (error) => error.code ?? error.name)))
Object.assign(globalThis, { app, session, events, call, loaded: true })
`

const resolving = (name: string, hosts: Hosts): Plugin => ({
  name: 'blocks',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^block$/ }, () => ({ path: join(root, 'docs', name), namespace: 'block' }))
    onResolve({ filter: /^latchkey$/ }, () => ({ path: join(root, 'dist/index.js') }))
    onLoad({ filter: /.*/, namespace: 'block' }, () => ({ contents: block(name, hosts), loader: name.endsWith('.ts') ? 'ts' : 'js', resolveDir: root }))
    // Its servers are on loopback without TLS, which only oauth4webapi minds.
    onLoad({ filter: /oauth4webapi\/build\/index\.js$/ }, ({ path }) => ({ contents: insecure(readFileSync(path, 'utf8')) }))
  },
})

const insecure = (code: string): string => {
  const [before, after] = code.split("if (enforceHttps && url.protocol !== 'https:')")
  if (!after) throw new Error('oauth4webapi checks protocols elsewhere now')
  return `${before}if (false)${after}`
}

/** The block as the script of a page, where `session`, `app` (what it exports), `events` and `call` are global. */
export const pageScript = async (name: string, hosts: Hosts): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    plugins: [resolving(name, hosts)],
  })
  return outputFiles[0]!.text
}

/** The block as a module of Node. Its packages are found from a folder inside node_modules. */
export const serverModule = async <Exports>(name: string, hosts: Hosts = {}): Promise<Exports> => {
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'latchkey-servers-'))
  try {
    const file = join(folder, name.replace(/\.js$/, '.mjs'))
    writeFileSync(file, block(name, hosts))
    return (await import(file)) as Exports
  } finally {
    rmSync(folder, { recursive: true })
  }
}
