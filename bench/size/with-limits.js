import { indexedDBStorage, sessionLimits } from 'latchkey'
import { createSession } from 'latchkey/core'

export const session = createSession({
  refresh: ({ refreshToken }, { fetch, signal }) => fetch('/refresh', { method: 'POST', body: refreshToken, signal }),
  storage: indexedDBStorage(),
  extensions: [sessionLimits({ idleTimeout: 900_000 })],
})
