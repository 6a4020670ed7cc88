// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesOf } from '../recipes/blocks.js'
import { root } from '../setup.mjs'
import { document } from './markdown.js'

test.each([['recipes', 18], ['choosing', 6]])('R63: every file of docs/%s.md is run by a test, itself or through one that imports it', (stem, fewest) => {
  const folder = join(root, 'test/recipes')
  const tests = readdirSync(folder).filter((file) => file.endsWith('.test.ts')).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const files = filesOf(document(`docs/${stem}.md`))
  const code = [...files.values()].join('\n')
  const left = [...files.keys()].filter((name) => {
    const module = name.replace(/\.tsx?$/, '')
    return !tests.includes(`'${stem}/${module}'`) && !tests.includes(`files.get('${name}')`) && !code.includes(`'./${module}'`)
  })
  expect(left).toEqual([])
  expect(files.size).toBeGreaterThanOrEqual(fewest)
})

test.each(['recipes', 'choosing'])('every block of docs/%s.md has a name, which its first line says', (stem) => {
  expect([...filesOf(document(`docs/${stem}.md`)).keys()].filter((name) => name.startsWith('block-'))).toEqual([])
})
