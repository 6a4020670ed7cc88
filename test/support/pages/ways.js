// Every way of holding a session, for tests that compare them. Loaded after session.js, whose `begin` makes them.
const { latchkey, api } = globalThis

/** The refresh token is in an HttpOnly cookie; tabs that do not share a record take turns with it. */
const byCookie = (_tokens, { fetch, signal, idempotencyKey }) =>
  navigator.locks.request('test.refresh-cookie', { signal }, () =>
    fetch('/oauth/cookie/token', { method: 'POST', headers: { 'Idempotency-Key': idempotencyKey }, signal }))
byCookie.revoke = (_tokens, { fetch, signal }) => fetch('/oauth/cookie/revoke', { method: 'POST', keepalive: true, signal })

const scheme = (options) =>
  latchkey.cookieSession({ refreshUrl: '/backend/refresh', logoutUrl: '/backend/logout', csrfCookie: 'csrf', expiryCookie: 'session_expires', ...options })

const warnings = []
let way

/** Opens a session that is held in a way of a name. */
const hold = (name, { limits, abort, cookies, storage = { mixed: 'memory', backend: 'indexeddb' }[name] ?? name, ...options } = {}) => {
  way = name
  const session = begin({
    storage,
    ...(name === 'mixed' && { refresh: byCookie, resume: true }),
    ...(name === 'backend' && { renewable: false, scheme: scheme(cookies), origins: [location.origin] }),
    extensions: [...(limits ? [latchkey.sessionLimits(limits)] : []), ...(abort ? [latchkey.abortOnLogout()] : [])],
    ...options,
  })
  session.on('warning', ({ endsAt }) => warnings.push(endsAt))
  return session
}

/** Logs in at the server, which keeps for itself what the way wants it to keep. */
const enter = async (user = 'alice', into = session) => {
  const fields = { user, password: { alice: 'wonderland', bob: 'builder' }[user], ...(way === 'mixed' && { refresh_cookie: 'true' }) }
  const response = await fetch(way === 'backend' ? '/backend/login' : '/login', { method: 'POST', body: new URLSearchParams(fields) })
  const answer = await response.json()
  await into.setTokens(answer)
  return answer
}

/** So many calls at once: the name of who made them, else the status, else the code of the error. */
const ask = (times = 1, by = session) =>
  Promise.all(Array.from({ length: times }, () =>
    by.fetch(way === 'backend' ? '/backend/me' : `${api}/api/me`).then(
      async (response) => (response.ok ? (await response.json()).user : response.status),
      (error) => error.code ?? error.name,
    )))

Object.assign(globalThis, { hold, enter, ask, warnings })
