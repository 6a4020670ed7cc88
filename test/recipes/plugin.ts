import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from 'svelte/compiler'
import type { Plugin } from 'vite'
import { compileScript, parse } from 'vue/compiler-sfc'
import { root } from '../setup.mjs'
import { filesOf } from './blocks.js'

/** What the tests call the documents whose blocks they run. */
const DOCUMENTS: Record<string, string> = {
  readme: 'README.md',
  'getting-started': 'docs/getting-started.md',
  recipes: 'docs/recipes.md',
  choosing: 'docs/choosing.md',
}

const elsewhere: Record<string, string> = {
  latchkey: 'dist/index.js',
  'latchkey/core': 'dist/core.js',
  'latchkey/axios': 'dist/axios.js',
  // What it has for browsers is empty, and the server needs it.
  ws: 'node_modules/ws/wrapper.mjs',
}

const compileVue = (code: string, filename: string) =>
  compileScript(parse(code, { filename }).descriptor, { id: filename, inlineTemplate: true }).content

/**
 * Lets `import('recipes/ky')` load the block that docs/recipes.md calls ky.ts, as if the document were a folder and
 * the block a file in it; and lets `latchkey` be the built package.
 */
export const recipeModules = (): Plugin => {
  /** By the path each seems to have. */
  const files = new Map<string, string>()
  for (const path of Object.values(DOCUMENTS)) {
    for (const [name, code] of filesOf(readFileSync(join(root, path), 'utf8'))) files.set(join(root, path, name), code)
  }
  return {
    name: 'recipes',
    enforce: 'pre',
    resolveId(id, importer) {
      if (Object.hasOwn(elsewhere, id)) return join(root, elsewhere[id]!)
      const [first, ...rest] = id.split('/') as [string, ...string[]]
      const inside = first === '.' && importer ? /^(.*\.md)\//.exec(importer)?.[1] : undefined
      const folder = Object.hasOwn(DOCUMENTS, first) ? join(root, DOCUMENTS[first]!) : inside
      const file = folder && ['', '.ts', '.tsx'].map((ending) => join(folder, rest.join('/')) + ending).find((path) => files.has(path))
      // What a component becomes is told by a second ending.
      return file && file.replace(/\.vue$/, '.vue.ts').replace(/\.svelte$/, '.svelte.js')
    },
    load(id) {
      const file = id.replace(/(\.vue|\.svelte)\.\ws$/, '$1')
      const code = files.get(file)
      if (code === undefined) return
      if (file.endsWith('.vue')) return compileVue(code, file)
      if (file.endsWith('.svelte')) return compile(code, { filename: file, generate: 'client' }).js.code
      return code
    },
  }
}
