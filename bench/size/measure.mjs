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

/** Bytes are after compression. Move a limit only in a commit that says why. */
const PROGRAMS = [
  { name: 'core + memory', file: 'core-memory.js', limit: 4000 },
  { name: 'core + IndexedDB', file: 'core-indexeddb.js', limit: 4500 },
  { name: 'core + cookie', file: 'core-cookie.js', limit: 5000 },
  { name: 'script tag, everything', file: '../../dist/latchkey.min.js', limit: 6000 },
]

const self = {
  name: 'self',
  resolveId(id) {
    return id === 'latchkey' ? this.resolve(here('../../dist/index.js')) : null
  },
}

async function bundle(file) {
  const build = await rollup({ input: here(file), plugins: [self, resolve({ browser: true }), terser({ ecma: 2020, module: true, compress: { passes: 3 } })] })
  const { output } = await build.generate({ format: 'es' })
  return output[0]
}

export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(2)} kB`

/** A row of the README's table. */
export const row = ({ name, bytes }) => `| ${name} | ${kilobytes(bytes)} |`

/** Measures one after another; `parts` says what each module contributes, before minification. */
export async function measure() {
  const results = []
  for (const { name, file, limit } of PROGRAMS) {
    const isBuilt = file.endsWith('.min.js')
    const { code, modules } = isBuilt ? { code: await readFile(here(file), 'utf8'), modules: {} } : await bundle(file)
    const script = code.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '')
    const bytes = brotliCompressSync(script, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
    const parts = Object.entries(modules).map(([id, { renderedLength }]) => [id.replace(/^.*\/(dist|node_modules)\//, ''), renderedLength])
    results.push({ name, limit, bytes, minified: script.length, parts })
  }
  return results
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log('| program | size |\n| --- | --- |')
  for (const result of await measure()) {
    console.log(row(result))
    if (argv.includes('--parts')) for (const [id, length] of result.parts) console.log(`    ${String(length).padStart(6)}  ${id}`)
  }
}
