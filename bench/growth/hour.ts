import { createSessionOn } from '../../src/createSession.js'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import type { Session } from '../../src/types.js'
import { createBrowser, createTab, type Tab } from '../../test/simulation/platform.js'
import { createServer } from '../../test/simulation/server.js'
import { createDisk, diskStorage } from '../../test/simulation/store.js'
import { createWorld } from '../../test/simulation/world.js'

/** What all tabs together did. */
export interface Counts {
  tabs: number
  tokenRequests: number
  /** Refresh tokens that were sent twice. */
  repeated: number
  messages: number
  timersSet: number
  /** Timers that rang: each is a tab that woke up. */
  wakeUps: number
  reads: number
  writes: number
  locks: number
}

const HOUR = 3_600_000
const CALLS = 10

const openTabs = async (count: number, lifetime: number) => {
  const world = createWorld(count)
  const server = createServer(() => world.time, lifetime, 0)
  const browser = createBrowser(world)
  const disk = createDisk()
  const timers = { set: 0, rung: 0 }
  const tabs: { tab: Tab; session: Session }[] = []
  const open = () => {
    const tab = createTab(browser, `tab ${tabs.length + 1}`, server.fetch)
    tab.hidden = tabs.length > 0
    const { setTimer } = tab.platform
    tab.platform.setTimer = (run, delay) => {
      timers.set++
      return setTimer(() => {
        timers.rung++
        run()
      }, delay)
    }
    const refresh = refreshTokenGrant({ url: '/oauth/token' })
    tabs.push({ tab, session: createSessionOn(tab.platform, { refresh, storage: diskStorage(disk, tab) }) })
  }
  const counts = (): Counts => ({
    tabs: count,
    tokenRequests: server.tokenRequests.length,
    repeated: server.tokenRequests.length - new Set(server.tokenRequests.map(({ refreshToken }) => refreshToken)).size,
    messages: browser.messages.length,
    timersSet: timers.set,
    wakeUps: timers.rung,
    reads: disk.reads,
    writes: disk.writes,
    locks: tabs.reduce((sum, { tab }) => sum + tab.lockRequests, 0),
  })
  return { world, server, disk, tabs, open, counts, count }
}

const less = (after: Counts, before: Counts): Counts => {
  const entries = Object.entries(after).map(([name, value]) => [name, name === 'tabs' ? value : value - before[name as keyof Counts]])
  return Object.fromEntries(entries) as Counts
}

/** An hour in which nobody does anything: one tab in front, the others behind it, tokens of five minutes. */
export const idleHour = async (count: number): Promise<Counts> => {
  const { world, server, tabs, open, counts } = await openTabs(count, 300_000)
  for (let i = 0; i < count; i++) open()
  await world.run(1000)
  void tabs[0]!.session.setTokens(server.login('alice'))
  await world.run(1000)
  const before = counts()
  await world.run(HOUR)
  return less(counts(), before)
}

/** All tabs come up at the same moment on a token that has expired, and make ten calls each. */
export const storm = async (count: number): Promise<Counts & { answers: number[] }> => {
  const { world, server, disk, tabs, open, counts } = await openTabs(count, 300_000)
  const answer = server.login('alice')
  disk.value = {
    id: 'stored', revision: 1,
    tokens: { accessToken: answer.access_token, refreshToken: answer.refresh_token, lifetime: 300_000, receivedAt: world.wallOffset - 400_000 },
  } as NonNullable<typeof disk.value>
  server.expireAll()
  for (let i = 0; i < count; i++) open()
  const answers: number[] = []
  for (const { session } of tabs) {
    for (let i = 0; i < CALLS; i++) void session.fetch('/api/me').then(({ status }) => answers.push(status))
  }
  await world.run(30_000)
  return { ...counts(), answers }
}
