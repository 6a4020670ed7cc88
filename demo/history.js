import { session } from './session.js'

const KEY = 'latchkey-demo.history'
const MOST = 200

const own = () => JSON.parse(localStorage.getItem(KEY) ?? '[]')

/** Keeps what the demo's tabs tell each other, for as long as the package has no history of its own. */
export const remember = ({ tab, type, source = 'local', reason, code = reason }) => {
  if (session.history) return
  const entry = { at: Date.now(), tab: String(tab), type: type === 'hello' ? 'open' : type, source, ...(code && { code }) }
  localStorage.setItem(KEY, JSON.stringify([...own(), entry].slice(-MOST)))
}

/** The last events of all tabs, oldest first: { at, tab, type, source, code? }. */
export const readHistory = () => session.history?.() ?? own()
