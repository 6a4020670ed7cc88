import type { Platform } from './platform.js'
import type { SessionRecord } from './recordTypes.js'

const VERSION = 1

/** All that tabs tell each other: that there is news, never what it is. A forged one costs a read. */
interface Hint {
  v: typeof VERSION
  type: 'changed'
  id: string
  /** 0 for the end of a session, which is looked up by all: what they remember may have a higher one, if storage was wiped. */
  revision: number
}

export interface Hints {
  send(record: SessionRecord): void
  /** A page with an open channel is thrown out of the back/forward cache by the next message. */
  close(): void
  open(): void
}

/** `onHint` gets the revision that storage should have reached. `onMissing`: there is no BroadcastChannel. */
export const createHints = (
  platform: Platform,
  name: string,
  onHint: (revision: number) => void,
  onMissing: () => void,
): Hints => {
  let told = false
  let channel: ReturnType<Platform['openChannel']> | undefined
  const tell = () => {
    if (told || !channel?.makeshift) return
    told = true
    onMissing()
  }
  return {
    open() {
      if (channel) return
      channel = platform.openChannel(name, (data) => {
        const { v, revision } = Object(data) as Partial<Hint>
        onHint(v === VERSION && typeof revision === 'number' ? revision : 0)
      })
      tell()
    },
    send({ id, revision, tokens }) {
      // What is said last, such as a logout that was stored after close(), opens one for itself.
      const own = channel ? undefined : platform.openChannel(name, () => {})
      try {
        ;(channel ?? own)?.post({ v: VERSION, type: 'changed', id, revision: tokens ? revision : 0 } satisfies Hint)
      } catch {
        // Closed under us: the others find out when they look.
      }
      own?.close()
      tell()
    },
    close() {
      channel?.close()
      channel = undefined
    },
  }
}
