import { SessionError } from '../errors.js'
import { invalidOption, member, own } from '../options.js'
import type { RecordStore, SessionRecord, TokenSet, TokenStorage } from '../recordTypes.js'
import { openDatabase } from './database.js'
import { inOrder } from './inOrder.js'
import { indexedDBStorage } from './indexedDBStorage.js'

export interface EncryptedStorageOptions {
  /** Where the sealed record goes. Default: `indexedDBStorage()`. */
  storage?: TokenStorage | undefined
  /** The IndexedDB database that keeps the key. Default: `'latchkey-keys'`. */
  databaseName?: string | undefined
}

const ALGORITHM = 'AES-GCM'
/** For the database of the key, in milliseconds. */
const TIMEOUT = 3000
/** What does not begin with it was stored before encryption was turned on; the next write seals it. */
const SEALED = 'sealed '

/** `id` is written beside every seal, and tells which key opens it. */
interface NamedKey {
  id: string
  key: CryptoKey
}

const toText = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
const toBytes = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** The parameters of a seal: it opens under the same session name, id and revision only, and nowhere else. */
const belonging = (iv: Uint8Array<ArrayBuffer>, name: string, { id, revision }: SessionRecord): AesGcmParams => ({
  name: ALGORITHM, iv, additionalData: encode([name, id, revision]),
})

/** One text: the name of the key, then 12 bytes of `iv` (NIST SP 800-38D §8.2) and what AES-GCM made. */
const seal = async (name: string, record: SessionRecord, { id, key }: NamedKey): Promise<SessionRecord> => {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const data = await crypto.subtle.encrypt(belonging(iv, name, record), key, encode(record.tokens))
  const accessToken = `${SEALED}${id} ${toText(new Uint8Array([...iv, ...new Uint8Array(data)]))}`
  return { ...record, tokens: { accessToken, receivedAt: record.tokens!.receivedAt } }
}

const unseal = async (name: string, record: SessionRecord, key: CryptoKey): Promise<SessionRecord> => {
  const bytes = toBytes(record.tokens!.accessToken.split(' ')[2]!)
  const data = await crypto.subtle.decrypt(belonging(bytes.slice(0, 12), name, record), key, bytes.slice(12))
  return { ...record, tokens: JSON.parse(new TextDecoder().decode(data)) as TokenSet }
}

/**
 * Encrypts the tokens at rest with a key that no script can export (AES-GCM, WebCrypto). It keeps them out of a
 * copied profile's plain text and out of careless tools; it does not stop script in the page, which can use the
 * session while it runs, nor malware that copies the whole profile. A key that is lost ends the session with the
 * reason `unreadable`.
 * @throws {SessionError} `insecure_context` when opened where there is no WebCrypto, `invalid_option`
 */
export const encryptedStorage = (options?: EncryptedStorageOptions): TokenStorage => ({
  open(name) {
    const { storage = indexedDBStorage(), databaseName = 'latchkey-keys' } = own(options)
    if (typeof storage?.open !== 'function') throw invalidOption('encryptedStorage: storage', storage, 'a storage, such as indexedDBStorage()')
    if (!globalThis.crypto?.subtle) {
      throw new SessionError('insecure_context', 'encryptedStorage needs WebCrypto, which is there on https and loopback only: use indexedDBStorage')
    }
    const inner = storage.open(name)
    const keys = openDatabase(databaseName, 'keys', TIMEOUT)
    const queue = inOrder()
    /** Keys by their ids. There is more than one after the database of the keys was deleted while this tab was open. */
    const known = new Map<string, CryptoKey>()
    let last: NamedKey | undefined

    /** Answers whether it was a key. */
    const take = (stored: unknown): boolean => {
      const { id, key } = own(stored as Partial<NamedKey>)
      if (!id || !key) return false
      known.set(id, key)
      last = { id, key }
      return true
    }
    /** The key that was stored first is the one for all tabs. If the database was deleted, ours is put back. */
    const currentKey = async (): Promise<NamedKey> => {
      // Made before the transaction, which could not wait for it.
      const mine = last ?? {
        id: toText(crypto.getRandomValues(new Uint8Array(6))),
        key: await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ['encrypt', 'decrypt']),
      }
      await keys.update(name, (stored) => {
        if (take(stored)) return
        take(mine)
        return mine
      })
      return last!
    }

    const opened = async (record: SessionRecord | undefined): Promise<SessionRecord | undefined> => {
      const { accessToken } = own(record?.tokens)
      if (!accessToken?.startsWith(SEALED)) return record
      const id = accessToken.split(' ')[1]!
      // Another tab may have made a new key.
      if (!known.has(id)) take(await keys.get(name))
      try {
        return await unseal(name, record!, known.get(id)!)
      } catch {
        return { id: record!.id, revision: record!.revision, tokens: null, endedBecause: 'unreadable' }
      }
    }

    const replace = async (change: Parameters<RecordStore['update']>[0]): Promise<void> => {
      for (;;) {
        const stored = await inner.read()
        const next = change(await opened(stored))
        if (!next) return
        const sealed = next.tokens ? await seal(name, next, await currentKey()) : next
        let done = false
        // Encryption cannot be awaited inside a transaction; so compare, and try again when somebody was first.
        await inner.update((now) => {
          done = JSON.stringify(now) === JSON.stringify(stored)
          return done ? sealed : undefined
        })
        if (done) return
      }
    }

    return {
      shared: inner.shared,
      degraded: member(inner, 'degraded'),
      watch: (listener) => member(inner, 'watch')?.call(inner, listener),
      read: async () => opened(await inner.read()),
      update: (change) => queue(() => replace(change)),
      close() {
        inner.close()
        keys.close()
      },
    } satisfies RecordStore
  },
})
