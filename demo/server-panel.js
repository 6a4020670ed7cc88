import { $, el, plural, timeOf } from './dom.js'
import { onServerState } from './server-state.js'

const COUNTERS = {
  tokenRequests: 'token requests', sessionRefreshes: 'session renewals', rotations: 'refreshes', repeats: 'answers given again', reuses: 'reuses detected',
  unauthorized: '401 answers', apiCalls: 'API calls', logins: 'logins', revocations: 'revocations',
}

/** The server's side of the story. */
export const mountServerPanel = () => {
  const values = new Map()
  for (const [name, label] of Object.entries(COUNTERS)) {
    values.set(name, el('dd', { textContent: '0' }))
    $('counters').append(el('div', {}, el('dt', { textContent: label }), values.get(name)))
  }
  let newest

  onServerState(({ counters, faults, events, alg, lifetime, grace, startedAt }) => {
    for (const [name, node] of values) node.textContent = counters[name]
    $('server-hint').textContent =
      `Access tokens are signed with ${alg} and last ${faults.lifetime ?? lifetime} s; ` +
      (grace > 0 ? `a spent refresh token gets the same answer again for ${grace} s.` : 'a spent refresh token ends the session at once.')
    const last = `${startedAt} ${events.at(-1)?.id}`
    if (last === newest) return
    newest = last
    $('server-events').replaceChildren(...events.slice(-40).reverse().map(({ at, kind, sentence, times }) =>
      el('li', { className: `entry ${kind}` },
        el('time', { dateTime: new Date(at).toISOString(), textContent: timeOf(at) }),
        el('div', { textContent: sentence }, times > 1 && el('code', { textContent: plural(times, 'time') })))))
  })
}
