import { createSession, indexedDBStorage, refreshTokenGrant } from 'latchkey'

export const session = createSession({
  refresh: refreshTokenGrant({ url: '/token' }),
  storage: indexedDBStorage(),
})
