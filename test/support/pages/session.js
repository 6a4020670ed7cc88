// What tests call in a page. `begin` opens the session, so that a page can be there before its session is.
import * as latchkey from 'latchkey'

const { page, api: named } = document.documentElement.dataset
// Under a name that the server does not know itself by, the API is on the origin of the page.
const api = location.origin === page ? named : location.origin
const storages = {
  indexeddb: () => latchkey.indexedDBStorage(),
  cookie: () => latchkey.cookieStorage({ mirror: 'access_token', allowInsecure: true }),
  memory: () => latchkey.memoryStorage(),
  encrypted: () => latchkey.encryptedStorage(),
}

const events = []
const returns = []

const begin = ({ storage = 'indexeddb', renewable = true, ...options } = {}) => {
  const refresh = latchkey.refreshTokenGrant({ url: '/oauth/token', clientId: 'demo', revokeUrl: '/oauth/revoke' })
  const session = latchkey.createSession({
    ...(renewable && { refresh }),
    storage: storages[storage](),
    origins: [location.origin, api],
    allowInsecureOrigins: !isSecureContext,
    ...options,
  })
  for (const type of ['login', 'refresh', 'logout', 'change', 'error']) {
    session.on(type, ({ source, reason, error }) => events.push({ type, source, reason, code: error?.code, at: Date.now() }))
  }
  return (globalThis.session = session)
}

/** What the login answered, as it came. */
const login = async (user = 'alice', password = 'wonderland') => {
  const response = await fetch('/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user, password }),
  })
  return response.json()
}

/** Makes so many calls at once, and answers with their statuses, or the code of what they failed with. */
const call = (times = 1, path = '/api/me') =>
  Promise.all(
    Array.from({ length: times }, () =>
      session.fetch(api + path).then(
        (response) => response.status,
        (error) => error.code ?? error.name,
      ),
    ),
  )

const all = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Everything this origin keeps, as text. */
const dump = async () => {
  const kept = { cookie: document.cookie, local: { ...localStorage }, session: { ...sessionStorage }, databases: {} }
  for (const { name } of await indexedDB.databases()) {
    const database = await all(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      kept.databases[`${name}/${store}`] = await all(database.transaction(store).objectStore(store).getAll())
    }
    database.close()
  }
  return decodeURIComponent(JSON.stringify(kept))
}

// The most impatient app there can be: it calls in the very event that brings its page back.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  const entry = { status: session.status }
  returns.push(entry)
  session.fetch(`${api}/api/me?returned`).then(
    (response) => (entry.answer = response.status),
    (error) => (entry.answer = error.code ?? error.name),
  )
})

Object.assign(globalThis, { latchkey, api, begin, login, call, dump, events, returns, load: (path) => import(path), loaded: true })
