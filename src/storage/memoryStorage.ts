import { scoped } from '../options.js'
import { asRecord, endedRecord, isOnPurpose } from '../record.js'
import type { SessionRecord, TokenStorage } from '../recordTypes.js'
import { orNothing } from '../tabChannel.js'

/** What localStorage keeps of the last logout: `- ID REVISION REASON`, with a `+` in front once somebody has signed in after it. */
const MARK = /^([-+]) (\S+) (\d+) (\w+)$/

/**
 * Keeps the tokens in this document and nowhere else: nothing survives a reload, and every tab signs in for
 * itself. A logout still ends the sessions of all tabs. Nothing of it is secret: what tabs share, through
 * localStorage, says which session was ended last, and why.
 */
export const memoryStorage = (): TokenStorage => ({
  open(name) {
    const key = `${scoped(name)}.logouts`
    let record: SessionRecord | undefined
    /** Ids of sessions, of any tab, whose logout this tab knows. */
    const known = new Set<string>()

    const load = () => {
      const [, sign, id, revision, endedBecause] = MARK.exec(orNothing(() => localStorage.getItem(key)) ?? '') ?? []
      const last = asRecord({ id, revision: Number(revision), tokens: null, endedBecause })
      return last && isOnPurpose(last) ? { last, isOver: sign === '+' } : undefined
    }
    /** If localStorage is full or blocked, the message between tabs still tells those that are open. */
    const share = (sign: '-' | '+', { id, revision, endedBecause }: SessionRecord) =>
      orNothing(() => localStorage.setItem(key, `${sign} ${id} ${revision} ${endedBecause}`))

    const hear = ({ id, endedBecause }: SessionRecord) => {
      // A logout that was known when somebody signed in here is older than that session.
      if (record?.tokens && !known.has(id)) record = endedRecord(record, endedBecause!)
      known.add(id)
    }
    const read = () => {
      const { last, isOver } = load() ?? {}
      if (last) hear(last)
      // The tombstone outlasts a reload, so that asking the server for a session does not undo a logout.
      return record ?? (isOver ? undefined : last)
    }
    return {
      shared: false,
      hear,
      read: async () => read(),
      async update(change) {
        const next = change(read())
        if (!next) return
        const hadSession = record?.tokens
        record = next
        const { last, isOver } = load() ?? {}
        // Only the end of a session is news, not a tombstone that is put back.
        if (hadSession && isOnPurpose(next)) {
          known.add(next.id)
          share('-', next)
        } else if (last && !isOver && next.tokens?.accessToken) share('+', last)
      },
      close() {},
    }
  },
})
