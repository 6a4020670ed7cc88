import { cookieSession, indexedDBStorage } from 'latchkey'
import { createSession } from 'latchkey/core'

export const session = createSession({
  scheme: cookieSession({ refreshUrl: '/session/refresh' }),
  storage: indexedDBStorage(),
})
