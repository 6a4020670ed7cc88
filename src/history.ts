import { own } from './options.js'
import type { Extension, HistoryEntry, InternalEvents } from './types.js'

const LONGEST = 200
const TYPES = ['login', 'refresh', 'change', 'logout', 'refused', 'error'] as const
/**
 * Keeps the last 200 events of all tabs in localStorage, where they outlast a reload and a logout. An entry is a time, a
 * number for the tab, and words of closed lists: there is nothing in it to redact. Each has a key of its own, since
 * tabs that shared one would overwrite each other. Storage that is blocked or full costs the history, not the session.
 */
export const eventHistory = (): Extension => ({
  attach(door) {
    const { name, now, randomId, on } = door
    const prefix = `${name}.event.`
    /** What an entry may be; other software on this origin may have written anything. */
    const entryForm = RegExp(`^\\d{1,15}\\.([\\w+/]{4})\\.\\d+ (open|${TYPES.join('|')}) (local|remote) ([a-z_]{0,40})$`)
    const tab = randomId().slice(0, 4)
    let count = 0
    let last: unknown
    const keys = () => Object.keys(door.localStorage!).filter((key) => key.startsWith(prefix)).sort()

    const add = (type: HistoryEntry['type'], source = 'local', code = '') => {
      try {
        door.localStorage!.setItem(`${prefix}${now()}.${tab}.${count++}`, `${type} ${source} ${code}`)
        for (const key of keys().slice(0, -LONGEST)) door.localStorage!.removeItem(key)
      } catch {
        // Blocked, full, or not there.
      }
    }
    // After the task in which the session opens: a page that has just opened waits for localStorage.
    void Promise.resolve().then(() => add('open'))
    for (const type of TYPES) {
      on(type, (event) => {
        const { source, error, reason, code = reason ?? error?.code } = own(event as InternalEvents['logout'] & InternalEvents['error'] & InternalEvents['refused'])
        // A refresh that was refused is in there already; and an outage refuses every call, which once says.
        if (error?.name !== 'RefreshError' && !(type === 'refused' && code === last)) add(type, source, code)
        last = type === 'refused' ? code : undefined
      })
    }

    return {
      history() {
        try {
          return keys().flatMap((key) => {
            const entry = `${key.slice(prefix.length)} ${door.localStorage!.getItem(key)}`
            const [, tab, type, source, code] = entryForm.exec(entry) ?? []
            return type ? [{ at: parseInt(entry), tab, type, source, ...(code && { code }) } as HistoryEntry] : []
          })
        } catch {
          return []
        }
      },
    }
  },
})
