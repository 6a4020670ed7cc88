import { expect, test } from 'vitest'
import { makeHistory } from './history.js'
import { bundle, createPool, tell } from './pool.mjs'
import { simulate } from './simulate.js'

const HISTORIES = process.env.LATCHKEY_ALL ? 20_000 : 5_000

/** What a history may do; each must have been done, and to some effect. */
const ACTIONS = [
  'open', 'kill', 'reload', 'navigate', 'close', 'login', 'logout', 'refresh', 'call', 'hide', 'show', 'freeze', 'thaw', 'cache',
  'restore', 'offline', 'run', 'steps', 'sleep', 'jump', 'drop', 'duplicate', 'status', 'slow', 'expire', 'revoke', 'heal', 'wipe',
  'failing', 'full', 'hanging', 'lost', 'dropped', 'touch', 'stuck', 'unopened', 'mask', 'ambush',
]

/** Who may hold the tokens, and whether for ever; each in a fair number of histories. */
const SCHEMES = ['bearer', 'cookie', 'mixed', 'limits', 'field']

/** The protocol: all of it must be reached. What only reads input, or belongs to fetch, has tests of its own. */
const PROTOCOL = ['attempt', 'refresh', 'refreshCall', 'lock', 'sync', 'logout', 'setTokens', 'session', 'record', 'schedule', 'channel', 'tabChannel', 'platform', 'resume']

test(`R80: no interleaving of tabs, crashes and lost answers breaks a guarantee, in ${HISTORIES} histories`, async () => {
  const pool = createPool(await bundle())
  const started = performance.now()
  const done: Record<string, number> = {}
  const failures: { seed: number; violations: string[] }[] = []
  let histories = 0
  let tokenRequests = 0
  await pool.run({
    from: 1,
    to: HISTORIES + 1,
    stop: () => failures.length > 0,
    onReport(report: { from: number; to: number; tokenRequests: number; done: Record<string, number>; failures: typeof failures }) {
      histories += report.to - report.from
      tokenRequests += report.tokenRequests
      failures.push(...report.failures)
      for (const [action, count] of Object.entries(report.done)) done[action] = (done[action] ?? 0) + count
    },
  })
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${histories} histories in ${seconds.toFixed(0)} s, ${tokenRequests} token requests\n` +
      Object.entries(done).map(([action, count]) => `${action} ${count}`).join(', '),
  )
  // The lowest seed, whichever thread came first: it is as good as any, and always the same.
  const [first] = failures.sort((a, b) => a.seed - b.seed)
  const told = first && tell(await pool.shrink(first.seed))
  await pool.close()
  expect(told).toBeUndefined()
  expect(histories).toBe(HISTORIES)
  expect(ACTIONS.filter((action) => !done[action])).toEqual([])
  expect(SCHEMES.filter((scheme) => !(done[scheme]! > HISTORIES / 20))).toEqual([])
})

test('the histories reach every part of the protocol', async () => {
  const pool = createPool(await bundle(), 1)
  const files: Record<string, { bytes: number; missed: number; blocks: string[] }> = await pool.coverage({ from: 1, to: 1500 })
  await pool.close()
  const rows = Object.entries(files).filter(([, { bytes }]) => bytes > 200)
  for (const [file, { bytes, missed, blocks }] of rows) {
    console.log(`${file.padEnd(34)} ${(100 - (100 * missed) / bytes).toFixed(1).padStart(5)} %  ${blocks.slice(0, 3).join('  |  ')}`)
  }
  const share = (name: string) => {
    const { bytes, missed } = files[`src/${name}.ts`]!
    return 1 - missed / bytes
  }
  expect(PROTOCOL.filter((name) => share(name) < 0.8)).toEqual([])
})

test('one seed decides everything: the same history gives the same trace', async () => {
  for (const seed of [3, 77, 1234]) {
    const [one, two] = [await simulate(makeHistory(seed)), await simulate(makeHistory(seed))]
    expect(one.trace.length).toBeGreaterThan(5)
    expect(two.trace).toEqual(one.trace)
  }
  expect((await simulate(makeHistory(78))).trace).not.toEqual((await simulate(makeHistory(77))).trace)
})
