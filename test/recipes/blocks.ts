import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../setup.mjs'

export interface Block {
  language: string
  code: string
  /** From a first line such as `// ky.ts`. */
  name: string | undefined
  /** Of the code's first line in the document, counted from 1. */
  line: number
}

/** The fenced code blocks of a Markdown document, exactly as they stand there. */
export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => ({
    language: language!,
    code: code!,
    name: /^(?:\/\/|<!--) ([\w-]+\.\w+)( -->)?\n/.exec(code!)?.[1],
    line: markdown.slice(0, index).split('\n').length + 1,
  }))

/** The files of docs/recipes.md, by name. */
export const recipes = (): Map<string, string> =>
  new Map(
    blocksOf(readFileSync(join(root, 'docs/recipes.md'), 'utf8'))
      .filter(({ name }) => name)
      .map(({ name, code }) => [name!, code]),
  )
