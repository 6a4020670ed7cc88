import { RefreshError, SessionError } from './errors.js'
import type { Platform } from './platform.js'
import type { Refresher } from './refresh.js'
import type { SessionState } from './session.js'
import type { TokenSet } from './recordTypes.js'

/** In a hidden tab, which may have been frozen without notice, memory is trusted for this long. */
const TRUST_WHILE_HIDDEN = 1000

/** What a request carries, and whose it is. */
export interface Credential {
  id: string
  accessToken: string
}

export interface Credentials {
  /** At once: a credential, `null` when nobody is signed in, `undefined` when that takes a moment. */
  current(): Credential | null | undefined
  /** What memory holds, however old: for requests that cannot wait. */
  held(): Credential | null
  /** Waits for as long as it takes, within bounds. @throws {RefreshError} @throws {SessionError} @throws the signal's reason */
  obtain(signal?: AbortSignal | null): Promise<Credential | null>
  /** New tokens now. @throws {RefreshError} @throws {SessionError} @throws the signal's reason */
  refresh(signal?: AbortSignal | null): Promise<void>
  /** After a 401 for `used`: another credential of the same session, or nothing. @throws the signal's reason */
  renew(used: Credential, invalid: boolean, signal?: AbortSignal | null): Promise<Credential | undefined>
}

/** Rejects with the signal's reason at once; what is awaited goes on for others (R62). */
export const abortable = async <Result>(promise: Promise<Result>, signal?: AbortSignal | null): Promise<Result> => {
  if (!signal) return promise
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

export const createCredentials = (
  platform: Platform,
  state: SessionState,
  refresher: Refresher,
  sync: () => Promise<void>,
  renewable: (tokens: TokenSet) => boolean,
  unauthorizedCooldown: number,
): Credentials => {
  const held = (): Credential | null => {
    const { id, tokens } = state.record ?? {}
    return tokens ? { id: id!, accessToken: tokens.accessToken } : null
  }
  const trusted = () =>
    state.verified && !(platform.isHidden() && platform.monotonic() - state.verifiedAt > TRUST_WHILE_HIDDEN)
  // A token that cannot be replaced is used until a server refuses it: only its word is definitive.
  const usable = () => state.remaining() > 0 || !renewable(state.record!.tokens!)

  const obtain = async () => {
    const id = held()?.id
    const checkUser = () => {
      if (id && held() && held()!.id !== id) {
        throw new SessionError('session_changed', 'Another login replaced the session while this call waited; it was not sent')
      }
    }
    if (!trusted()) await sync()
    checkUser()
    const credential = held()
    if (!credential || usable()) return credential
    await refresher.refresh(credential.id, credential.accessToken)
    checkUser()
    if (!held()) throw new SessionError('session_ended', 'The session ended while this call waited; it was not sent')
    return held()
  }

  return {
    held,
    current: () => (trusted() ? (held() && !usable() ? undefined : held()) : undefined),
    obtain: (signal) => abortable(obtain(), signal),

    refresh: (signal) =>
      abortable(
        (async () => {
          if (!trusted()) await sync()
          const used = held()
          if (!used) throw new SessionError('session_ended', 'Nobody is signed in: call setTokens first')
          if (!renewable(state.record!.tokens!)) {
            throw new RefreshError('misconfigured', 'There is no refresh token, or no refresh option: nothing to refresh with')
          }
          await refresher.refresh(used.id, used.accessToken)
        })(),
        signal,
      ),

    async renew(used, invalid, signal) {
      const successor = () => {
        const now = held()
        return now?.id === used.id && now.accessToken !== used.accessToken ? now : undefined
      }
      const { record } = state
      if (record?.id !== used.id || !record.tokens || successor()) return successor()
      const due = renewable(record.tokens)
        ? // An endpoint that answers 401 to everything costs one refresh per cooldown (R59).
          state.remaining() <= 0 || !(platform.now() - (record.unauthorizedAt ?? -Infinity) < unauthorizedCooldown)
        : state.remaining() <= 0 || invalid
      // Whatever went wrong, the answer to the caller is the 401 itself (R59).
      if (due) await abortable(refresher.refresh(used.id, used.accessToken, true).catch(() => {}), signal)
      return successor()
    },
  }
}
