import { el, plural, timeOf } from './dom.js'
import { sentenceFor } from './status.js'

const LONGEST = 100
const TOGETHER = 3000

const followed = {
  login: 'is signed in by another tab',
  refresh: 'follows a refresh of another tab',
  change: 'has a new session from another tab',
  logout: 'was signed out by another tab',
}

/** One line per thing that happened; the tabs that only follow are added to the line of the one that acted. */
export const createLog = (list, ownTab) => {
  let latest

  const add = (kind, at, words, tag) => {
    const sentence = el('span', { textContent: words })
    const followers = el('span', { className: 'followers' })
    const time = el('time', { dateTime: new Date(at).toISOString(), textContent: timeOf(at) })
    list.prepend(el('li', { className: `entry ${kind}` }, time, el('div', {}, sentence, tag && el('code', { textContent: tag }), followers)))
    while (list.children.length > LONGEST) list.lastElementChild.remove()
    return { sentence, followers }
  }

  const drawFollowers = ({ tabs, acted, at, until, followers }) => {
    if (!tabs.size) return
    const delay = acted ? `, ${Math.max(0, until - at)} ms later` : ''
    followers.textContent = `${plural(tabs.size, 'tab')} followed: ${[...tabs].sort((a, b) => a - b).join(', ')}${delay}.`
  }

  const show = (message) => {
    const { type, source, at, tab, reason } = message
    const own = tab === ownTab
    if (!Object.hasOwn(followed, type)) return void add(type, at, sentenceFor(message, own))
    const acted = source === 'local'
    // A tab that acted may be heard after those that follow it.
    const joins = latest?.type === type && Math.abs(at - latest.at) < TOGETHER && !(acted && latest.acted)
    if (!joins) {
      const words = acted ? sentenceFor(message, own) : `Tab ${tab} ${followed[type]}.`
      latest = { type, at, until: at, acted, tabs: new Set(acted ? [] : [tab]), ...add(type, at, words, reason) }
      return
    }
    if (acted) {
      Object.assign(latest, { acted, at })
      latest.sentence.textContent = sentenceFor(message, own)
    } else {
      latest.tabs.add(tab)
      latest.until = Math.max(latest.until, at)
    }
    drawFollowers(latest)
  }

  return { show, say: (kind, words) => add(kind, demoClock.real(), words), clear: () => list.replaceChildren() }
}
