import { cookies as raw } from '../cookies.js'
import { SessionError } from '../errors.js'
import { own, scoped } from '../options.js'
import { asRecord } from '../record.js'
import type { RecordStore, SessionRecord, TokenStorage } from '../recordTypes.js'
import { type CookieStorageOptions, checkCookieOptions } from './cookieOptions.js'

export type { CookieStorageOptions } from './cookieOptions.js'

/** Name and value together, in bytes (RFC 6265bis §5.6). A longer one is dropped, and nobody says so. */
const LARGEST = 4096
/** Milliseconds. A page that was stopped on the way took longer. */
const HELD_FOR_CERTAIN = 150
/** Milliseconds, up to twice as many. A tab that was frozen on the way keeps the lock; of those who wait, one takes it first. */
const HOLDER_IS_DEAD = 2000
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
    const write = (cookie: string, value: string, tombstone: boolean) => {
      const age = tombstone ? LONGEST_AGE : maxAge && Math.round(maxAge / 1000)
      return raw.set(cookie, value, { ...attributes, ...(age ? { 'max-age': `${age}` } : { expires }) })
    }
    let degraded: string | undefined
    try {
      void cookieStore.get
    } catch {
      degraded = 'No cookieStore, tabs may see a cookie of another late'
    }
    const readRaw = async (): Promise<string | undefined> => {
      try {
        // What document.cookie shows may be behind, even under a lock; cookieStore asks the source.
        return (await cookieStore.get(name))?.value ?? undefined
      } catch {
        return raw.get(name)
      }
    }
    const parse = (text: string | undefined): SessionRecord | undefined => {
      try {
        return asRecord(JSON.parse(decodeURIComponent(text!)))
      } catch {
        return undefined // No cookie, or none of ours.
      }
    }
    const mirrorTokens = ({ tokens }: SessionRecord) => {
      if (!mirror) return
      if (tokens) write(mirror, encodeURIComponent(tokens.accessToken), false)
      else raw.remove(mirror, attributes)
    }

    /** Answers whether it is done. */
    const replace = async (change: Parameters<RecordStore['update']>[0]): Promise<boolean> => {
      const since = performance.now()
      const former = await readRaw()
      // The page was stopped, and its lock given to others: what was read may be old.
      if (performance.now() - since > HELD_FOR_CERTAIN) return false
      const next = change(parse(former))
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
      if ((await readRaw()) !== text) {
        throw new SessionError('cookie_rejected', 'The browser did not keep the cookie: check path, domain, secure, and whether cookies are blocked')
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

    return {
      shared: true,
      degraded,
      read: async () => parse(await readRaw()),
      async update(change) {
        while (!(await underLock(() => replace(change))));
      },
      close() {},
    }
  },
})
