import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { measure, row } from '../../bench/size/measure.mjs'
import { root } from '../setup.mjs'

const results = await measure()

describe('R79: the size, compressed with brotli, dependencies included', () => {
  it.each(results)('of $name is at most $limit bytes', ({ name, bytes, limit, goal }) => {
    if (goal) console.log(`${name}: ${bytes} bytes, ${Math.abs(bytes - goal)} ${bytes > goal ? 'above' : 'below'} the goal`)
    expect(bytes).toBeLessThanOrEqual(limit)
  })

  it('leaves out the storages that a program does not use', () => {
    const modules = (name: string) => results.find((result) => result.name === name)!.parts.map(([id]) => id)
    expect(modules('core + memory')).not.toContain('storage/cookieStorage.js')
    expect(modules('core + IndexedDB')).not.toContain('storage/cookieStorage.js')
    expect(modules('core + cookie')).not.toContain('storage/memoryStorage.js')
    expect(modules('core + memory')).not.toContain('cookies.js')
    expect((modules('core + memory') + modules('core + IndexedDB')).toLowerCase()).not.toMatch(/js-cookie|js\.cookie/)
    expect((modules('core + memory') + modules('core + cookie')).toLowerCase()).not.toMatch(/indexeddb|idb-keyval/)
  })

  it('is what README.md says', () => {
    const file = join(root, 'README.md')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').map((line) => line.trim()) : []
    const absent = results.map(row).filter((line) => !lines.includes(line))
    expect(absent, 'write these lines into the table of sizes in README.md, instead of those that have the same first column').toEqual([])
  })
})
