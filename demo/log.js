import { el, plural, timeOf } from './dom.js'
import { sentenceFor } from './status.js'

const LONGEST = 100
const TOGETHER = 3000

/** One line per thing that happened; the tabs that only follow are added to the line of the one that acted. */
export const createLog = (list, ownTab) => {
  let open

  const add = (kind, at, sentence, tag) => {
    const followers = el('span', { className: 'followers' })
    const item = el('li', { className: `entry ${kind}` },
      el('time', { dateTime: new Date(at).toISOString(), textContent: timeOf(at) }),
      el('div', {}, el('span', { textContent: sentence }), tag && el('code', { textContent: tag }), followers))
    list.prepend(item)
    while (list.children.length > LONGEST) list.lastElementChild.remove()
    return followers
  }

  const follow = (message) => {
    if (!open.tabs.includes(message.tab)) open.tabs.push(message.tab)
    open.latest = Math.max(open.latest, message.at)
    const delay = open.local ? `, ${Math.max(0, open.latest - open.at)} ms later` : ''
    open.followers.textContent = `${plural(open.tabs.length, 'tab')} followed: ${open.tabs.toSorted((a, b) => a - b).join(', ')}${delay}.`
  }

  return {
    show(message) {
      const { type, source, at, tab, reason } = message
      const same = open && open.type === type && at - open.at < TOGETHER
      if (source === 'remote' && same) return follow(message)
      if (source === 'local' && same && !open.local) {
        // The one that acted may be heard after those that follow.
        Object.assign(open, { local: true, at })
        open.followers.previousElementSibling.textContent = sentenceFor(message, tab === ownTab)
        return
      }
      const local = source !== 'remote'
      const sentence = local ? sentenceFor(message, tab === ownTab) : followed(message)
      const followers = add(type, at, sentence, type === 'logout' ? reason : undefined)
      open = source && type !== 'error' ? { type, at, latest: at, local, tabs: local ? [] : [tab], followers } : open
    },
    say: (kind, sentence) => add(kind, Date.now(), sentence),
    clear: () => list.replaceChildren(),
  }
}

const followed = ({ type, tab }) =>
  ({
    login: `Tab ${tab} is signed in by another tab.`,
    refresh: `Tab ${tab} has a new token from another tab.`,
    change: `Tab ${tab} has a new session from another tab.`,
    logout: `Tab ${tab} was signed out by another tab.`,
    error: `Tab ${tab} heard of a failure in another tab.`,
  })[type]
