import { builtinEnvironments, type Environment } from 'vitest/runtime'

/** What Node has of its own and the recipes need for real: a DOM in a process imitates these. */
const NATIVE = ['fetch', 'Request', 'Response', 'Headers', 'FormData', 'Blob', 'File', 'AbortController', 'AbortSignal', 'URL', 'URLSearchParams'] as const

/** The DOM of happy-dom, for the page of https://app.example.com, over Node's own network. */
export default {
  name: 'page',
  viteEnvironment: 'client',
  async setup(global) {
    const native = Object.fromEntries(NATIVE.map((name) => [name, global[name]]))
    const { teardown } = await builtinEnvironments['happy-dom'].setup(global, {
      happyDOM: { url: 'https://app.example.com/' },
    })
    Object.assign(global, native)
    return { teardown }
  },
} satisfies Environment
