import type { Action, History } from './history.js'
import { simulate, type Verdict } from './simulate.js'

/** Leaves out actions, ever smaller groups of them, as long as the same invariant is broken (delta debugging). */
export const shrink = async (history: History): Promise<Verdict> => {
  let best = await simulate(history)
  const kind = best.violations[0]?.slice(0, 2)
  if (!kind) return best
  const attempt = async (actions: Action[]) => {
    const verdict = await simulate({ ...history, actions })
    if (!verdict.violations[0]?.startsWith(kind)) return false
    best = verdict
    return true
  }
  let group = Math.ceil(history.actions.length / 2)
  for (;;) {
    let smaller = false
    for (let from = 0; from < best.history.actions.length; ) {
      const { actions } = best.history
      if (await attempt([...actions.slice(0, from), ...actions.slice(from + group)])) smaller = true
      else from += group
    }
    if (group === 1 && !smaller) return best
    group = smaller ? group : Math.ceil(group / 2)
  }
}
