import { $, el, timeOf } from './dom.js'
import { session } from './session.js'
import { reasonOf } from './status.js'

const SHOWN = 60
const WORDS = {
  open: 'opened', login: 'logged in', refresh: 'refreshed', change: 'took over another login', logout: 'signed out',
  error: 'had a failure in the background', refused: 'got no tokens',
}

const answerTo = (history) => {
  const last = history.findLast(({ type }) => type === 'logout')
  if (!last) return 'Nobody was signed out here yet.'
  return `At ${timeOf(last.at)}: ${reasonOf(last.code)} (${last.code}).`
}

/** Why was I signed out? Answered from a record that outlives a reload. */
export const mountHistoryPanel = () => {
  let shown = ''
  const draw = () => {
    const history = session.history()
    const newest = JSON.stringify(history.at(-1))
    if (newest === shown) return
    shown = newest
    $('history-answer').textContent = answerTo(history)
    $('history').replaceChildren(...history.slice(-SHOWN).reverse().map(({ at, tab, type, source, code }) =>
      el('li', { className: `entry ${type}` },
        el('time', { dateTime: new Date(at).toISOString(), textContent: timeOf(at) }),
        el('div', { textContent: `Tab ${tab} ${WORDS[type] ?? type}${source === 'remote' ? ', following another tab' : ''}` }, code && el('code', { textContent: code })))))
  }
  $('history-export').onclick = () => {
    const file = new Blob([`${JSON.stringify(session.history(), null, 2)}\n`], { type: 'application/json' })
    const link = el('a', { href: URL.createObjectURL(file), download: 'latchkey-history.json' })
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  draw()
  setInterval(draw, 1000)
}
