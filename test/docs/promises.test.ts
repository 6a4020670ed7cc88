// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../setup.mjs'
import { document } from './markdown.js'

/** The rows of a table in docs/security.md, each as its cells. */
const rowsBelow = (heading: string) => {
  const [, section = ''] = document('docs/security.md').split(`## ${heading}\n`)
  const [table = ''] = /^\|.*\|$(\n^\|.*\|$)*/m.exec(section.split('\n## ')[0]!) ?? []
  return table.split('\n').slice(2).map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}

test('every promise of docs/security.md leads to tests that exist', () => {
  const promises = rowsBelow('What latchkey does')
  expect(promises.length).toBeGreaterThan(12)
  const unproved = promises.filter(([, , tested = '']) => {
    const files = [...tested.matchAll(/\]\(\.\.\/(test\/[\w/.-]+)\)/g)].map(([, file]) => join(root, file!))
    return !(files.length && files.every((file) => existsSync(file) && /\b(it|test|expectTypeOf)\b|Expect</.test(readFileSync(file, 'utf8'))))
  })
  expect(unproved.map(([threat]) => threat)).toEqual([])
})

test('every suite of attacks proves a promise of docs/security.md', () => {
  const text = document('docs/security.md')
  const attacks = readdirSync(join(root, 'test/security')).filter((file) => file.endsWith('.test.ts'))
  expect(attacks.filter((file) => !text.includes(`../test/security/${file}`))).toEqual([])
})

test('the threat model says of each attacker what it can and cannot do', () => {
  const attackers = rowsBelow('Threat model')
  expect(attackers.length).toBeGreaterThanOrEqual(7)
  expect(attackers.filter((cells) => cells.length !== 3 || cells.some((cell) => cell.length < 8))).toEqual([])
})
