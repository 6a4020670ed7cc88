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
    let logouts: string | null | undefined
    const key = `${name}.logouts`
    const readLogouts = () => {
      try {
        return globalThis.localStorage?.getItem(key)
      } catch {
        return undefined // Blocked: then a logout reaches this tab only.
      }
    }
    const read = () => {
      if (record?.tokens && readLogouts() !== logouts) {
        record = endedRecord(record, 'logout')
      }
      return record
    }
    return {
      shared: false,
      read: async () => read(),
      async update(change) {
        const next = change(read())
        if (!next) return
        try {
          if (next.endedBecause === 'logout') globalThis.localStorage?.setItem(key, `${next.id}.${next.revision}`)
        } catch {
          // As above.
        }
        record = next
        logouts = readLogouts()
      },
      close() {},
    }
  },
})
