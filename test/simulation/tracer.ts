import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { makeHistory } from './history.js'
import { simulate } from './simulate.js'

/** Runs in a thread: the traces of a range of seeds, as hashes, or that of one in full. Uses nothing that another revision of the simulator may lack. */
const traceOf = async (seed: number): Promise<string[]> => {
  const { trace } = await simulate(makeHistory(seed))
  // What is held weakly is let go only when the event loop goes round.
  await new Promise((resolve) => setImmediate(resolve))
  return trace
}

const answers = {
  async run({ from, to }: { from: number; to: number }) {
    const hashes: string[] = []
    for (let seed = from; seed < to; seed++) hashes.push(createHash('sha1').update((await traceOf(seed)).join('\n')).digest('hex'))
    return { from, to, hashes }
  },
  trace: ({ seed }: { seed: number }) => traceOf(seed),
}

parentPort!.on('message', ({ what, ...job }: { what: keyof typeof answers }) => {
  answers[what](job as never).then(
    (value) => parentPort!.postMessage(value),
    (error: Error) => parentPort!.postMessage({ crash: error.stack }),
  )
})
