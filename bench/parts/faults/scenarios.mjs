// Each answers with facts; the report words them. `signedIn` is whether a call succeeds once the trouble is over.
import { setTimeout as sleep } from 'node:timers/promises'
import { until, within } from '../../lib/browser.mjs'
import { startRecorder } from '../../lib/recorder.mjs'

const count = (statuses) => statuses.filter((status) => status !== 200).length
const facts = (stage) => {
  const { tokenRequests, reuses, refreshTokensSeen } = stage.site.state
  return { tokenRequests, reuses, presentedAgain: [...refreshTokensSeen.values()].filter((times) => times > 1).length }
}

/** Two tabs on an expired token; the first is lost in the middle of its refresh. */
const lostHolder = async (stage, lose) => {
  const waiter = await stage.tab()
  const before = await stage.renderers()
  const holder = await stage.tab()
  const own = (await stage.renderers()).filter((id) => !before.includes(id))
  await stage.signIn([holder, waiter], { expired: true })
  stage.faults.delayToken = 2000
  void stage.open(holder, 0).then(() => stage.call(holder))
  await until(() => stage.site.state.tokenRequests > 0, 'a refresh')
  stage.faults.delayToken = 0
  const mend = await lose(holder, own)
  try {
    return await afterLoss(stage, holder, waiter, mend)
  } finally {
    mend?.()
  }
}

const afterLoss = async (stage, holder, waiter, mend) => {
  const start = Date.now()
  await stage.open(waiter, 1)
  const failed = count(await stage.call(waiter, 3))
  const seconds = (Date.now() - start) / 1000
  const signedIn = await stage.recovers(waiter)
  if (!mend) return { failed, seconds, signedIn, ...facts(stage) }
  mend()
  await sleep(3000)
  return { failed, seconds, meanwhile: signedIn, signedIn: (await stage.recovers(waiter)) && (await stage.recovers(holder)), ...facts(stage) }
}

export const scenarios = {
  killed: {
    title: 'The refreshing tab is killed',
    run: (stage) =>
      lostHolder(stage, async (page) => {
        const session = await page.createCDPSession()
        void session.send('Page.crash').catch(() => {})
      }),
  },
  frozen: {
    title: 'The refreshing tab is frozen, and thaws later',
    run: (stage) =>
      lostHolder(stage, async (page, own) => {
        const signal = (name) => {
          for (const id of own) {
            try {
              process.kill(id, name)
            } catch {} // it has ended
          }
        }
        signal('SIGSTOP')
        if ((await within(page.evaluate(() => 'alive'), 500)) !== 'alive') return () => signal('SIGCONT')
        signal('SIGCONT')
        throw new Error('The tab did not freeze')
      }),
  },
  lostAnswer: {
    title: 'The answer of a refresh is lost',
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page], { expired: true })
      stage.faults.dropTokenAnswer = 1
      await stage.open(page)
      const failed = count(await stage.call(page, 3))
      return { failed, signedIn: await stage.recovers(page), ...facts(stage) }
    },
  },
  down: {
    title: 'The token endpoint answers 503 for five seconds',
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page], { expired: true })
      stage.faults.failToken = { status: 503 }
      setTimeout(() => (stage.faults.failToken = null), 5000)
      await stage.open(page)
      for (const end = Date.now() + 5000; Date.now() < end; await sleep(500)) await stage.call(page)
      const { tokenRequests } = facts(stage)
      return { duringOutage: tokenRequests, signedIn: await stage.recovers(page), ...facts(stage) }
    },
  },
  offline: {
    title: 'Offline for three seconds',
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page], { expired: true })
      await page.setOfflineMode(true)
      await stage.open(page)
      await stage.call(page, 3)
      await sleep(3000)
      await page.setOfflineMode(false)
      return { signedIn: await stage.recovers(page), ...facts(stage) }
    },
  },
  clockFast: {
    title: 'The clock is ten minutes fast, the token lasts five',
    options: { skew: 600_000, lifetime: 300 },
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page])
      await stage.open(page)
      let failed = 0
      for (let i = 0; i < 10; i++) failed += count(await stage.call(page))
      return { failed, signedIn: await stage.recovers(page), ...facts(stage) }
    },
  },
  clockSlow: {
    title: 'The clock is ten minutes slow, the token has just expired',
    options: { skew: -600_000 },
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page], { expired: true })
      await stage.open(page)
      const failed = count(await stage.call(page, 3))
      return { failed, signedIn: await stage.recovers(page), ...facts(stage) }
    },
  },
  logoutDuringRefresh: {
    title: 'Logout while a refresh is under way',
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page], { expired: true })
      stage.faults.delayToken = 1500
      void stage.open(page).then(() => stage.call(page))
      await until(() => stage.site.state.tokenRequests > 0, 'a refresh')
      await until(() => within(page.evaluate(() => !!globalThis.client), 1000), 'an open client', 5000).catch(() => {})
      await stage.signOut(page)
      await sleep(3000)
      stage.faults.delayToken = 0
      const here = await stage.signedIn(page)
      const other = await stage.tab()
      if (stage.rival.about.keeps === 'memory') return { cameBack: here === true, ...facts(stage) }
      await stage.open(other)
      return { cameBack: here === true || (await stage.signedIn(other)) === true, ...facts(stage) }
    },
  },
  logoutOffline: {
    title: 'Logout while offline',
    async run(stage) {
      const page = await stage.tab()
      await stage.signIn([page])
      await stage.open(page)
      await page.setOfflineMode(true)
      await stage.signOut(page)
      const here = await stage.signedIn(page)
      await page.setOfflineMode(false)
      const other = await stage.tab()
      if (stage.rival.about.keeps === 'memory') return { stillSignedIn: here === true }
      await stage.open(other)
      return { stillSignedIn: here === true || (await stage.signedIn(other)) === true }
    },
  },
  logoutElsewhere: {
    title: 'Logout in another tab, two seconds later',
    async run(stage) {
      const [one, other] = [await stage.tab(), await stage.tab()]
      await stage.signIn([one, other])
      await stage.open(one, 0)
      await stage.open(other, 1)
      await stage.call(one)
      await stage.call(other)
      await stage.signOut(one)
      await sleep(2000)
      stage.site.state.log.length = 0
      await stage.call(other)
      return { stillSends: stage.site.state.log.some(({ path, headers }) => path === '/api/me' && headers.authorization) }
    },
  },
  foreign: {
    title: 'A call to another host, and to another port of this one',
    async run(stage) {
      if (stage.rival.about.attaches === false) return { attaches: false }
      const recorder = await startRecorder()
      try {
        const page = await stage.tab()
        await stage.signIn([page])
        await stage.open(page)
        await stage.call(page)
        const secrets = () => recorder.seen.filter((text) => [...stage.site.secrets].some((secret) => text.includes(secret))).length
        await stage.call(page, 1, `http://127.0.0.1:${recorder.port}/`)
        const otherHost = secrets()
        await stage.call(page, 1, `http://localhost:${recorder.port}/`)
        return { arrived: recorder.seen.length, otherHost, otherPort: secrets() - otherHost }
      } finally {
        await recorder.close()
      }
    },
  },
  messages: {
    title: 'Tokens in messages between tabs, or on the console, over a login, a refresh and a logout',
    async run(stage) {
      const [one, other] = [await stage.tab(), await stage.tab()]
      await stage.signIn([one, other], { expired: true })
      await stage.open(one, 0)
      await stage.open(other, 1)
      await stage.call(one)
      await stage.call(other)
      await stage.signOut(one)
      await sleep(500)
      return { leaked: await stage.leaks([one, other]) }
    },
  },
}
