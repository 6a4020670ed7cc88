import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { render } from '../../bench/lib/report.mjs'
import { root } from '../setup.mjs'

const bench = (path: string) => join(root, 'bench', path)
const results = JSON.parse(readFileSync(bench('results.json'), 'utf8'))
const text = readFileSync(bench('results.md'), 'utf8')

describe('The results of the benchmark', () => {
  it('are in bench/results.md as they are in bench/results.json', () => {
    expect(text).toBe(render(results))
  })

  it('have a row for every rival in bench/rivals, wherever rivals are compared', () => {
    const rivals = readdirSync(bench('rivals')).filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -3)).sort()
    for (const part of ['size', 'storm', 'faults']) {
      const rows: { rival: string }[] = results.parts[part].rows
      expect([...new Set(rows.map(({ rival }) => rival))].sort(), part).toEqual(rivals)
    }
  })

  it('show charts that are there', () => {
    const charts = [...text.matchAll(/\]\((charts\/[\w-]+\.svg)\)/g)].map(([, path]) => path!)
    expect(charts.length).toBeGreaterThan(2)
    expect(charts.filter((path) => !existsSync(bench(path)))).toEqual([])
  })

  it('R2 R12 R33: hold what is promised: one request at every number of tabs, no session lost, no token given away', () => {
    const own = (part: string) => results.parts[part].rows.filter(({ rival }: { rival: string }) => rival.startsWith('latchkey'))
    for (const { tokenRequests, signedOut, failed } of own('storm')) {
      expect([tokenRequests.high, signedOut.high, failed.high]).toEqual([1, 0, 0])
    }
    for (const row of own('faults')) {
      expect(row.error, row.scenario).toBeUndefined()
      expect(row.signedIn ?? true, row.scenario).toBe(true)
      for (const harm of ['cameBack', 'stillSignedIn', 'stillSends', 'leaked', 'otherHost', 'otherPort']) {
        expect(row[harm] ?? 0, `${row.scenario}: ${harm}`).toBeFalsy()
      }
    }
  })
})
