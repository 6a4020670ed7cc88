import { plural, seconds, shownError, sleep } from './dom.js'
import { callsUrl, logOut, session, shared } from './session.js'
import { readServerState, refreshRequests, turn } from './server-state.js'

const TEN_MINUTES = 600_000
const PATIENCE = 45_000

/** Requests for new tokens so far, or to renew a cookie session. */
const requests = async () => refreshRequests((await readServerState()).counters)

const until = async (look, sentence, patience = 10_000) => {
  for (const end = performance.now() + patience; !(await look()); await sleep(50)) {
    if (performance.now() > end) throw shownError(sentence)
  }
}

/** Asks for new tokens until they come, or the session is over. */
const refreshed = async () => {
  const before = performance.now()
  await until(async () => {
    try {
      await session.refresh()
      return true
    } catch (problem) {
      if (problem?.name !== 'RefreshError') throw problem
      await sleep(500)
      return session.status !== 'authenticated'
    }
  }, 'No refresh came through: the log says why.', PATIENCE)
  return seconds(performance.now() - before)
}

/** A frame that is in the middle of a refresh: the server has its token, and keeps the answer for a while. */
const refreshingFrame = async (tabs, ms) => {
  if (!shared) throw shownError('With tokens in memory every tab is on its own, and nobody could take over: choose another way to hold the session.')
  const frame = await tabs.last()
  await turn('/_faults', { delayNext: ms })
  const before = await requests()
  frame.press('refresh')
  await until(async () => (await requests()) > before, `Tab ${frame.tab} began no refresh: one had failed a moment ago. Try again.`)
  return frame
}

/** What can go wrong, one by one. Each resolves with what came of it, in a sentence. */
export const FAULTS = [
  {
    id: 'kill',
    label: 'Kill the refreshing tab',
    about: 'A frame starts a refresh, and is removed while the server holds its answer back.',
    guards: 'G1 G4',
    async run(tabs) {
      const frame = await refreshingFrame(tabs, 3000)
      frame.close()
      return `Tab ${frame.tab} was removed in the middle of its refresh. Another tab took over after ${await refreshed()}.`
    },
  },
  {
    id: 'suspend',
    label: 'Stall the refreshing tab',
    about: 'For 12 s a frame stands still, lock in hand: answers, timers and messages are held back, as in a frozen tab.',
    guards: 'G1 G4',
    async run(tabs) {
      const frame = await refreshingFrame(tabs, 2000)
      frame.suspend(12_000)
      const took = await refreshed()
      await frame.goesOn()
      return `Tab ${frame.tab} stood still. Another tab took over after ${took}, and the answer that came late did no harm.`
    },
  },
  {
    id: 'lose',
    label: 'Lose the next answer',
    about: 'The server spends the refresh token, and its answer breaks off on the way.',
    guards: 'G1 G2',
    async run() {
      await turn('/_faults', { breakTokenAnswer: 1 })
      return `The answer was lost. The same request, with the same key, was sent again and answered after ${await refreshed()}.`
    },
  },
  {
    id: 'down',
    label: 'Take the server down',
    about: 'For 5 s it hangs up on everybody, the API too.',
    guards: 'G2',
    async run() {
      await turn('/_faults', { downFor: 5000 })
      return `The server was gone for 5 s. The next refresh came through after ${await refreshed()}.`
    },
  },
  {
    id: 'busy',
    label: 'Answer 429',
    about: 'The next refresh is put off with Retry-After: 3.',
    guards: 'G2',
    async run() {
      await turn('/_faults', { failToken: { status: 429, times: 1, headers: { 'Retry-After': '3' } } })
      return `The server asked for 3 s of peace. The next request came after ${await refreshed()}.`
    },
  },
  {
    id: 'clock',
    label: 'Put the clock wrong',
    about: 'In all tabs at once it jumps ten minutes ahead, and stays so. Press again to put it right.',
    guards: 'G1 G2',
    pressed: () => demoClock.offset !== 0,
    async run() {
      const before = await requests()
      demoClock.set(demoClock.offset ? 0 : TEN_MINUTES)
      dispatchEvent(new Event('focus'))
      await sleep(4000)
      const extra = (await requests()) - before
      await refreshed()
      return `The clock is ${demoClock.offset ? 'ten minutes fast' : 'right again'}. In 4 s that caused ${plural(extra, 'token request')}, and no storm.`
    },
  },
  {
    id: 'expire',
    label: 'Refuse all access tokens',
    about: 'Every one issued so far. Then this tab makes twenty calls at once.',
    guards: 'G1 G6',
    async run() {
      await turn('/_expire-all', {})
      const answers = await Promise.all(Array.from({ length: 20 }, () => session.fetch(`${callsUrl}/me`)))
      return `${answers.filter(({ ok }) => ok).length} of 20 calls were refused, sent again with a new token, and answered.`
    },
  },
  {
    id: 'late',
    label: 'Log out during a refresh',
    about: 'The answer to a refresh comes 2 s late, and you have logged out meanwhile.',
    guards: 'G3',
    async run() {
      const before = await requests()
      await turn('/_faults', { delayNext: 2000 })
      const refresh = session.refresh().catch(() => {})
      await until(async () => (await requests()) > before, 'No refresh began: one had failed a moment ago. Try again.')
      await logOut()
      await Promise.all([refresh, sleep(2500)])
      return session.status === 'anonymous' ? 'The answer came after the logout, and brought nobody back.' : 'The session came back: that is a defect.'
    },
  },
  {
    id: 'revoke',
    label: 'Revoke every session',
    about: 'The server ends them. This one is a definite no, so signing out is right.',
    guards: 'G7',
    danger: true,
    async run() {
      await turn('/_revoke-all', {})
      await refreshed()
      return 'The next refresh was refused for good, so every tab is signed out, and says why.'
    },
  },
]
