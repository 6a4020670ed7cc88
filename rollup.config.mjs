import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const entries = { index: 'src/index.ts', core: 'src/core.ts', axios: 'src/axios.ts', xhr: 'src/xhr.ts' }
const external = ['idb-keyval', 'js-cookie', 'jwt-decode']
const sources = [
  resolve({ browser: true, extensions: ['.ts', '.js'] }),
  // Class fields as assignments: smaller, and esbuild keeps the comments of fields.
  esbuild({ target: 'es2022', tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } } }),
]

const clean = {
  name: 'clean',
  buildStart: () => rm('dist', { recursive: true, force: true }),
}

/** Writes what belongs into a script tag's `integrity` attribute. */
const integrity = {
  name: 'integrity',
  async writeBundle({ file }) {
    const hash = createHash('sha384').update(await readFile(file)).digest('base64')
    await writeFile('dist/sri.json', `${JSON.stringify({ 'latchkey.min.js': `sha384-${hash}` }, null, 2)}\n`)
  },
}

export default [
  // For bundlers: one module per source file, so that a storage nobody imports takes its package with it.
  {
    input: entries,
    external,
    plugins: [clean, ...sources],
    output: { dir: 'dist', format: 'es', preserveModules: true, sourcemap: true },
  },
  // For TypeScript: a file of declarations for each entry, and one for what they share.
  {
    input: entries,
    external,
    plugins: [dts({ compilerOptions: { stripInternal: true } })],
    output: { dir: 'dist', chunkFileNames: 'types.d.ts' },
  },
  // For a script tag: everything, in the one global `latchkey`. The comment has Chromium compile it as it loads, aside
  // from the main thread; else the first call waits for that, some milliseconds.
  {
    input: 'src/script.ts',
    plugins: [
      ...sources,
      terser({ ecma: 2020, compress: { passes: 3, keep_fargs: false, unsafe_arrows: true }, mangle: { toplevel: true, reserved: ['latchkey'] }, format: { preamble: '//# allFunctionsCalledOnLoad' } }),
      integrity,
    ],
    output: {
      file: 'dist/latchkey.min.js',
      format: 'iife',
      name: 'latchkey',
      exports: 'named',
      esModule: false,
      freeze: false,
      generatedCode: { preset: 'es2015', symbols: false },
      sourcemap: true,
    },
  },
]
