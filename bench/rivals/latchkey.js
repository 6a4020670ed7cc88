import { indexedDBStorage, refreshTokenGrant } from 'latchkey'
import { createSession } from 'latchkey/core'

export const about = { package: 'latchkey', keeps: 'IndexedDB', acrossTabs: true }

export const open = async () => {
  const session = createSession({
    refresh: refreshTokenGrant({ url: '/oauth/token', clientId: 'demo', revokeUrl: '/oauth/revoke' }),
    storage: indexedDBStorage(),
  })
  return {
    fetch: session.fetch,
    signOut: session.logout,
    signedIn: async () => {
      await session.ready
      return session.status === 'authenticated'
    },
  }
}

export const seed = async (answer) => {
  const session = createSession({ storage: indexedDBStorage() })
  await session.setTokens(answer)
  session.close()
}
