import { join } from 'node:path'
import { compile } from 'svelte/compiler'
import type { Plugin } from 'vite'
import { compileScript, parse } from 'vue/compiler-sfc'
import { root } from '../setup.mjs'
import { recipes } from './blocks.js'

/** Where the recipes seem to lie: each name in the document is a file. */
const folder = join(root, 'docs/recipes.md/')

const compileVue = (code: string, filename: string) =>
  compileScript(parse(code, { filename }).descriptor, { id: filename, inlineTemplate: true }).content

/** Lets `import('recipes/ky')` load the block that docs/recipes.md calls ky.ts, and `latchkey` be the built package. */
export const recipeModules = (): Plugin => {
  const files = recipes()
  return {
    name: 'recipes',
    enforce: 'pre',
    resolveId(id, importer) {
      if (id === 'latchkey') return join(root, 'dist/index.js')
      if (id === 'latchkey/core') return join(root, 'dist/core.js')
      // What it has for browsers is empty, and the server needs it.
      if (id === 'ws') return join(root, 'node_modules/ws/wrapper.mjs')
      const name = /^recipes\/(.*)/.exec(id)?.[1] ?? (importer?.startsWith(folder) ? /^\.\/(.*)/.exec(id)?.[1] : undefined)
      const file = name && ['', '.ts', '.tsx'].map((ending) => name + ending).find((candidate) => files.has(candidate))
      // A Vue file becomes TypeScript, and is told apart by its ending.
      return file && folder + file.replace(/\.vue$/, '.vue.ts').replace(/\.svelte$/, '.svelte.js')
    },
    load(id) {
      if (!id.startsWith(folder)) return
      const name = id.slice(folder.length).replace(/(\.vue|\.svelte)\.\ws$/, '$1')
      const code = files.get(name)
      if (code === undefined) return
      if (name.endsWith('.vue')) return compileVue(code, name)
      if (name.endsWith('.svelte')) return compile(code, { filename: name, generate: 'client' }).js.code
      return code
    },
  }
}
