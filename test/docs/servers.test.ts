// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesOf } from '../recipes/blocks.js'
import { root } from '../setup.mjs'
import { document, rows, section } from './markdown.js'

const text = document('docs/servers.md')
const folder = join(root, 'test/servers')
const tests = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')

test('every block of docs/servers.md has a name, and is run by the suite `servers`', () => {
  const files = [...filesOf(text).keys()]
  expect(files.length).toBeGreaterThanOrEqual(10)
  expect(files.filter((name) => name.startsWith('block-') || !tests.includes(`'${name}'`))).toEqual([])
})

test('docs/servers.md names the versions that are installed', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  const servers = rows(section(text, 'Servers')).map(([server]) => server!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')).join(' ')
  const named = [...servers.matchAll(/([@\w/-]+) (\d+\.\d+\.\d+)/g)].map(([, name, version]) => [name, version])
  expect(named.length).toBeGreaterThanOrEqual(8)
  expect(named.filter(([name, version]) => devDependencies[name!] !== version)).toEqual([])
})
