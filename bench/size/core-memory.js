import { createSession, memoryStorage, refreshTokenGrant } from 'latchkey'

export const session = createSession({ refresh: refreshTokenGrant({ url: '/token' }), storage: memoryStorage() })
