import { own } from './options.js'
import type { Platform } from './platform.js'
import { asRecord, isOnPurpose } from './record.js'
import type { EndReason, RecordStore, SessionRecord } from './recordTypes.js'

const VERSION = 1

/**
 * All that tabs tell each other: that there is news, never what it is, so a forged `changed` costs a read. `ask` goes to
 * the tab that holds the lock, which replies `alive` as long as its event loop runs.
 */
type Message =
  | {
      v: typeof VERSION
      type: 'changed'
      id: string
      /** 0 for the end of a session. Every tab looks that up: if storage was wiped, a tab may remember a higher revision. */
      revision: number
      /** The tombstone of a session that ended, for storages that tabs do not share: they have nothing to look it up in. */
      tokens?: null
      endedBecause?: EndReason | undefined
    }
  | { v: typeof VERSION; type: 'ask' | 'alive' }

export interface Hints {
  send(record: SessionRecord): void
  /**
   * Asks the tab that holds the lock for a sign of life, unless another tab did so within `pause` milliseconds. Says whether
   * it asked: where there is no channel, nobody could reply.
   */
  ask(pause: number): boolean
  /** Signs of life heard so far. */
  replies: number
  /** From now on this tab holds the lock as long as `isHolding` says so. It replies to tabs that ask, or have asked already. */
  hold(isHolding: () => boolean): void
  isHolding(): boolean
  /** A page with an open channel is thrown out of the back/forward cache by the next message. */
  close(): void
  open(): void
}

/** `onHint` gets the revision that storage should have reached. `onMissing`: there is no BroadcastChannel. */
export const createHints = (
  platform: Platform,
  name: string,
  store: RecordStore,
  onHint: (revision: number) => void,
  onMissing: () => void,
): Hints => {
  let told = false
  let channel: ReturnType<Platform['openChannel']> | undefined
  let wasAsked = false
  let askedAt = -Infinity
  const tell = () => {
    if (told || !channel?.makeshift) return
    told = true
    onMissing()
  }
  const post = (message: Message, to = channel) => {
    try {
      to?.post(message)
    } catch {
      // The channel was closed under us: the others find out when they look.
    }
    tell()
  }
  const reply = () => {
    wasAsked = !hints.isHolding()
    if (!wasAsked) post({ v: VERSION, type: 'alive' })
  }
  const hints: Hints = {
    replies: 0,
    isHolding: () => false,
    open() {
      if (channel) return
      channel = platform.openChannel(name, (data) => {
        const { v, type, revision } = own(data as { v?: unknown; type?: unknown; revision?: unknown })
        if (v !== VERSION) return onHint(0)
        if (type === 'ask') {
          askedAt = platform.monotonic()
          reply()
        } else if (type === 'alive') hints.replies++
        else {
          const ended = asRecord(data)
          if (ended && isOnPurpose(ended)) store.hear?.(ended)
          onHint(Number.isSafeInteger(revision) ? (revision as number) : 0)
        }
      })
      tell()
    },
    send({ id, revision, tokens, endedBecause }) {
      // What is said last, such as a logout that was stored after close(), opens one for itself.
      const own = channel ? undefined : platform.openChannel(name, () => {})
      post({ v: VERSION, type: 'changed', id, ...(tokens ? { revision } : { revision: 0, tokens, endedBecause }) }, channel ?? own)
      own?.close()
    },
    ask(pause) {
      // The storage events that stand in for a channel carry no reply.
      if (!channel || channel.makeshift || platform.monotonic() - askedAt < pause) return false
      post({ v: VERSION, type: 'ask' })
      return true
    },
    hold(holding) {
      hints.isHolding = holding
      if (wasAsked) reply()
    },
    close() {
      channel?.close()
      channel = undefined
    },
  }
  return hints
}
