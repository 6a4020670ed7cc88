import { startWithCookie } from './better-auth.js'
import { cookieSessions } from './cookieSessions.js'
import { servers } from './stage.js'

servers('better-auth, its cookie', () => cookieSessions(startWithCookie, 401))
