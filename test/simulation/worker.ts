import { parentPort } from 'node:worker_threads'
import { startCoverage } from './coverage.js'
import { makeHistory } from './history.js'
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
    report.tokenRequests += tokenRequests
    for (const action of done) report.done[action] = (report.done[action] ?? 0) + 1
    if (!violations.length) continue
    report.failures.push({ seed, violations })
    if (report.failures.length >= most) return { ...report, to: seed + 1 }
  }
  return report
}

const answers = {
  run: ({ from, to, most }: { from: number; to: number; most: number }) => run(from, to, most),
  shrink: ({ seed }: { seed: number }) => shrink(makeHistory(seed)),
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
