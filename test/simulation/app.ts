import type { Session } from '../../src/types.js'
import type { Tab } from './platform.js'
import type { Family } from './server.js'
import type { Call, Invariant, Logout, Moment, Running, Stage } from './stage.js'

/** How long tabs may disagree about who signed in last, where only a value in localStorage tells. */
const LAG = 400
/** What is over when a tab gets to see it is told when that is stored. */
const JUST_NOW = 1000

/** How the app uses its session, and what it gets to see. */
export interface App {
  watch(running: Running): void
  login(running: Running, user: string): void
  logout(running: Running): void
  /** Somebody is there. */
  touched(running: Running): void
  call(running: Running, options?: { how?: string | undefined; abortAfter?: number | undefined; last?: boolean }): void
}

export const shownBy = ({ server }: Stage, session: Session) => {
  const number = session.unverifiedClaims?.family
  return session.status === 'authenticated' && typeof number === 'number' ? server.families[number] : undefined
}

export const createApp = (stage: Stage, invariants: Invariant[]): App => {
  const { world, server, calls, history } = stage
  const { setup } = history

  const start = (
    { tab, session }: Running,
    what: Call['what'],
    run: (call: Call) => Promise<unknown>,
    last = false,
  ): void => {
    const call: Call = { number: calls.length, tab, what, at: world.time, last, user: session.unverifiedClaims?.sub }
    calls.push(call)
    stage.note(tab.name, `${what} #${call.number}${call.user ? ` as ${call.user}` : ''}`)
    const finish = (result: string, value?: unknown) => {
      call.done = world.time
      call.result = result
      call.value = value
      stage.settled.push(call)
      stage.note(tab.name, `${what} #${call.number} → ${result}`)
    }
    run(call).then(
      (value) => finish(what === 'fetch' ? String((value as Response).status) : 'done', value),
      (error: Error & { code?: string }) => {
        stage.said.push(error)
        finish(error.code ? `${error.name} ${error.code}` : error.name)
      },
    )
  }
  const shaky = ({ at }: Moment) => stage.shakySince(at)
  /**
   * The browser has one cookie for all. Where storage does not tell of a session, each tab makes a record of its own of
   * it; and after two logins at once the cookie may not be that of the record. To end the one does not end the other.
   */
  const hasCopies = (family: Family) => {
    const { at } = stage.logins.get(family)!
    return setup.scheme !== 'bearer' && (stage.shakySince(at) || stage.wipedAt >= at || stage.crossed(family))
  }

  const app: App = {
    watch(running) {
      const { tab, session } = running
      const look = () => {
        const now = shownBy(stage, session)
        if (running.shown && session.status !== 'authenticated') {
          running.endings++
          running.endedAt = world.time
        }
        return now
      }
      session.subscribe(() => {
        const before = running.shown
        running.shown = look()
        if (before !== running.shown) stage.note(tab.name, `  shows ${running.shown ? `session ${running.shown.number}` : session.status}`)
        if (before && !running.shown) running.lastShown = before
      })
      for (const type of ['login', 'refresh', 'change', 'logout', 'error'] as const) {
        session.on(type, (event) => {
          stage.said.push(event)
          const detail = 'reason' in event ? event.reason : 'error' in event ? event.error.code : ''
          stage.note(tab.name, `  event ${type} ${detail} (${event.source})`)
          if ('reason' in event) {
            running.reasons++
            const family = endedBy(running, event.reason)
            if (/idle|lifetime/.test(event.reason)) reached(running, family, event.source)
            for (const invariant of invariants) invariant.ended?.(running, family, event.reason)
          }
          // A listener may use the session as it likes (R7).
          if (setup.eager && type !== 'error') app.call(running, { how: type === 'login' ? 'token' : undefined })
        })
      }
    },
    login(running, user) {
      start(running, 'login', async () => {
        const { family, answer } = signIn(user)
        const login: Moment = { tab: running.tab, at: world.time }
        stage.logins.set(family, login)
        stage.note(running.tab.name, `  session ${family.number}, ${user}`)
        // The browser has the cookie a moment before the page has the answer.
        if (setup.scheme !== 'bearer') await new Promise<void>((resolve) => world.schedule(running.tab, world.random() * 20, resolve))
        await running.session.setTokens(answer, { subject: user })
        login.done = world.time
        login.shaky = shaky(login)
      })
    },
    logout(running) {
      start(running, 'logout', async () => {
        const { tab, session, shown: held } = running
        // What is stored or held now is what this ends; a login that comes after it is another session.
        const families = [...stage.logins].flatMap(([family, { tab: owner, done, shaky }]) =>
          done !== undefined && !hasCopies(family) && (owner === tab || family === held || (!shaky && stage.wipedAt < done)) && reaches(owner, running, done) ? [family] : [],
        )
        const logout: Logout = { tab, at: world.time, families, held }
        stage.logouts.push(logout)
        await session.logout()
        logout.done = world.time
        logout.shaky = shaky(logout) || tab.stoppedAt >= logout.at
        // It could not see what was stored, and knows of its own session only.
        if (logout.shaky) logout.families = families.filter((family) => family === held)
        for (const invariant of invariants) invariant.loggedOut?.(logout)
      })
    },
    touched(running) {
      for (const invariant of invariants) invariant.touched?.(running)
    },
    call(running, { how, abortAfter, last = false } = {}) {
      const { tab, session } = running
      const controller = new AbortController()
      if (abortAfter !== undefined) tab.platform.setTimer(() => controller.abort(new DOMException('Not wanted any more', 'AbortError')), abortAfter)
      const { signal } = controller
      if (how === 'refresh') start(running, 'refresh', () => session.refresh({ signal }))
      else if (how === 'token') start(running, 'token', () => session.getAccessToken({ signal }))
      else {
        const path = how === 'refused' ? 'always401' : 'api'
        const init = how === 'post' ? { method: 'POST', body: 'hello', signal } : { signal }
        start(running, 'fetch', ({ number }) => session.fetch(`https://app.example.com/${path}?call=${number}`, init), last)
      }
    },
  }
  /**
   * Whose end an event tells. One whose limit was over when the tab got to see it ends before it is shown, and that
   * is told when it is stored, maybe after another has begun.
   */
  const endedBy = ({ lastShown, shown }: Running, reason: string) => {
    if (!/idle|lifetime/.test(reason)) return lastShown
    return [lastShown, ...stage.logins.keys()].find((family) => family && family !== shown && stage.overdue!(family)) ?? lastShown
  }
  /** Which of several it was, an event does not say: after a login in place of another one, both may be over. */
  const isCertain = ({ shown }: Running) => {
    const replaced = ({ done }: Moment) => [...stage.logins.values()].some((next) => next.done! > done! && world.time - next.done! > JUST_NOW)
    const left = (family: Family) => stage.logouts.some(({ families, done }) => families.includes(family) && world.time - done! > JUST_NOW)
    return [...stage.logins].filter(([family, login]) => family !== shown && stage.overdue!(family) && !replaced(login) && !left(family)).length < 2
  }
  /** A limit is a logout that nobody asked for. */
  const reached = (running: Running, family: Family | undefined, source: 'local' | 'remote') => {
    const { tab, endedAt } = running
    // A tab may show the next session before its login is stored: by the cookie that came with it.
    if (source === 'remote' || !family || stage.logins.get(family)?.done === undefined) return
    // It is told when it is stored, and storage may have failed on the way.
    const shaky = stage.shakySince(Math.min(endedAt, world.time - 20_000)) || tab.stoppedAt >= endedAt
    const logout: Logout = { tab, at: world.time, done: world.time, families: isCertain(running) ? [family] : [], shaky }
    stage.logouts.push(logout)
    for (const invariant of invariants) invariant.loggedOut?.(logout)
  }
  const signIn = (user: string) => {
    if (setup.scheme !== 'bearer') return server.loginByCookie(user)
    const answer = server.login(user)
    return { answer, family: server.familyOf(answer.access_token)! }
  }
  /**
   * Memory is each tab's own; a logout by somebody who is signed in still ends the sessions of all tabs. Not if a logout
   * elsewhere had ended its own already, of which this tab has not heard.
   */
  const reaches = (owner: Tab, { tab, shown }: Running, done: number) => {
    if (setup.storage !== 'memory') return true
    const over = !shown || stage.logouts.some(({ held, done }) => held && done! >= stage.logins.get(shown)!.at)
    return !over && (owner === tab || (!owner.dead && world.time - done > LAG))
  }
  return app
}
