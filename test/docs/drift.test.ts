// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { root } from '../setup.mjs'
import { document, nameIn, rows, section } from './markdown.js'

const api = document('docs/api.md')
const errors = document('docs/errors.md')

const entry = join(root, 'src/index.ts')
const program = ts.createProgram([entry], { strict: true, target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, noEmit: true })
const checker = program.getTypeChecker()
const exported = checker
  .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
  .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))

/** The members of every exported interface. */
const interfaces = exported
  .filter(({ flags }) => flags & ts.SymbolFlags.Interface)
  .map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol).getProperties()] as const)

/** The strings of an exported union. */
const union = (name: string): string[] => {
  const symbol = exported.find((candidate) => candidate.name === name)!
  const type = checker.getDeclaredTypeOfSymbol(symbol) as ts.UnionType
  return type.types.map((member) => (member as ts.StringLiteralType).value)
}

const names = (table: string[][]) => table.map(([first]) => nameIn(first!)).sort()

describe('docs/api.md', () => {
  test('lists every export, and nothing that is none', () => {
    const text = section(api, 'Exports')
    const types = [...text.split('Types only:')[1]!.matchAll(/\[`(\w+)`\]/g)].map(([, name]) => name!)
    expect([...names(rows(text)), ...types].sort()).toEqual(exported.map(({ name }) => name).sort())
  })

  test('names every entry point', () => {
    const entries = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports as object)
    const paths = entries.map((entry) => entry.replace(/^\./, 'latchkey')).filter((path) => path !== 'latchkey/package.json')
    expect(paths.filter((path) => !api.includes(`'${path}'`) && !api.includes(`\`${path}\``))).toEqual([])
  })

  const described = interfaces.filter(([name]) => name !== 'UnverifiedClaims')
  test.each(described)('lists every member of %s, and nothing that is none', (name, members) => {
    expect(names(rows(section(api, `\`${name}\``)))).toEqual(members.map((member) => member.name).sort())
  })

  test('names every registered claim', () => {
    const listed = [...section(api, '`UnverifiedClaims`').matchAll(/`(\w+)`/g)].map(([, name]) => name).filter((name) => name !== 'unknown')
    expect(listed.sort()).toEqual(interfaces.find(([name]) => name === 'UnverifiedClaims')![1].map(({ name }) => name).sort())
  })

  const defaults = interfaces.flatMap(([name, members]) =>
    members.flatMap((member) => {
      const comment = ts.displayPartsToString(member.getDocumentationComment(checker))
      const said = /Default: (.*?)(\.\s|\.$|, )/s.exec(`${comment} `)?.[1]
      const values = said?.replace(/(\d) (?=\d{3})/g, '$1').match(/`[^`]+`|\b\d+\b/g) ?? []
      return values.length ? [[`${name}.${member.name}`, values.map((value) => value.replaceAll('`', ''))] as const] : []
    }),
  )
  test.each(defaults)('says the default of %s as the types do', (path, values) => {
    const [name, member] = path.split('.')
    const row = rows(section(api, `\`${name}\``)).find(([first]) => nameIn(first!) === member)!
    for (const value of values) expect(row[1]).toContain(value)
  })

  test('finds the defaults it compares', () => {
    expect(defaults.length).toBeGreaterThan(12)
  })

  test('lists every attribute of the script tag, and none that is refused', () => {
    const complaints: string[] = []
    const context = createContext({
      document: Object.create({ currentScript: { dataset: { nonsense: '' } } }),
      console: { error: (message: string) => complaints.push(message) },
    })
    runInContext(readFileSync(join(root, 'dist/latchkey.min.js'), 'utf8'), context)
    const [, known] = /there are (.*)/.exec(complaints.join())!
    expect(names(rows(section(api, 'The script tag')))).toEqual(known!.split(', ').sort())
  })
})

describe('docs/errors.md', () => {
  test.each([
    ['Why a session ended', 'EndReason'],
    ['`RefreshError`', 'RefreshErrorCode'],
    ['`SessionError`', 'SessionErrorCode'],
  ])('has one row under %s for each of %s', (heading, type) => {
    expect(names(rows(section(errors, heading)))).toEqual(union(type).sort())
  })

  test('says in every row when, and what to do', () => {
    const all = ['Why a session ended', '`RefreshError`', '`SessionError`'].flatMap((heading) => rows(section(errors, heading)))
    expect(all.filter((row) => row.some((cell) => cell.length < 5))).toEqual([])
  })
})
