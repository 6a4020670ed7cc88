import { abortable } from './abortable.js'
import { RefreshError, SessionError } from './errors.js'
import type { Platform } from './platform.js'
import { floorLeft, isUnsettled } from './record.js'
import type { Refresher } from './refresh.js'
import { type Credential, isCurrent, type SessionState } from './session.js'
import type { TokenSet } from './recordTypes.js'

export type { Credential } from './session.js'

const MARGIN = 2000

/** In a hidden tab, which may have been frozen without notice, memory is trusted for this long. */
const TRUST_WHILE_HIDDEN = 1000
/** A read that takes longer, in milliseconds, may have been answered before the page was stopped. */
const STALE = 1000

export interface Credentials {
  /** What a refresh would replace, also where it is not known whether there is a session; `null` when there is none. */
  own(): Credential | null
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

export const createCredentials = (
  platform: Platform,
  state: SessionState,
  refresher: Refresher,
  sync: () => Promise<void>,
  renewable: (tokens: TokenSet) => boolean,
  unauthorizedCooldown: number,
  /** Ends a session that has reached a limit. */
  enforce: () => void,
): Credentials => {
  const own = (): Credential | null => {
    enforce()
    const { record } = state
    return record?.tokens ? { id: record.id, generation: record.generation, accessToken: record.tokens.accessToken } : null
  }
  const held = () => {
    const credential = own()
    return credential?.accessToken && state.verifiedAt >= 0 ? credential : null
  }
  // `NaN`, which says that news may have been missed, is trusted by nobody.
  const trusted = () => (platform.isHidden() ? platform.monotonic() : 0) - state.verifiedAt <= TRUST_WHILE_HIDDEN
  /** A read that a page was stopped in, or that news overtook, is followed by another; a flood of news keeps no call waiting. */
  const look = async () => {
    let asked = 0
    // The third is for a page that was stopped in the second.
    for (let reads = 0; !trusted() && (reads < 2 || (reads < 3 && platform.monotonic() - asked > STALE)); reads++) {
      asked = platform.monotonic()
      await sync()
    }
  }
  const canRenew = () => renewable(state.record!.tokens!)
  /** How much must be left of a token that is handed out: enough to arrive, and little of a short lifetime. */
  const over = () => state.remaining() <= Math.min(MARGIN, (state.record!.tokens!.lifetime ?? 0) / 10)
  const floor = () => floorLeft(state.record!, platform.now())
  // A token that cannot be replaced, or not yet, is used until a server refuses it: only its word is definitive.
  const usable = () => !over() || !canRenew() || floor() > 0
  const ended = (why: string) => new SessionError('session_ended', why)

  const obtain = async () => {
    const before = own()
    const mine = () => {
      const now = own()
      if (before && now && now.id !== before.id) {
        throw new SessionError('session_changed', 'Somebody else is signed in now, the call was not sent')
      }
      return now
    }
    await look()
    const credential = mine()
    if (!credential || usable()) return credential
    try {
      await refresher.refresh(credential)
    } catch (error) {
      // There was none to begin with.
      const { code, name } = error as RefreshError
      if (!credential.accessToken && code === 'rejected') return null
      // What is left of a token is used when no other can be had now.
      if (name !== 'RefreshError' || state.remaining() <= 0) throw error
    }
    // The page may have been in the back/forward cache meanwhile.
    await look()
    const renewed = mine()
    if (!renewed && credential.accessToken) throw ended('The session ended, the call was not sent')
    return renewed
  }

  const refresh = async () => {
    await look()
    const used = () => {
      const credential = own()
      if (!credential) throw ended('Nobody is signed in, call setTokens first')
      if (!canRenew()) throw new RefreshError('misconfigured', 'There is no refresh token or no refresh option')
      return credential
    }
    // Tokens that were asked for earlier may tell what the server knew then, not what has changed since.
    await refresher.underWay(used().id)
    await refresher.refresh(used())
  }

  return {
    own,
    held,
    current: () => {
      const credential = own()
      return trusted() && (!credential || usable()) ? credential : undefined
    },
    obtain: (signal) => abortable(obtain(), signal),
    refresh: (signal) => abortable(refresh(), signal),

    async renew(used, invalid, signal) {
      if (isCurrent(used, state.record)) {
        const { tokens, intent, unauthorizedAt = -Infinity } = state.record
        const due = renewable(tokens)
          ? // An endpoint that answers 401 to everything costs one refresh per cooldown (R59). A clock that was set back tells nothing.
            // A refresh that is under way anyway costs nothing more.
            isUnsettled(intent) || !(Math.abs(platform.now() - unauthorizedAt) < unauthorizedCooldown)
          : invalid
        // Whatever went wrong, the answer to the caller is the 401 itself (R59).
        // A token that came as expired as this one would not help.
        const vain = renewable(tokens) && tokens.lifetime === 0
        if (!vain && (due || over())) {
          // Short lifetimes: at the pace of the floor.
          if (!due) await abortable(new Promise<void>((resolve) => platform.setTimer(resolve, floor())), signal)
          await abortable(refresher.refresh(used, true).catch(() => {}), signal)
        }
      }
      await abortable(look(), signal)
      // Messages may have arrived all the while: what was read last is good enough.
      const now = own()
      return now?.id === used.id && now.generation !== used.generation ? now : undefined
    },
  }
}
