import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../setup.mjs'

/** Every document of the repository, by its path from the root. */
export const documents = (): Map<string, string> => {
  const inRoot = readdirSync(root).filter((file) => file.endsWith('.md'))
  const inDocs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)
  return new Map([...inRoot, ...inDocs].map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}

export const document = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What stands under a heading, up to the next of any level. */
export const section = (markdown: string, heading: string): string => {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'))
  if (start < 0) throw new Error(`There is no heading ${heading}`)
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('#'))
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n')
}

/** The rows of the tables in a section, cell by cell, without the headers. */
export const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line, index, lines) => line.startsWith('|') && lines[index - 1]?.startsWith('|') && !/^\|[ |-]+\|$/.test(line))
    .map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()))

/** `wrapFetch(fetch)` in backticks → wrapFetch */
export const nameIn = (cell: string): string => /^`([\w-]+)/.exec(cell)?.[1] ?? cell

const withoutCode = (markdown: string) => markdown.replace(/^```[^]*?^```$/gm, '')

/** As GitHub makes them of headings. */
export const anchors = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'),
  )

export const links = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
