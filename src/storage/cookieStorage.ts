import { cookies as raw } from '../cookies.js'
import { SessionError } from '../errors.js'
import { own, scoped } from '../options.js'
import { asRecord, outranks } from '../record.js'
import type { RecordStore, SessionRecord, TokenStorage } from '../recordTypes.js'
import { orNothing } from '../tabChannel.js'
import { type CookieStorageOptions, checkCookieOptions } from './cookieOptions.js'
import { inOrder, inTime } from './inOrder.js'
import { removeEverywhere } from './removeEverywhere.js'

export type { CookieStorageOptions } from './cookieOptions.js'

/** Name and value together, in bytes (RFC 6265bis §5.6). A longer one is dropped, and nobody says so. */
const LARGEST = 4096
/** Milliseconds. A page that was stopped on the way took longer. */
const HELD_FOR_CERTAIN = 150
/** Milliseconds, up to twice as many. A tab that was frozen on the way keeps the lock; of those who wait, one takes it first. */
const HOLDER_IS_DEAD = 2000
/** Milliseconds for one question to cookieStore. */
const PATIENCE = 3000
/** For a page that is stopped again and again, or reads slowly. */
const MOST_TRIES = 5
/** The most that browsers keep (RFC 6265bis §5.5): a tombstone must outlast whatever remembers the session. */
const LONGEST_AGE = 400 * 86_400

/**
 * Shared by all tabs, and sent to the page's server with every request. Script can read it, as it can read
 * IndexedDB; see docs/security.md.
 * @throws {SessionError} `invalid_option`, `insecure_context` when opened
 */
export const cookieStorage = (options: CookieStorageOptions = {}): TokenStorage => ({
  open(sessionName) {
    const { name, mirror, maxAge, expires, attributes } = checkCookieOptions(options, sessionName)
    const { domain } = attributes
    const write = (cookie: string, value: string, tombstone: boolean) => {
      const age = tombstone ? LONGEST_AGE : maxAge && Math.round(maxAge / 1000)
      return raw.set(cookie, value, { ...attributes, ...(age ? { 'max-age': `${age}` } : { expires }) })
    }
    const queue = inOrder()
    const lacks = domain ? ['Hosts that share the cookie share no lock: give the server a grace window for two refreshes at once'] : []
    try {
      void cookieStore.get
    } catch {
      lacks.push('No cookieStore, tabs may see a cookie of another late')
    }
    const readAll = async (): Promise<string[]> => {
      try {
        // What document.cookie shows may be behind, even under a lock; cookieStore asks the source.
        return (await inTime(cookieStore.getAll(name), PATIENCE)).map(({ value }) => value!)
      } catch {
        return raw.all(name)
      }
    }
    const parse = (text: string): SessionRecord | undefined => {
      try {
        return asRecord(JSON.parse(decodeURIComponent(text)))
      } catch {
        return undefined // None of ours.
      }
    }
    /** The end of a session outranks the session, and a later one an earlier one, whichever cookie they are in. */
    const newest = (texts: string[]) =>
      texts.map(parse).reduce((best, record) => (record && outranks(record, best) ? record : best), undefined)

    const mirrorTokens = ({ tokens }: SessionRecord) => {
      if (!mirror) return
      if (tokens) write(mirror, encodeURIComponent(tokens.accessToken), false)
      else raw.remove(mirror, attributes)
    }

    /** Answers whether it is done. */
    const replace = async (change: Parameters<RecordStore['update']>[0]): Promise<boolean> => {
      const since = performance.now()
      const former = await readAll()
      // The page was stopped, and its lock given to others: what was read may be old.
      if (performance.now() - since > HELD_FOR_CERTAIN) return false
      const next = change(newest(former))
      if (!next) return true
      const text = encodeURIComponent(JSON.stringify(next))
      const size = name.length + text.length
      if (size > LARGEST) {
        throw new SessionError(
          'cookie_too_large',
          `The session takes ${size} bytes as a cookie, and may take ${LARGEST}: shorten the tokens, or use indexedDBStorage`,
        )
      }
      write(name, text, !next.tokens)
      // Also flushes the write, so that the next holder of the lock reads it.
      const kept = await readAll()
      if (!kept.includes(text)) {
        throw new SessionError(
          'cookie_rejected',
          'The browser did not keep the cookie: check path, domain, secure, whether cookies are blocked, and that no server sets a cookie of this name',
        )
      }
      // An earlier release of the app may have used another domain or path. What it left must not stay behind at a logout.
      if (kept.length > 1 && kept.every(parse)) {
        for (const each of [name, mirror]) if (each) removeEverywhere(each, attributes)
        write(name, text, !next.tokens)
      }
      mirrorTokens(next)
      return true
    }

    const underLock = async (body: () => Promise<boolean>): Promise<boolean> => {
      const locks = globalThis.navigator?.locks
      const patience = new AbortController()
      const timer = setTimeout(() => patience.abort(), HOLDER_IS_DEAD * (1 + Math.random()))
      let result: Promise<boolean> | undefined
      for (const options of locks ? [{ signal: patience.signal }, { steal: true }] : []) {
        try {
          await locks!.request(scoped(`${name}.cookie`), own(options), () => {
            clearTimeout(timer)
            return (result = body())
          })
        } catch {
          // Not granted in time; passed over, by a tab that took us for dead; or what the result says.
        }
        if (result) break
      }
      clearTimeout(timer)
      return result ?? body()
    }

    const replaceUnderLock = async (change: Parameters<RecordStore['update']>[0]): Promise<void> => {
      for (let tries = 0; tries < MOST_TRIES; tries++) if (await underLock(() => replace(change))) return
      throw new SessionError('storage_failed', 'Cookies take too long to read, the session goes on in memory')
    }
    let onChange: ((event: CookieChangeEvent) => void) | undefined

    return {
      shared: true,
      degraded: lacks.join('. ') || undefined,
      read: async () => newest(await readAll()),
      update: (change) => queue(() => replaceUnderLock(change)),
      // No channel reaches the other hosts of a domain, but this event does.
      watch(listener) {
        if (!domain) return
        onChange = ({ changed, deleted }) => [...changed, ...deleted].some((cookie) => cookie.name === name) && listener()
        orNothing(() => cookieStore.addEventListener('change', onChange!))
      },
      close() {
        if (onChange) orNothing(() => cookieStore.removeEventListener('change', onChange!))
      },
    }
  },
})
