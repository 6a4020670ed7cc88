// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesOf } from '../recipes/blocks.js'
import { root } from '../setup.mjs'
import { document } from './markdown.js'

test('R63: every recipe is run by a test, itself or through one that imports it', () => {
  const folder = join(root, 'test/recipes')
  const tests = readdirSync(folder).filter((file) => file.endsWith('.test.ts')).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const files = filesOf(document('docs/recipes.md'))
  const code = [...files.values()].join('\n')
  const left = [...files.keys()].filter((name) => {
    const stem = name.replace(/\.tsx?$/, '')
    return !tests.includes(`'recipes/${stem}'`) && !tests.includes(`files.get('${name}')`) && !code.includes(`'./${stem}'`)
  })
  expect(left).toEqual([])
  expect(files.size).toBeGreaterThan(15)
})

test('every recipe has a name, which its first line says', () => {
  expect([...filesOf(document('docs/recipes.md')).keys()].filter((name) => name.startsWith('block-'))).toEqual([])
})
