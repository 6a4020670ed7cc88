// @vitest-environment node
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../setup.mjs'
import { anchors, document, documents, links } from './markdown.js'

describe.each([...documents()])('%s', (path, markdown) => {
  test('links to files and headings that exist', () => {
    const broken = links(markdown).filter((link) => {
      if (/^https:/.test(link)) return false
      const [file, anchor] = link.split('#') as [string, string?]
      const target = file ? normalize(join(dirname(path), file)) : path
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(document(target)).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  test('names no path of a machine and no host of a registry', () => {
    expect(markdown.match(/(?<![\w.])\/(home|root|tmp|usr|Users|work)\/[\w/]*|registry\.[\w.]+/g)).toBe(null)
  })
})

test('README.md stays under 200 lines', () => {
  expect(document('README.md').split('\n').length).toBeLessThan(200)
})

test('the README leads to every document', () => {
  const targets = links(document('README.md')).map((link) => link.split('#')[0])
  expect([...documents().keys()].filter((path) => path !== 'README.md' && !targets.includes(path))).toEqual([])
})

test('every document that a comment in the sources points at exists', async () => {
  const { readdirSync, readFileSync } = await import('node:fs')
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const named = files.flatMap((file) => readFileSync(join(root, 'src', file), 'utf8').match(/docs\/[\w-]+\.md/g) ?? [])
  expect([...new Set(named)].filter((path) => !existsSync(join(root, path)))).toEqual([])
})
