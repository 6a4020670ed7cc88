// Runs histories in threads, from one bundle of the simulator and the sources; the sources may be edited on the way.
import { build } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `edits`: `{ file, from, to }`, applied to a copy in memory. The tree stays as it is. `tree`: where another revision lies. */
export async function bundle(edits = [], { entry = 'worker.ts', tree = root } = {}) {
  const result = await build({
    entryPoints: [join(tree, 'test/simulation', entry)],
    nodePaths: [join(root, 'node_modules')],
    absWorkingDir: tree, bundle: true, write: false, platform: 'node', format: 'cjs', target: 'es2022', logLevel: 'silent',
    plugins: [
      {
        name: 'edits',
        setup({ onLoad }) {
          for (const file of new Set(edits.map((edit) => edit.file))) {
            const path = join(tree, 'src', file)
            onLoad({ filter: new RegExp(`^${path.replace(/[.\\/]/g, '\\$&')}$`) }, async () => {
              let contents = await readFile(path, 'utf8')
              for (const { from, to } of edits.filter((edit) => edit.file === file)) {
                if (contents.split(from).length !== 2) {
                  throw new Error(`src/${file} no longer holds this text exactly once; write the mutant anew:\n${from}`)
                }
                contents = contents.replace(from, () => to)
              }
              return { contents, loader: 'ts' }
            })
          }
        },
      },
    ],
  })
  return result.outputFiles[0].text
}

/** Node keeps a `Request` whose signal leads back to it, and with it the whole history: a thread is replaced after so many jobs. */
const RENEW = 50

/** Threads that each do one job at a time. */
export function createPool(code, size = Math.max(1, Math.min(2, availableParallelism()))) {
  const start = () => new Worker(code, { eval: true })
  const workers = Array.from({ length: size }, start)
  const ask = (worker, job) =>
    new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (answer) => {
        worker.off('error', reject)
        if (answer.crash) reject(new Error(answer.crash))
        else resolve(answer)
      })
      worker.postMessage(job)
    })
  return {
    /** Runs seeds from `from` on, up to `to` or until `stop()`; every chunk of them is one `onReport`. */
    async run({ from, to = Infinity, most = Infinity, chunk = 100, stop = () => false, onReport }) {
      let next = from
      await Promise.all(
        workers.map(async (_, lane) => {
          for (let jobs = 1; next < to && !stop(); jobs++) {
            const job = { what: 'run', from: next, to: Math.min(to, (next += chunk)), most }
            onReport(await ask(workers[lane], job))
            if (jobs % RENEW) continue
            await workers[lane].terminate()
            workers[lane] = start()
          }
        }),
      )
    },
    /** Of one seed, where the bundle is that of the tracer. */
    trace: (seed) => ask(workers[0], { what: 'trace', seed }),
    shrink: (seed) => ask(workers[0], { what: 'shrink', seed }),
    /** What a history breaks, in so many worlds. */
    replay: (history, times) => ask(workers[0], { what: 'replay', history, times }),
    /** Bytes of each source file, and of those the ones that no history of this range has run. */
    async coverage({ from, to }) {
      return byFile(code, await ask(workers[0], { what: 'coverage', from, to }))
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}

/** esbuild names the file above each part of a bundle; a block within a block counts for itself. */
function byFile(code, functions) {
  const heads = [...code.matchAll(/^\/\/ (\S+)$/gm)]
  const unrun = functions
    .flat()
    .filter(({ count }) => count === 0)
    .map(({ startOffset, endOffset }) => [startOffset, endOffset])
  const files = {}
  for (const [index, head] of heads.entries()) {
    if (!head[1].startsWith('src/')) continue
    const [start, end] = [head.index, heads[index + 1]?.index ?? code.length]
    const inside = unrun.filter(([from, to]) => from >= start && to <= end)
    const outer = inside.filter(([from, to]) => !inside.some((other) => other[0] <= from && other[1] >= to && other[1] - other[0] > to - from))
    files[head[1]] = {
      bytes: end - start,
      missed: outer.reduce((sum, [from, to]) => sum + to - from, 0),
      blocks: outer.map(([from, to]) => code.slice(from, to).replace(/\s+/g, ' ').slice(0, 90)),
    }
  }
  return files
}

/** The command that shows this seed again. */
export const replay = (seed) => `npm run test:simulation -- --seed ${seed}`

/** A failing seed as one reads it: how to replay it, what was broken, and the shortest history with its trace. */
export const tell = ({ history, violations, trace }) =>
  [
    `Seed ${history.seed} breaks ${violations[0]}`,
    `Replay: ${replay(history.seed)}`,
    `Setup: ${JSON.stringify(history.setup)}`,
    `Shrunk to ${history.actions.length} actions:`,
    ...history.actions.map((action) => `  ${JSON.stringify(action)}`),
    'Trace (milliseconds, tab, what):',
    ...trace,
  ].join('\n')
