// Pages and TypeScript, made ready by esbuild; nothing is written into the repository.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Where the build of each of its entries is. */
export const ENTRIES = { 'latchkey/core': here('../dist/core.js'), latchkey: here('../dist/index.js') }

const pages = new Map()

/** `pages/drive.js` with the rival of that name, or the page of that name alone. */
export const bundlePage = (name) => {
  if (!pages.has(name)) {
    const contents = `import * as rival from './rivals/${name}.js'\nglobalThis.rival = rival\nimport './pages/drive.js'`
    pages.set(
      name,
      build({
        stdin: { contents: name === 'raw' ? `import './pages/drive.js'` : contents, resolveDir: here('.') },
        bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022', logLevel: 'error',
        define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
        alias: ENTRIES,
      }).then(({ outputFiles }) => outputFiles[0].text),
    )
  }
  return pages.get(name)
}

/** Imports a TypeScript file with everything it imports, for Node. */
export const importTypeScript = async (path) => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const outfile = join(folder, 'module.mjs')
  try {
    await build({ entryPoints: [here(path)], bundle: true, format: 'esm', platform: 'node', target: 'node20', outfile, logLevel: 'error' })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
