/** One event queue for all tabs: everything that reaches a tab from outside passes through it, in the order of a virtual clock. */
export interface World {
  /** Milliseconds since the start, on a clock that never jumps and stands still while the machine sleeps. */
  readonly time: number
  /** How long the machine has slept so far. Servers do not sleep: their clock shows `time + slept`. */
  slept: number
  /** What wall clocks show beyond `time`. Jumps when set. */
  wallOffset: number
  sleptAt: number
  /** When the wall clock was last set. */
  jumpedAt: number
  random(): number
  /** Runs `task` in `owner` after `delay`, unless the owner has died by then; a frozen owner gets it when it resumes. */
  schedule(owner: Owner | undefined, delay: number, task: () => void): () => void
  /** So many events more are no storm. */
  expect(count: number): void
  /** Lets time pass. */
  run(duration: number): Promise<void>
  /** Lets a number of events happen, however long that takes, within `limit`. */
  runSteps(count: number, limit: number): Promise<void>
  /** Lets time pass until `done`, at most `limit`; answers whether it was. */
  runUntil(done: () => boolean, limit: number): Promise<boolean>
  /** Lets everything that is ready happen, without time. */
  settle(): Promise<void>
  /** The machine sleeps: the wall clock goes on, nothing else does. */
  sleep(duration: number): void
  /** Sets the wall clock. */
  jump(by: number): void
  /** After every event. */
  onStep: (() => void) | undefined
  /** Whose code runs: every event belongs to one tab, and its microtasks end before the next. */
  current: Owner | undefined
}

export interface Owner {
  dead: boolean
  frozen: boolean
  parked: (() => void)[]
}

interface Entry {
  time: number
  order: number
  owner: Owner | undefined
  task: () => void
  cancelled: boolean
}

/** Mulberry32: small, and good enough to choose among faults. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** In this time of a history, in milliseconds; a few hundred are many, and one timer that rings all the time makes 3000. */
const SPAN = 3000
const MOST_STEPS = 2500

/** Node runs every microtask that is ready, and those that follow from them, before the next tick; cheaper than an immediate. */
const microtasks = () => new Promise<void>((resolve) => process.nextTick(resolve))

export const createWorld = (seed = 1): World => {
  const random = seeded(seed)
  // Kept in reverse, so that the next is the last.
  const queue: Entry[] = []
  let order = 0
  let steps = 0
  let span = 0
  let time = 0

  const before = (a: Entry, b: Entry) => a.time < b.time || (a.time === b.time && a.order < b.order)
  const push = (entry: Entry) => {
    let low = 0
    let high = queue.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (before(queue[middle]!, entry)) high = middle
      else low = middle + 1
    }
    queue.splice(low, 0, entry)
  }

  const step = async (until: number): Promise<boolean> => {
    for (;;) {
      const entry = queue.at(-1)
      if (!entry || entry.time > until) return false
      queue.pop()
      if (entry.cancelled || entry.owner?.dead) continue
      time = Math.max(time, entry.time)
      if (entry.owner?.frozen) {
        entry.owner.parked.push(() => {
          if (!entry.cancelled) entry.task()
        })
        continue
      }
      const now = Math.floor(time / SPAN)
      if (now !== span) {
        span = now
        steps = 0
      }
      if (++steps > MOST_STEPS) throw new Error('A storm: far more events in 3 seconds than anybody needs')
      world.current = entry.owner
      entry.task()
      await microtasks()
      world.current = undefined
      world.onStep?.()
      return true
    }
  }

  const world: World = {
    get time() {
      return time
    },
    slept: 0,
    wallOffset: 1_800_000_000_000,
    sleptAt: -Infinity,
    jumpedAt: -Infinity,
    random,
    onStep: undefined,
    current: undefined,
    schedule(owner, delay, task) {
      const entry: Entry = { time: time + Math.max(0, delay), order: order++, owner, task, cancelled: false }
      push(entry)
      return () => {
        entry.cancelled = true
      }
    },
    expect(count) {
      steps -= count
    },
    async run(duration) {
      const until = time + duration
      await microtasks()
      while (await step(until));
      time = until
    },
    async runSteps(count, limit) {
      const until = time + limit
      await microtasks()
      while (count-- > 0 && (await step(until)));
    },
    async runUntil(done, limit) {
      const until = time + limit
      await microtasks()
      while (!done() && (await step(until)));
      return done()
    },
    async settle() {
      await microtasks()
      while (await step(time));
    },
    sleep(duration) {
      world.wallOffset += duration
      world.slept += duration
      world.sleptAt = time
    },
    jump(by) {
      world.wallOffset += by
      world.jumpedAt = time
    },
  }
  return world
}
