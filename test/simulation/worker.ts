import { parentPort } from 'node:worker_threads'
import { startCoverage } from './coverage.js'
import { type History, makeHistory } from './history.js'
import { shrink } from './shrink.js'
import { simulate } from './simulate.js'

/** Runs in a thread of its own: seeds come in ranges, counts and failures go out. */
export interface Report {
  from: number
  to: number
  tokenRequests: number
  steps: number
  done: Record<string, number>
  failures: { seed: number; violations: string[] }[]
}

const run = async (from: number, to: number, most: number): Promise<Report> => {
  const report: Report = { from, to, tokenRequests: 0, steps: 0, done: {}, failures: [] }
  for (let seed = from; seed < to; seed++) {
    const { violations, tokenRequests, done } = await simulate(makeHistory(seed))
    // What is held weakly is let go only when the event loop goes round.
    await new Promise((resolve) => setImmediate(resolve))
    report.tokenRequests += tokenRequests
    for (const action of done) report.done[action] = (report.done[action] ?? 0) + 1
    if (!violations.length) continue
    report.failures.push({ seed, violations })
    if (report.failures.length >= most) return { ...report, to: seed + 1 }
  }
  return report
}

/** What the history breaks, each time with other dice for the world: latencies, jitter, losses. */
const replay = async (history: History, times: number): Promise<string[]> => {
  const broken: string[] = []
  for (let seed = history.seed; seed < history.seed + times; seed++) {
    const { violations } = await simulate({ ...history, seed })
    if (violations.length) broken.push(`${violations[0]} (seed ${seed})`)
  }
  return broken
}

const answers = {
  run: ({ from, to, most }: { from: number; to: number; most: number }) => run(from, to, most),
  shrink: ({ seed }: { seed: number }) => shrink(makeHistory(seed)),
  replay: ({ history, times }: { history: History; times: number }) => replay(history, times),
  async coverage({ from, to }: { from: number; to: number }) {
    const stop = await startCoverage()
    await run(from, to, Infinity)
    return stop()
  },
}

parentPort!.on('message', ({ what, ...job }: { what: keyof typeof answers }) => {
  answers[what](job as never).then(
    (value) => parentPort!.postMessage(value),
    (error: Error) => parentPort!.postMessage({ crash: error.stack }),
  )
})
