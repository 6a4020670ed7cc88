import { changeFaults } from './faults.mjs'
import { flag, readInput, text } from './input.mjs'
import { route } from './refusal.mjs'

/** The knobs and the counters: for the panels of the page, and for tests that run in another process. */
export const mountControl = (app, { state, tokens, families, backend }) => {
  const answer = (c) => {
    c.header('Cache-Control', 'no-store')
    return c.json(state)
  }
  route(app, '/_state', { GET: answer })
  route(app, '/_faults', {
    POST: async (c) => {
      changeFaults(state.faults, await readInput(c.req.raw))
      return answer(c)
    },
  })
  route(app, '/_reset', {
    POST: (c) => {
      state.reset()
      return answer(c)
    },
  })
  // A tab tells that a session ended in it; whether that was right is seen here.
  route(app, '/_signed-out', {
    POST: async (c) => {
      const input = await readInput(c.req.raw)
      const sid = text(input, 'sid')
      const reason = text(input, 'reason', { optional: true })
      state.signOuts.push({ sid, at: Date.now(), reason, asked: flag(input, 'asked'), live: families.isLive(sid) })
      if (state.signOuts.length > 1000) state.signOuts.shift()
      return answer(c)
    },
  })
  route(app, '/_expire-all', {
    POST: (c) => {
      tokens.forgetAll()
      backend.expireAll()
      state.note('control', 'The server no longer accepts any access token issued so far, and every backend session has to be renewed.')
      return answer(c)
    },
  })
  route(app, '/_revoke-all', {
    POST: (c) => {
      const count = families.endAll() + backend.endAll()
      state.note('control', `The server ended ${count} session${count === 1 ? '' : 's'}.`)
      return answer(c)
    },
  })
}
