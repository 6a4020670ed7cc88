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

/** The blocks of a document by their names; those without one are called block-1.ts, block-2.html and so on. */
export const filesOf = (markdown: string): Map<string, string> =>
  new Map(blocksOf(markdown).map(({ name, language, code }, index) => [name ?? `block-${index + 1}.${language}`, code]))
