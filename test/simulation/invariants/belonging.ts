import type { Invariant, Stage } from '../stage.js'

/** I5: a request made for one user is never sent with another's token. */
export const belonging = (stage: Stage): Invariant => {
  const { server, calls } = stage
  let checked = 0
  let settled = 0
  return {
    step() {
      for (; checked < server.attached.length; checked++) {
        const { token, url } = server.attached[checked]!
        const { user, number } = calls[Number(new URL(url).searchParams.get('call'))]!
        const owner = server.userOf(token)
        if (user && owner !== user) stage.violate('I5', `call #${number} was made as ${user} and sent as ${owner}`)
      }
      for (; settled < stage.settled.length; settled++) {
        const { what, user, number, value } = stage.settled[settled]!
        if (what !== 'token' || !user || typeof value !== 'string') continue
        const owner = server.userOf(value)
        if (owner !== user) stage.violate('I5', `call #${number} asked for a token as ${user} and got one of ${owner}`)
      }
    },
  }
}
