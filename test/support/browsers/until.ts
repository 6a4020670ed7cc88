import { setTimeout as sleep } from 'node:timers/promises'
import type { Tab } from './types.js'

const PATIENCE = 30_000

/** Polls, and tells what was waited for when it does not come. */
export async function until<Result>(look: () => Result | Promise<Result>, what: unknown = look): Promise<NonNullable<Result>> {
  for (const end = Date.now() + PATIENCE; ; await sleep(20)) {
    const value = await look()
    if (value !== null && value !== undefined && (value as unknown) !== false) return value as NonNullable<Result>
    if (Date.now() > end) throw new Error(`This did not happen within ${PATIENCE / 1000} s: ${what}`)
  }
}

/** A look at a page that is just being left says nothing. */
function unlessLeaving(error: Error): undefined {
  if (!/context was destroyed|Cannot find context|detached|no such frame|The page is gone|discarded|DiscardedBrowsingContext|AbortError/i.test(error.message)) throw error
}

export const waitForIn = (evaluate: Tab['evaluate']): Tab['waitFor'] => (run, ...args) =>
  until(() => evaluate(run, ...args).catch(unlessLeaving), run)
