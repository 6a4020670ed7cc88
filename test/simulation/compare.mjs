// Whether two revisions of the sources do the same: one seed decides a whole history, so equal traces are equal behaviour.
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, createPool } from './pool.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SIMULATOR = 'test/simulation'

/** The tracer on the sources of the work tree. */
export const bundleOwn = (edits) => bundle(edits, { entry: 'tracer.ts' })

/**
 * The tracer on the sources of another revision, with the simulator of the work tree; where they do not fit together
 * (files were renamed), with that revision's own simulator: `{ code, ownSimulator }`.
 */
export async function bundleRevision(rev, edits = []) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-compare-'))
  try {
    const commit = execFileSync('git', ['rev-parse', '--verify', '--quiet', `${rev}^{commit}`], { cwd: root, encoding: 'utf8' }).trim()
    const extract = (path) =>
      execFileSync('tar', ['-x', '-C', folder], { input: execFileSync('git', ['archive', commit, path], { cwd: root, maxBuffer: 2 ** 28 }) })
    extract('src')
    cpSync(join(root, SIMULATOR), join(folder, SIMULATOR), { recursive: true })
    try {
      return { code: await bundle(edits, { entry: 'tracer.ts', tree: folder }), ownSimulator: false }
    } catch (error) {
      if (!error.errors) throw error
      rmSync(join(folder, SIMULATOR), { recursive: true })
      extract(SIMULATOR)
      copyFileSync(join(root, SIMULATOR, 'tracer.ts'), join(folder, SIMULATOR, 'tracer.ts'))
      return { code: await bundle(edits, { entry: 'tracer.ts', tree: folder }), ownSimulator: true }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Resolves with `{ seeds, parted }`: every seed whose traces differ, and for the first of them where: `{ seed, line, ours, theirs }`. */
export async function compare(ours, theirs, { from, to }) {
  const pools = [ours, theirs].map((code) => createPool(code, 1))
  try {
    const [mine, other] = await Promise.all(
      pools.map(async (pool) => {
        const hashes = []
        await pool.run({ from, to, onReport: (report) => hashes.push(...report.hashes) })
        return hashes
      }),
    )
    const parted = mine.flatMap((hash, index) => (hash === other[index] ? [] : [from + index]))
    if (!parted.length) return { seeds: mine.length, parted }
    const [left, right] = await Promise.all(pools.map((pool) => pool.trace(parted[0])))
    const line = left.findIndex((text, index) => text !== right[index])
    return { seeds: mine.length, parted, seed: parted[0], line: line < 0 ? left.length : line, ours: left, theirs: right }
  } finally {
    for (const pool of pools) await pool.close()
  }
}

/** Lines of agreement, and then of each side. */
const BEFORE = 8
const AFTER = 6

export const tellParting = ({ seeds, parted, seed, line, ours, theirs }, rev) => {
  if (!parted.length) return `${seeds} traces are equal to those of ${rev}.`
  const rest = (trace) => (line < trace.length ? trace.slice(line, line + AFTER) : ['(ends here)'])
  return [
    `${parted.length} of ${seeds} traces part from those of ${rev}: seeds ${parted.slice(0, 10).join(', ')}${parted.length > 10 ? ', …' : ''}`,
    `Seed ${seed} parts at event ${line + 1} of ${ours.length}:`,
    ...ours.slice(Math.max(0, line - BEFORE), line).map((text) => `    ${text}`),
    ...rest(ours).map((text) => `  + ${text}`),
    ...rest(theirs).map((text) => `  - ${text}`),
    `(+ the work tree, - ${rev}; milliseconds, tab, what)`,
  ].join('\n')
}
