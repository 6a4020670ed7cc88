import { setTimeout as sleep } from 'node:timers/promises'

const login = async (site, { about }) =>
  about.package === 'keycloak-js' ? (await fetch(`${site.origin}/keycloak/login`, { method: 'POST' })).json() : site.login()

/** A login's answer; with `expired` its access token is over, for the server and for the browser alike, when it comes back. */
const answerOf = async (site, rival, expired) => {
  site.state.faults.lifetime = expired ? 1 : null
  const answer = await login(site, rival)
  site.state.faults.lifetime = null
  return answer
}

/**
 * Puts a session into the browser as a login would have left it. Answers with what each tab has to open with:
 * nothing, or, of a rival that keeps all in memory, a login of its own.
 */
export const signIn = async (site, rival, pages, { expired = false } = {}) => {
  const answers = []
  if (rival.about.keeps === 'memory') {
    for (const _ of pages) answers.push(await answerOf(site, rival, expired))
  } else {
    const answer = await answerOf(site, rival, expired)
    await pages[0].evaluate((answer) => globalThis.rival.seed(answer), answer)
  }
  if (expired) await sleep(1200)
  return answers
}
