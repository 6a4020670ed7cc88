// What each rival adds to a page: its adapter's `open`, bundled, minified and compressed, all alike.
import { brotliCompressSync, constants } from 'node:zlib'
import commonjs from '@rollup/plugin-commonjs'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { rollup } from 'rollup'
import { ENTRIES, here } from '../lib/bundle.mjs'
import { round } from '../lib/stats.mjs'
import { rivals } from '../rivals/index.mjs'

const ENTRY = '\0program'

/** The smallest program that stores, attaches, refreshes and signs out: the adapter without what only the bench needs. */
const program = (name) => ({
  name: 'program',
  resolveId: (id) => (id === ENTRY ? id : ENTRIES[id] ?? null),
  load: (id) => (id === ENTRY ? `export { open } from ${JSON.stringify(here(`rivals/${name}.js`))}` : null),
  renderChunk: (code) => code.replaceAll('process.env.NODE_ENV', '"production"'),
})

export const bundle = async (name) => {
  const plugins = [program(name), resolve({ browser: true, preferBuiltins: false }), commonjs()]
  const build = await rollup({
    input: ENTRY, plugins,
    onwarn: (warning) => {
      if (warning.code === 'UNRESOLVED_IMPORT') throw new Error(`${name}: ${warning.message}`)
    },
  })
  const { output } = await build.generate({ format: 'es', inlineDynamicImports: true, plugins: [terser({ ecma: 2020, module: true, compress: { passes: 3 } })] })
  await build.close()
  return output[0].code
}

export const run = async ({ say, only }) => {
  const rows = []
  for (const { name, label, about } of rivals.filter(({ name }) => !only || only.includes(name))) {
    const code = await bundle(name)
    const brotli = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
    rows.push({ rival: name, minified: Buffer.byteLength(code), brotli, acrossTabs: about.acrossTabs })
    say(`${label}: ${brotli} bytes`)
  }
  const own = rows.find(({ rival }) => rival === 'latchkey')?.brotli
  for (const row of rows) row.ratio = round(row.brotli / own)
  return { rows }
}
