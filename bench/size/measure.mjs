// What latchkey adds to a page, in bytes: smallest programs, bundled and minified with their dependencies,
// then compressed with brotli. `node bench/size/measure.mjs` prints the table of the README.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { rollup } from 'rollup'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Bytes are after compression. `goal` is where the size should be, `limit` where it is, up to the next 50: move one
 * only in a commit that says why. What an optional part adds is counted from the program called `beyond`.
 */
const PROGRAMS = [
  { name: 'core + memory', file: 'core-memory.js', goal: 4000, limit: 11100 },
  { name: 'core + IndexedDB', file: 'core-indexeddb.js', goal: 4500, limit: 11500 },
  { name: 'core + cookie', file: 'core-cookie.js', goal: 5000, limit: 12450 },
  { name: 'script tag, everything', file: '../../dist/latchkey.min.js', goal: 7000, limit: 17550 },
  { name: '`latchkey` with its defaults', file: 'defaults.js', limit: 11850 },
  ...[
    { name: 'refreshTokenGrant', file: 'with-grant.js', limit: 600 },
    { name: 'eventHistory', file: 'with-history.js', limit: 350 },
    { name: 'sessionLimits', file: 'with-limits.js', limit: 650 },
    { name: 'abortOnLogout', file: 'with-abort.js', limit: 250 },
    { name: 'cookieSession', file: 'with-cookie-session.js', limit: 1700 },
    { name: 'encryptedStorage', file: 'with-encryption.js', limit: 650 },
  ].map(({ name, ...each }) => ({ ...each, name: `${name} adds`, beyond: 'core + IndexedDB' })),
]

const self = {
  name: 'self',
  resolveId(id) {
    if (id === 'latchkey') return this.resolve(here('../../dist/index.js'))
    return id === 'latchkey/core' ? this.resolve(here('../../dist/core.js')) : null
  },
}

/** As a bundler would, with what else is asked to look at the modules first. */
export async function bundle(file, plugins = []) {
  const build = await rollup({ input: here(file), plugins: [...plugins, self, resolve({ browser: true }), terser({ ecma: 2020, module: true, compress: { passes: 3 } })] })
  const { output } = await build.generate({ format: 'es' })
  return output[0]
}

export const brotli = (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length

export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(2)} kB`

/** A row of the README's table. */
export const row = ({ name, bytes }) => `| ${name} | ${kilobytes(bytes)} |`

/** Measures one after another; `parts` says what each module contributes, before minification. */
export async function measure() {
  const results = []
  for (const { name, file, goal, limit, beyond } of PROGRAMS) {
    const isBuilt = file.endsWith('.min.js')
    const { code, modules } = isBuilt ? { code: await readFile(here(file), 'utf8'), modules: {} } : await bundle(file)
    const script = code.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '')
    const total = brotli(script)
    const parts = Object.entries(modules).map(([id, { renderedLength }]) => [id.replace(/^.*\/(dist|node_modules)\//, ''), renderedLength])
    const bytes = total - (beyond ? results.find((result) => result.name === beyond).bytes : 0)
    results.push({ name, goal, limit, bytes, minified: script.length, parts })
  }
  return results
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log('| program | size |\n| --- | --- |')
  for (const result of await measure()) {
    console.log(row(result))
    if (argv.includes('--goals') && result.goal) console.log(`    ${result.bytes} bytes, ${result.bytes - result.goal} above the goal`)
    if (argv.includes('--parts')) for (const [id, length] of result.parts) console.log(`    ${String(length).padStart(6)}  ${id}`)
  }
}
