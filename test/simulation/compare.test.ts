import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { bundleOwn, bundleRevision, compare, tellParting } from './compare.mjs'

const range = { from: 1, to: 41 }
const inGit = (() => {
  try {
    return !!execFileSync('git', ['rev-parse', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return false
  }
})()

test('the traces of equal sources are equal, and those of a mutant part where it says so', async () => {
  const own = await bundleOwn([])
  expect(tellParting(await compare(own, own, range), 'itself')).toBe('40 traces are equal to those of itself.')

  const mutant = await bundleOwn([{ file: 'attempt.ts', from: '2 ** attempt', to: '2' }])
  const parting = await compare(own, mutant, range)
  expect(parting.parted.length).toBeGreaterThan(0)
  expect(parting.seed).toBe(parting.parted[0])
  expect(parting.ours!.slice(0, parting.line)).toEqual(parting.theirs!.slice(0, parting.line))
  expect(parting.ours![parting.line!]).not.toBe(parting.theirs![parting.line!])
  expect(tellParting(parting, 'the mutant')).toMatch(/\d+ of 40 traces part from those of the mutant: seeds \d+[^]*parts at event \d+/)
})

test.skipIf(!inGit)('the sources of a revision are run without a change of the work tree', async () => {
  const { code } = await bundleRevision('HEAD')
  expect((await compare(code, code, { from: 1, to: 11 })).parted).toEqual([])
  await expect(bundleRevision('no-such-revision')).rejects.toThrow()
})
