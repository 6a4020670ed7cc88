import { member } from './options.js'
import { liveTokens } from './record.js'
import type { EndReason } from './recordTypes.js'
import type { SessionState } from './session.js'
import type { Extension, HistoryEntry, SessionDoor } from './types.js'

export interface Extensions {
  /** Ends a session that has reached a limit. */
  enforce(): void
  /** Goes around the calls that are attached. */
  wrap(fetch: typeof globalThis.fetch): typeof globalThis.fetch
  history(): HistoryEntry[]
}

export const attachExtensions = (
  extensions: readonly Extension[],
  door: Omit<SessionDoor, 'startedAt' | 'end'>,
  state: SessionState,
  logout: (reason: EndReason) => Promise<void>,
): Extensions => {
  const end = (reason: EndReason) => void logout(reason)
  const startedAt = () => liveTokens(state.record) && (state.record!.startedAt ?? 0)
  const attached = extensions.map((extension) => extension.attach({ __proto__: door, startedAt, end } as Partial<SessionDoor> as SessionDoor))
  return {
    enforce() {
      for (const each of attached) {
        const reason = member(each, 'exceeded')?.()
        if (reason) end(reason)
      }
    },
    wrap: (fetch) => attached.reduce((inner, each) => member(each, 'wrap')?.(inner) ?? inner, fetch),
    history: () => attached.flatMap((each) => member(each, 'history')?.() ?? []),
  }
}
