import { $, answerOf, el, plural, postJson, runWith, timeOf } from './dom.js'

const PACE = 1000
const NAMES = {
  tokenRequests: 'token requests', rotations: 'rotations', repeats: 'repeats in the grace window', reuses: 'reuses',
  unauthorized: '401 answers', apiCalls: 'API calls', logins: 'logins', revocations: 'revocations',
}
const BAD = ['reuses']

/** What the server counted, and the knobs that make it misbehave. */
export const mountServerPanel = () => {
  const run = runWith($('faults-result'))
  let newest = 0
  let slow = false

  const values = new Map()
  for (const [name, label] of Object.entries(NAMES)) {
    values.set(name, el('dd', { textContent: '0' }))
    $('counters').append(el('div', {}, el('dt', { textContent: label }), values.get(name)))
  }

  const show = ({ counters, refreshTokens, faults, events, alg, lifetime, grace }) => {
    for (const [name, node] of values) {
      node.textContent = counters[name]
      node.classList.toggle('alarm', BAD.includes(name) && counters[name] > 0)
    }
    const life = faults.lifetime ?? lifetime
    $('server-hint').textContent =
      `${plural(refreshTokens.seen, 'refresh token')} came in, ${refreshTokens.presentedAgain} of them more than once. ` +
      `Access tokens are signed with ${alg} and last ${life} s; ` +
      (grace > 0 ? `a spent refresh token gets the same answer for ${grace} s.` : 'a spent refresh token ends the session at once.')
    const last = events.at(-1)?.id ?? 0
    if (last !== newest) {
      newest = last
      $('server-events').replaceChildren(...events.slice(-40).reverse().map(({ at, kind, sentence, times }) =>
        el('li', { className: `entry ${kind}` }, el('time', { dateTime: new Date(at).toISOString(), textContent: timeOf(at) }), el('div', { textContent: sentence }, times > 1 && el('code', { textContent: `${times} times` })))))
    }
    slow = faults.delayToken > 0
    $('fault-slow').setAttribute('aria-pressed', slow)
    const input = $('lifetime').elements.lifetime
    if (document.activeElement !== input) input.value = life
  }

  const poll = async () => {
    try {
      if (!document.hidden) show(await answerOf(await fetch('/_state')))
      $('trouble').hidden = true
    } catch {
      $('trouble').textContent = 'The demo server does not answer: is it still running?'
      $('trouble').hidden = false
    }
    setTimeout(poll, PACE)
  }

  const press = (id, url, value, sentence) => {
    $(id).onclick = ({ target }) => run(async () => {
      show(await postJson(url, typeof value === 'function' ? value() : value))
      return typeof sentence === 'function' ? sentence() : sentence
    }, target)
  }
  press('fault-slow', '/_faults', () => ({ delayToken: slow ? 0 : 3000 }), () => (slow ? 'Every refresh is answered 3 seconds late.' : 'Refreshes are answered at once.'))
  press('fault-lose', '/_faults', { dropTokenAnswer: 1 }, 'The next refresh spends its token, and the answer is lost on the way.')
  press('fault-503', '/_faults', { failToken: { status: 503, times: 1, headers: { 'Retry-After': '2' } } }, 'The next refresh gets a 503 with Retry-After: 2.')
  press('expire-all', '/_expire-all', {}, 'No access token issued so far is accepted any more: the next call gets a 401, then one refresh.')
  press('revoke-all', '/_revoke-all', {}, 'Every session is over at the server: the next refresh is refused for good.')
  press('reset', '/_reset', {}, 'Counters at zero, faults off.')

  $('lifetime').onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      const text = event.target.elements.lifetime.value.trim().replace(',', '.')
      const value = Number(text)
      if (!text || !(value >= 1 && value <= 86_400)) throw Object.assign(new Error('The lifetime must be a number of seconds from 1 to 86400.'), { shown: true })
      show(await postJson('/_faults', { lifetime: value }))
      return `Access tokens issued from now on last ${value} s.`
    }, event.submitter)
  }
  poll()
}
