/** How many histories a mutant may survive. */
export const BUDGET = 6000

/** The lowest seed that a mutant fails, of chunks so small that the threads hardly overshoot. */
const firstFailure = async (pool, from, to) => {
  const found = []
  await pool.run({
    from,
    to: to + 1,
    most: 1,
    chunk: 10,
    stop: () => found.length > 0,
    onReport: ({ failures }) => found.push(...failures),
  })
  return found.sort((a, b) => a.seed - b.seed)[0]
}

/** The first `{ seed, violations }` that a mutant fails and the sources do not; nothing when it survives. */
export const hunt = async (mutant, sound, from = 1, to = BUDGET) => {
  for (;;) {
    const failure = await firstFailure(mutant, from, to)
    if (!failure) return
    const { seed } = failure
    const own = []
    await sound.run({ from: seed, to: seed + 1, onReport: ({ failures }) => own.push(...failures) })
    if (!own.length) return failure
    from = seed + 1
  }
}
