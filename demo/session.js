import { cookieStorage, createSession, indexedDBStorage, memoryStorage, refreshTokenGrant } from 'latchkey'
import { postJson } from './dom.js'

export const apiUrl = document.querySelector('meta[name=api-url]').content

const CHOICE = 'latchkey-demo.storage'
const storages = {
  indexeddb: () => indexedDBStorage(),
  cookie: () => cookieStorage({ mirror: 'access_token' }),
  memory: () => memoryStorage(),
}

/** One choice for all tabs: an address with ?storage= sets it, localStorage keeps it. */
const readChoice = () => {
  const address = new URL(location.href)
  const wanted = address.searchParams.get('storage')
  if (wanted !== null) {
    if (Object.hasOwn(storages, wanted)) localStorage.setItem(CHOICE, wanted)
    address.searchParams.delete('storage')
    history.replaceState(null, '', address)
  }
  const kept = localStorage.getItem(CHOICE)
  return Object.hasOwn(storages, kept ?? '') ? kept : 'indexeddb'
}

export const storageChoice = readChoice()
export const chooseStorage = (name) => localStorage.setItem(CHOICE, name)

export const session = createSession({
  refresh: refreshTokenGrant({ url: '/oauth/token', clientId: 'demo', revokeUrl: '/oauth/revoke' }),
  storage: storages[storageChoice](),
  origins: [location.origin, apiUrl],
  // Shorter than the default, so that a tab that hangs is given up while one watches.
  refreshTimeout: 4000,
})

export const logIn = async (user, password) => session.setTokens(await postJson('/login', { user, password, client_id: 'demo' }))

let asked = false

/** Notes that somebody wanted this: any other sign-out has to have another reason. */
export const logOut = () => {
  asked = true
  return session.logout().finally(() => { asked = false })
}

export const wasAsked = () => asked
