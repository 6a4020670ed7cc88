import { SessionError } from '../errors.js'
import { invalidOption } from '../options.js'
import type { RecordStore, SessionRecord, TokenSet, TokenStorage } from '../recordTypes.js'
import { openDatabase } from './database.js'
import { indexedDBStorage } from './indexedDBStorage.js'

export interface EncryptedStorageOptions {
  /** Where the sealed record goes. Default: `indexedDBStorage()`. */
  storage?: TokenStorage
  /** The IndexedDB database that keeps the key. Default: `'latchkey-keys'`. */
  databaseName?: string
}

const ALGORITHM = 'AES-GCM'
/** For the database of the key, in milliseconds. */
const TIMEOUT = 3000
/** What does not begin with it was stored before encryption was turned on; the next write seals it. */
const SEALED = 'sealed '

const toText = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
const toBytes = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

/** `{ iv, data }` in one text: 12 bytes (NIST SP 800-38D §8.2), then what AES-GCM made. */
const seal = async (key: CryptoKey, tokens: TokenSet): Promise<TokenSet> => {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const data = await crypto.subtle.encrypt({ name: ALGORITHM, iv }, key, new TextEncoder().encode(JSON.stringify(tokens)))
  return { accessToken: SEALED + toText(new Uint8Array([...iv, ...new Uint8Array(data)])), receivedAt: tokens.receivedAt }
}

const unseal = async (key: CryptoKey, { accessToken }: TokenSet): Promise<TokenSet> => {
  const bytes = toBytes(accessToken.slice(SEALED.length))
  const data = await crypto.subtle.decrypt({ name: ALGORITHM, iv: bytes.slice(0, 12) }, key, bytes.slice(12))
  return JSON.parse(new TextDecoder().decode(data)) as TokenSet
}

/**
 * Encrypts the tokens at rest with a key that no script can export (AES-GCM, WebCrypto). It keeps them out of a
 * copied profile's plain text and out of careless tools; it does not stop script in the page, which can use the
 * session while it runs, nor malware that copies the whole profile. A key that is lost ends the session with the
 * reason `unreadable`.
 * @throws {SessionError} `insecure_context` when opened where there is no WebCrypto, `invalid_option`
 */
export const encryptedStorage = ({ storage = indexedDBStorage(), databaseName = 'latchkey-keys' }: EncryptedStorageOptions = {}): TokenStorage => ({
  open(name) {
    if (typeof storage?.open !== 'function') throw invalidOption('encryptedStorage: storage', storage, 'a storage, such as indexedDBStorage()')
    if (!globalThis.crypto?.subtle) {
      throw new SessionError('insecure_context', 'encryptedStorage needs WebCrypto, which is there on https and loopback only: use indexedDBStorage')
    }
    const inner = storage.open(name)
    const keys = openDatabase(databaseName, TIMEOUT)
    let loading: Promise<CryptoKey> | undefined

    /** Made before the transaction, which could not wait for it; the one that is stored first is the one for all tabs. */
    const loadKey = async () => {
      const fresh = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ['encrypt', 'decrypt'])
      let key = fresh
      await keys.update(name, (stored) => (key = (stored as CryptoKey | undefined) ?? fresh))
      return key
    }
    const withKey = () =>
      (loading ??= loadKey().catch((error: unknown) => {
        loading = undefined
        throw error
      }))

    const opened = async (record: SessionRecord | undefined): Promise<SessionRecord | undefined> => {
      if (!record?.tokens?.accessToken.startsWith(SEALED)) return record
      const key = await withKey()
      try {
        return { ...record, tokens: await unseal(key, record.tokens) }
      } catch {
        return { id: record.id, revision: record.revision, tokens: null, endedBecause: 'unreadable' }
      }
    }

    return {
      shared: inner.shared,
      read: async () => opened(await inner.read()),
      async update(change) {
        for (;;) {
          const stored = await inner.read()
          const next = change(await opened(stored))
          if (!next) return
          const sealed = next.tokens ? { ...next, tokens: await seal(await withKey(), next.tokens) } : next
          let done = false
          // Encryption cannot be awaited inside a transaction; so compare, and try again when somebody was first.
          await inner.update((now) => {
            done = now?.id === stored?.id && now?.revision === stored?.revision
            return done ? sealed : undefined
          })
          if (done) return
        }
      },
      close() {
        inner.close()
        keys.close()
      },
    } satisfies RecordStore
  },
})
