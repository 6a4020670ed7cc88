import { endedRecord } from '../record.js'
import type { SessionRecord, TokenStorage } from '../recordTypes.js'

/**
 * Keeps the tokens in this document and nowhere else: nothing survives a reload, and every tab signs in for
 * itself. A logout still ends the sessions of all tabs. Nothing of it is secret: what tabs share, through
 * localStorage, is a number that a logout changes.
 */
export const memoryStorage = (): TokenStorage => ({
  open(name) {
    let record: SessionRecord | undefined
    let seen: string | null | undefined
    const key = `${name}.logouts`
    /** What tabs share: changed by a `mark`. */
    const logouts = (mark?: string | false) => {
      try {
        if (mark) localStorage.setItem(key, mark)
        return localStorage.getItem(key)
      } catch {
        return undefined // Blocked, or none: then a logout reaches this tab only.
      }
    }
    const read = () => {
      if (record?.tokens && logouts() !== seen) record = endedRecord(record, 'logout')
      return record
    }
    return {
      shared: false,
      read: async () => read(),
      async update(change) {
        const next = change(read())
        if (!next) return
        record = next
        seen = logouts(next.endedBecause === 'logout' && `${next.id}.${next.revision}`)
      },
      close() {},
    }
  },
})
