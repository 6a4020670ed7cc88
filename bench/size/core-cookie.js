import { cookieStorage, createSession, refreshTokenGrant } from 'latchkey'

export const session = createSession({ refresh: refreshTokenGrant({ url: '/token' }), storage: cookieStorage() })
