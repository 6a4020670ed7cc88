// Makes one call natively and through latchkey, in one page, and says all that can be seen of both.

const native = fetch.bind(globalThis)
const other = new URLSearchParams(location.search).get('other')
const control = (name) => native(`/control/${name}`).then((response) => response.json())

/** A boundary is new each time; the connection is the browser's own affair. */
const normal = (text) => text.replace(/----WebKitFormBoundary\w+/g, 'BOUNDARY')
const plain = ({ line, headers, body }, keep) => ({
  line,
  headers: headers.filter((header) => keep || !/^authorization:/i.test(header)).map(normal),
  body: normal(body),
})

/** What a promise came to. */
const outcome = async (promise, reason) => {
  try {
    const response = await promise
    const { type, url, status, statusText, ok, redirected, bodyUsed } = response
    const headers = [...response.headers].filter(([name]) => name !== 'date')
    let immutable
    try {
      response.headers.set('a', 'b')
    } catch (error) {
      immutable = error.name
    }
    const body = response.body !== null ? await response.text().catch((error) => describe(error, reason)) : response.body
    return { type, url, status, statusText, ok, redirected, bodyUsed, headers, immutable, body, brand: response.constructor === Response }
  } catch (error) {
    return describe(error, reason)
  }
}

const describe = (error, reason) => ({
  error: error?.name,
  message: error?.message,
  made: error?.constructor?.name,
  code: error?.code,
  value: typeof error === 'object' ? 'object' : String(error),
  isReason: reason !== undefined && error === reason,
})

/** How many microtasks pass until it settles; at most so many. */
const ticks = async (promise) => {
  let settled = false
  const done = () => (settled = true)
  promise.then(done, done)
  let count = 0
  while (!settled && count < 12) {
    await null
    count++
  }
  return settled ? count : 'later'
}

/** One run of a case: what the page sees, and what the servers saw. */
const run = async ({ make, act, loose }, given, called = () => {}) => {
  await control('take')
  const fetch = (...args) => {
    try {
      return given(...args)
    } finally {
      called()
    }
  }
  const rejections = []
  const onRejection = (event) => {
    event.preventDefault()
    rejections.push(String(event.reason))
  }
  addEventListener('unhandledrejection', onRejection)
  const env = { here: location.origin, other, control, reason: { mine: true }, native }
  let seen
  if (act) {
    seen = await act(given === native ? given : Object.assign(fetch, { bind: (self) => given.bind(self) }), env)
  } else {
    const { args, look = () => null } = make(env)
    let promise
    let thrown = null
    try {
      promise = fetch(...args)
    } catch (error) {
      thrown = describe(error)
      promise = Promise.reject(error)
    }
    const before = look()
    const settling = ticks(promise)
    seen = { thrown, isPromise: promise instanceof Promise, before, ...(await outcome(promise, env.reason)), after: look(), ticks: await settling }
  }
  await new Promise((resolve) => setTimeout(resolve))
  removeEventListener('unhandledrejection', onRejection)
  const raw = await control('take')
  return { seen, rejections, raw: loose ? [] : raw }
}

const newer = { access_token: 'fresh', expires_in: 3600 }

/** Every state a session can be in when a call comes. */
const modes = {
  attached: async () => {
    const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, other], refresh: async () => newer })
    await session.setTokens(newer)
    return { session }
  },
  unlisted: async () => {
    const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: ['https://elsewhere.test'], refresh: async () => newer })
    await session.setTokens(newer)
    return { session }
  },
  anonymous: async () => {
    const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, other] })
    await session.ready
    return { session }
  },
  waiting: async () => {
    let refresh
    const gate = new Promise((resolve) => (refresh = resolve))
    const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, other], refresh: () => gate.then(() => newer) })
    await session.setTokens({ access_token: 'old', expires_in: 0.001 })
    await new Promise((resolve) => setTimeout(resolve, 3))
    return { session, called: () => setTimeout(refresh) }
  },
  replayed: async () => {
    const session = latchkey.createSession({ storage: latchkey.memoryStorage(), origins: [location.origin, other], refresh: async () => newer })
    await session.setTokens({ access_token: 'stale', expires_in: 3600 })
    return { session }
  },
}

const isPreflight = ({ line, headers }) => line.startsWith('OPTIONS ') && headers.some((header) => header.startsWith('Access-Control-Request-Method:'))
const bearer = ({ headers }) => headers.find((header) => /^authorization:/i.test(header))

/** What native does is the same in every mode. */
const natively = new Map()

/** The differences between native and latchkey in one mode; none when all is well. */
const compare = async (test, mode) => {
  const untouched = mode === 'unlisted' || mode === 'anonymous'
  if (!natively.has(test)) natively.set(test, await run(test, native))
  const expected = natively.get(test)
  const { session, called } = await modes[mode]()
  const actual = await run(test, session.fetch, called)
  session.close()
  const views = [expected, actual].map(({ seen, rejections, raw }) => {
    const requests = raw
      .filter((one) => untouched || !isPreflight(one))
      // What the stale token got is not the answer.
      .filter((one) => bearer(one) !== 'Authorization: Bearer stale')
      .map((one) => plain(one, untouched))
      // A browser itself sends again what was lost on a connection that others had used: as often as it has one.
      .filter((one, index, all) => !one.line.includes(' /drop ') || JSON.stringify(one) !== JSON.stringify(all[index - 1]))
    // One header more changes the order in which Chromium sends the others.
    if (!untouched) for (const { headers } of requests) headers.sort()
    if (test.unordered) requests.sort((a, b) => a.line.localeCompare(b.line))
    const { ticks, ...rest } = Object(seen)
    return { seen: Array.isArray(seen) ? seen : { ...rest, ...(!/waiting|replayed/.test(mode) && { ticks }) }, rejections, requests }
  })
  const differences = []
  const walk = (a, b, path) => {
    if (Object.is(a, b)) return
    if (a && b && typeof a === 'object' && typeof b === 'object') {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(a[key], b[key], [...path, key])
    } else differences.push({ path: path.join('.'), native: a, latchkey: b })
  }
  walk(...views, [])
  return {
    differences,
    tokens: actual.raw.filter((one) => !isPreflight(one)).map((one) => bearer(one) ?? null),
    arrived: views[0].requests.length,
    settled: expected.seen?.error ?? expected.seen?.status ?? null,
  }
}

/** A hang is a difference too. */
const compareInTime = (test, mode) =>
  Promise.race([
    compare(test, mode),
    new Promise((resolve) => setTimeout(resolve, 60_000, { differences: [{ path: 'time', native: 'an end', latchkey: 'none' }], tokens: [], arrived: 0, settled: null })),
  ])

Object.assign(globalThis, { compare: compareInTime, modes })
