import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rollup/parseAst'
import { describe, expect, it } from 'vitest'
import { root } from '../setup.mjs'

const dist = (file: string) => readFileSync(join(root, 'dist', file), 'utf8')

/** Everything that a strict policy forbids (CSP3 §4.2, Trusted Types §4), as it would be called or assigned. */
const forbidden = (code: string): string[] => {
  const found: string[] = []
  const visit = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, callee, left, arguments: args, name } = node as Record<string, any>
    if (type === 'CallExpression' || type === 'NewExpression') {
      if (['eval', 'Function', 'Worker', 'SharedWorker', 'importScripts'].includes(callee.name)) found.push(callee.name)
      if (['setTimeout', 'setInterval'].includes(callee.name) && args[0]?.type === 'Literal') found.push(`${callee.name} of a string`)
      if (['insertAdjacentHTML', 'createContextualFragment'].includes(callee.property?.name)) found.push(callee.property.name)
      if (callee.object?.name === 'document' && /^write/.test(callee.property?.name)) found.push('document.write')
      if (callee.property?.name === 'constructor') found.push('constructor(…)')
    }
    if (type === 'AssignmentExpression' && ['innerHTML', 'outerHTML', 'srcdoc', 'src'].includes(left.property?.name)) found.push(left.property.name)
    if (type === 'ImportExpression') found.push('import()')
    if (type === 'Identifier' && (name === 'eval' || name === 'Function')) found.push(name)
    for (const value of Object.values(node)) visit(value)
  }
  visit(parseAst(code))
  return found
}

describe('the script build', () => {
  it('C16: has nothing in it that a strict Content-Security-Policy or Trusted Types forbid', () => {
    expect(forbidden(dist('latchkey.min.js'))).toEqual([])
  })

  it.each(['eval("1")', 'new Function("1")', '(0, eval)("1")', 'x.innerHTML = "1"', 'new Worker("x")', 'document.write("x")', 'setTimeout("1")', '(()=>{}).constructor("1")', 'import("x")'])(
    'C16: would be found out with %s in it',
    (code) => {
      expect(forbidden(code)).not.toEqual([])
    },
  )

  it('C17: has the hash that dist/sri.json says', () => {
    const hash = createHash('sha384').update(dist('latchkey.min.js')).digest('base64')
    expect(JSON.parse(dist('sri.json'))).toEqual({ 'latchkey.min.js': `sha384-${hash}` })
  })

  it('names its source map, which holds the sources', () => {
    expect(dist('latchkey.min.js')).toMatch(/\n\/\/# sourceMappingURL=latchkey\.min\.js\.map\n?$/)
    const { sources, sourcesContent } = JSON.parse(dist('latchkey.min.js.map')) as { sources: string[]; sourcesContent: string[] }
    expect(sources).toContain('../src/script.ts')
    expect(sourcesContent.every(Boolean)).toBe(true)
  })
})
