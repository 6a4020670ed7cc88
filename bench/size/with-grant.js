import { indexedDBStorage, refreshTokenGrant } from 'latchkey'
import { createSession } from 'latchkey/core'

export const session = createSession({
  refresh: refreshTokenGrant({ url: '/token' }),
  storage: indexedDBStorage(),
})
