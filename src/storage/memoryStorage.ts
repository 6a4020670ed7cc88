import { scoped } from '../options.js'
import { endedRecord, isOnPurpose } from '../record.js'
import type { EndReason, SessionRecord, TokenStorage } from '../recordTypes.js'

/**
 * Keeps the tokens in this document and nowhere else: nothing survives a reload, and every tab signs in for
 * itself. A logout still ends the sessions of all tabs. Nothing of it is secret: what tabs share, through
 * localStorage, is a number that a logout changes.
 */
export const memoryStorage = (): TokenStorage => ({
  open(name) {
    let record: SessionRecord | undefined
    let seen: string | null | undefined
    const key = `${scoped(name)}.logouts`
    /** What tabs share, changed by a `value`: the tombstone of the last logout, or `in:` and that once somebody signed in after it. */
    const mark = (value?: string | false) => {
      try {
        if (value) localStorage.setItem(key, value)
        return localStorage.getItem(key)
      } catch {
        return undefined // Blocked, or none: then a logout reaches this tab only.
      }
    }
    const read = () => {
      const now = mark()
      const [id, revision, reason = 'logout'] = (!now?.startsWith('in') && now?.split(' ')) || []
      // That somebody signed in meanwhile ends nothing here.
      if (record?.tokens && !`in:${seen}`.endsWith(now!)) record = endedRecord(record, reason as EndReason)
      // Nothing but the tombstone outlasts a reload: what asks the server for a session must not undo a logout.
      return !record && revision ? ({ id, revision: Number(revision), tokens: null, endedBecause: reason } as SessionRecord) : record
    }
    return {
      shared: false,
      read: async () => read(),
      async update(change) {
        const next = change(read())
        if (!next) return
        // A tombstone that is put back says nothing new: only the end of a session is one for the other tabs too.
        const ends = record?.tokens && isOnPurpose(next)
        record = next
        const now = mark()
        seen = mark(ends ? `${next.id} ${next.revision} ${next.endedBecause}` : !!next.tokens?.accessToken && !now?.startsWith('in') && `in:${now}`)
      },
      close() {},
    }
  },
})
