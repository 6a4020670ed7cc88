// The table of calls. A case makes its arguments anew for every run, since bodies are used up.

const bytes = (...values) => new Uint8Array(values)

/** Every kind of body a browser takes, small and not plain ASCII. */
const bodies = {
  none: () => undefined,
  null: () => null,
  string: () => 'text ü €',
  empty: () => '',
  params: () => new URLSearchParams([['a', 'b c'], ['a', 'ü']]),
  form: () => {
    const form = new FormData()
    form.append('a', 'b\r\nc')
    form.append('file', new File([bytes(0, 1, 255)], 'näme".bin', { type: 'application/x-thing' }))
    return form
  },
  blob: () => new Blob(['blob', bytes(0, 255)], { type: 'Text/Odd; charset=X' }),
  untypedBlob: () => new Blob(['blob']),
  buffer: () => bytes(0, 1, 2, 255).buffer,
  typed: () => new Uint16Array([1, 2, 65535]),
  view: () => new DataView(bytes(9, 8, 7, 6).buffer, 1, 2),
  object: () => ({ toString: () => 'made a string' }),
  number: () => 42,
}

const headerSets = {
  none: [],
  mixed: [['X-Mixed-Case', 'Value'], ['x-lower', '1'], ['ACCEPT', 'application/json']],
  repeated: [['X-A', '1'], ['x-a', '2'], ['X-B', '']],
  typed: [['content-type', 'text/odd'], ['Accept-Language', 'de, en;q=0.5']],
  forbidden: [['Cookie', 'a=b'], ['Host', 'evil.test'], ['Sec-Thing', '1'], ['Origin', 'https://evil.test'], ['X-Ok', 'ok']],
  spaced: [['X-Space', '  padded\t'], ['X-Latin', 'caf\u00e9']],
}

/** Every form that headers can be given in. */
const headerForms = {
  record: (pairs) => Object.fromEntries(pairs),
  array: (pairs) => pairs.map((pair) => [...pair]),
  headers: (pairs) => new Headers(pairs),
  map: (pairs) => new Map(pairs),
  iterator: (pairs) => pairs[Symbol.iterator](),
  nullRecord: (pairs) => Object.assign(Object.create(null), Object.fromEntries(pairs)),
}

const frame = document.body.appendChild(document.createElement('iframe'))

/** Every form that the target can be given in. `init` is what a Request is made with. */
const inputs = {
  absolute: (url) => url,
  relative: (url) => url.replace(location.origin, ''),
  padded: (url) => ` \n${url}\t`,
  fragment: (url) => `${url}#part`,
  url: (url) => new URL(url),
  object: (url) => ({ toString: () => url }),
  request: (url, init) => new Request(url, init),
  frameRequest: (url, init) => new frame.contentWindow.Request(url, init),
  copiedRequest: (url, init) => new Request(new Request(url, init)),
  clonedRequest: (url, init) => new Request(url, init).clone(),
  subclassed: (url, init) => new (class Mine extends Request {})(url, init),
}

/** Every form that the second argument can have. */
const initForms = {
  plain: (members) => members,
  nullPrototype: (members) => Object.assign(Object.create(null), members),
  inherited: (members) => Object.create(members),
  getters: (members) => Object.create(null, Object.fromEntries(Object.keys(members).map((key) => [key, { get: () => members[key], enumerable: true }]))),
  instance: (members) => {
    class Init {
      #members = members
      get method() { return this.#members.method }
      get headers() { return this.#members.headers }
      get body() { return this.#members.body }
      get credentials() { return this.#members.credentials }
      get signal() { return this.#members.signal }
    }
    return new Init()
  },
  frozen: (members) => Object.freeze(members),
  otherRealm: (members) => frame.contentWindow.Object.assign(new frame.contentWindow.Object(), members),
  request: (members) => new Request('/other', members),
}

/** A call made of a description that is plain data, so that it can be generated and printed. */
const build = ({ input = 'absolute', path = '/echo', far = false, method, body = 'none', headers, headerForm = 'record', initForm = 'plain', members, requestMembers, noInit }, env) => {
  const url = (far ? env.other : env.here) + path
  const isRequest = /request|subclassed/i.test(input)
  const given = { ...members }
  if (method !== undefined) given.method = method
  if (body !== 'none') given.body = bodies[body]()
  if (headers !== undefined) given.headers = headerForms[headerForm](headerSets[headers])
  const target = inputs[input](url, noInit ? { ...requestMembers, ...given } : requestMembers)
  const args = noInit ? [target] : [target, initForms[initForm](given)]
  const look = () => ({ used: target.bodyUsed, authorization: isRequest && target.headers.has('Authorization'), keys: Object.keys(args[1] ?? {}).join() })
  return { args, look }
}

const table = []
const add = (name, make, more) => table.push({ name, make, ...more })
/** Signed out and not listed are the same to most calls; Node answers no 401 to a method that it does not know. */
const described = (name, description) =>
  add(name, (env) => build(description, env), { modes: ['attached', 'unlisted', 'waiting', ...(/"integrity":"sha|keepalive":true|^patch of/.test(name) ? [] : ['replayed'])] })
const isRequest = (input) => /request|subclassed/i.test(input)

// Inputs and methods
for (const input of Object.keys(inputs)) {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'patch', 'delete', 'REPORT', 'OPTIONS']) {
    described(`${method} of ${input}`, { input, method, noInit: isRequest(input) })
  }
  described(`${input} without init`, { input, noInit: true })
  described(`${input} with init, far`, { input, far: true, method: 'POST', body: 'string', headers: 'mixed' })
}
// Bodies, in every form of init, and in a Request
for (const body of Object.keys(bodies)) {
  for (const initForm of Object.keys(initForms)) described(`body ${body} in init ${initForm}`, { body, method: 'POST', initForm, headers: 'mixed' })
  described(`body ${body} in a Request`, { input: 'request', body, method: 'PUT', noInit: true })
  described(`body ${body} over the one of a Request`, { input: 'request', body, method: 'POST', requestMembers: { method: 'POST', body: 'former', headers: { 'X-Former': '1' } } })
  described(`body ${body} with a content type`, { body, method: 'POST', headers: 'typed' })
}
// Headers
for (const headers of Object.keys(headerSets)) {
  for (const headerForm of Object.keys(headerForms)) {
    described(`headers ${headers} as ${headerForm}`, { headers, headerForm, method: 'POST', body: 'string' })
    described(`headers ${headers} as ${headerForm} over those of a Request`, { input: 'request', headers, headerForm, requestMembers: { headers: { 'X-Former': '1', Accept: 'text/former' } } })
  }
}
// Members of init, on a string and on a Request
const members = [
  ...['omit', 'same-origin', 'include'].map((credentials) => ({ credentials })),
  ...['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'].map((cache) => ({ cache })),
  ...['cors', 'same-origin', 'no-cors', 'navigate'].map((mode) => ({ mode })),
  ...['follow', 'error', 'manual'].map((redirect) => ({ redirect })),
  ...['', '/elsewhere', 'about:client', 'https://evil.test/'].map((referrer) => ({ referrer })),
  ...['', 'no-referrer', 'origin', 'unsafe-url', 'strict-origin-when-cross-origin', 'same-origin'].map((referrerPolicy) => ({ referrerPolicy })),
  ...['', 'sha256-AAAA'].map((integrity) => ({ integrity })),
  ...[true, false].map((keepalive) => ({ keepalive, method: 'POST', body: 'kept' })),
  ...['high', 'low', 'auto'].map((priority) => ({ priority })),
  { signal: null }, { signal: undefined }, { window: null }, { duplex: 'half' }, { unknown: 1 }, { headers: undefined, body: undefined, method: undefined },
  { targetAddressSpace: 'loopback' }, { referrer: '', referrerPolicy: 'no-referrer', cache: 'no-store', credentials: 'omit' },
]
for (const member of members) {
  const name = JSON.stringify(member)
  for (const far of [false, true]) {
    described(`${name} on a string${far ? ', far' : ''}`, { members: member, far })
    described(`${name} on a Request${far ? ', far' : ''}`, { input: 'request', members: member, far, requestMembers: { referrer: '/its-own', referrerPolicy: 'unsafe-url' } })
  }
  if (member.mode !== 'navigate' && member.cache !== 'only-if-cached') described(`${name} of a Request`, { input: 'request', noInit: true, requestMembers: member })
}
// Redirects
for (const status of [301, 302, 303, 307, 308]) {
  for (const method of ['GET', 'POST']) {
    for (const where of ['near', 'far']) {
      for (const input of ['absolute', 'request']) {
        add(`${status} of ${method} to ${where}, ${input}`, (env) =>
          build({ input, method, ...(method === 'POST' && { body: 'string' }), noInit: input === 'request', path: `/redirect/${status}/${encodeURIComponent(where === 'near' ? '/landed' : `${env.other}/landed`)}` }, env))
      }
    }
  }
}
for (const redirect of ['error', 'manual']) described(`redirect ${redirect}`, { path: '/redirect/302/%2Flanded', members: { redirect } })
// Answers
for (const status of [200, 201, 202, 204, 205, 206, 304, 400, 403, 404, 407, 409, 418, 419, 422, 429, 500, 502, 503]) {
  described(`an answer of ${status}`, { path: `/status/${status}` })
  described(`an answer of ${status} to a POST of a Request, far`, { path: `/status/${status}`, input: 'request', far: true, noInit: true, method: 'POST', body: 'form' })
}
described('an answer that is compressed', { path: '/gzip' })
described('an answer that is no HTTP, sent once', { path: '/rubbish' })
described('an answer that is no HTTP, sent once, to a POST', { path: '/rubbish', method: 'POST', body: 'string' })
described('an answer that never comes', { path: '/drop' })
described('an answer that never comes, to a POST', { path: '/drop', method: 'POST', body: 'string' })

// What is wrong with a call
const failing = {
  'no arguments': () => [],
  undefined: () => [undefined],
  null: () => [null],
  'a symbol': () => [Symbol('x')],
  'an empty string': () => [''],
  'a number': () => [5],
  'an array': () => [['/echo']],
  'no prototype': () => [Object.create(null)],
  'a toString that throws': () => [{ toString() { throw new RangeError('mine') } }],
  'a URL that cannot be parsed': () => ['http://['],
  'a port that is none': () => ['http://localhost:99999/'],
  'user and password in the URL': () => [location.origin.replace('//', '//user:pass@')],
  'user and password in the URL, far': () => [`${other}/`.replace('//', '//user@')],
  'a method that is none': () => ['/echo', { method: 'bad method' }],
  'a forbidden method': () => ['/echo', { method: 'TRACE' }],
  'a body with GET': () => ['/echo', { body: 'x' }],
  'a body with HEAD': () => ['/echo', { method: 'HEAD', body: 'x' }],
  'a bad header name': () => ['/echo', { headers: { 'bad name': 'x' } }],
  'a bad header name in pairs': () => ['/echo', { headers: [['bad name', 'x']] }],
  'a bad header value': () => ['/echo', { headers: { 'X-A': 'a\nb' } }],
  'a header value out of range': () => ['/echo', { headers: { 'X-A': '€' } }],
  'headers that are null': () => ['/echo', { headers: null }],
  'headers that are a number': () => ['/echo', { headers: 5 }],
  'headers that are a string': () => ['/echo', { headers: 'X-A: b' }],
  'headers of one': () => ['/echo', { headers: [['X-A']] }],
  'headers of three': () => ['/echo', { headers: [['X-A', 'b', 'c']] }],
  'headers of strings': () => ['/echo', { headers: ['ab'] }],
  'headers with a symbol': () => ['/echo', { headers: { [Symbol('x')]: '1' } }],
  'an init that is a number': () => ['/echo', 5],
  'an init that is zero': () => ['/echo', 0],
  'an init that is a string': () => ['/echo', 'POST'],
  'an init that is false': () => ['/echo', false],
  'an init that is null': () => ['/echo', null],
  'an init that is a function': () => ['/echo', Object.assign(() => {}, { method: 'POST' })],
  'an init whose getter throws': () => ['/echo', { get method() { throw new RangeError('mine') } }],
  'an init whose headers throw': () => ['/echo', { get headers() { throw new RangeError('mine') } }],
  'a signal that is none': () => ['/echo', { signal: {} }],
  'an integrity that fails': () => ['/echo', { integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }],
  'a window that is not null': () => ['/echo', { window }],
  'a stream without duplex': () => ['/echo', { method: 'POST', body: new ReadableStream() }],
  'a stream': () => ['/echo', { method: 'POST', duplex: 'half', body: new Blob(['x']).stream() }],
  'a stream that is locked': () => {
    const body = new ReadableStream()
    body.getReader()
    return ['/echo', { method: 'POST', duplex: 'half', body }]
  },
  'keepalive with too much': () => ['/echo', { method: 'POST', keepalive: true, body: 'x'.repeat(70_000) }],
  'a server that is not there': () => ['http://localhost:1/'],
  'a third argument': () => ['/echo', { method: 'PUT' }, { method: 'POST' }],
  ...Object.fromEntries(['mode', 'credentials', 'cache', 'redirect', 'referrerPolicy', 'duplex', 'priority'].map((member) => [`${member} that is none`, () => ['/echo', { [member]: 'none' }]])),
  'a referrer that cannot be parsed': () => ['/echo', { referrer: 'http://[' }],
  'a Request that is used': () => {
    const request = new Request('/echo', { method: 'POST', body: 'x' })
    request.text()
    return [request]
  },
  'a Request with mode none': () => [new Request('/echo'), { mode: 'none' }],
  'a Request with a body for GET': () => [new Request('/echo'), { body: 'x' }],
}
for (const [name, make] of Object.entries(failing)) add(name, () => ({ args: make() }), name.startsWith('an integrity') ? { modes: ['attached', 'unlisted'] } : {})

add('an iterator as headers of an instance', () => ({ args: ['/echo', Object.create({ headers: new Map([['X-A', '1']]).entries() })] }), { modes: ['attached', 'unlisted', 'anonymous'] })

// Where there is no server, or not one that gets a token
const elsewhere = {
  'a data URL': () => ['data:text/plain,hello'],
  'a data URL in base64': () => ['data:application/octet-stream;base64,AAEC/w=='],
  'a blob URL': () => [(frame.blob ??= URL.createObjectURL(new Blob(['blob'], { type: 'text/plain' })))],
  'a blob URL with POST': () => [(frame.blob ??= URL.createObjectURL(new Blob(['blob']))), { method: 'POST' }],
  'a blob URL that is gone': () => [`blob:${location.origin}/0b6e8b04-0000-4000-8000-000000000000`],
  'about:blank': () => ['about:blank'],
  'a file URL': () => ['file:///etc/hostname'],
  'a scheme that is none': () => ['nonsense:x'],
  'javascript:': () => ['javascript:1'],
  'ws:': () => [`${location.origin.replace('http', 'ws')}/echo`],
  'an Authorization of its own': () => ['/echo', { headers: { authorization: 'Basic mine' } }],
}
for (const [name, make] of Object.entries(elsewhere)) add(name, () => ({ args: make() }), { modes: ['attached', 'unlisted', 'anonymous'] })

// Signals
const signals = {
  'aborted before, with a reason': ({ reason }) => AbortSignal.abort(reason),
  'aborted before, with none': () => AbortSignal.abort(),
  'aborted before, with undefined': () => AbortSignal.abort(undefined),
  'aborted before, with null': () => AbortSignal.abort(null),
  'aborted before, with a string': () => AbortSignal.abort('why'),
  'aborted before, by any': ({ reason }) => AbortSignal.any([new AbortController().signal, AbortSignal.abort(reason)]),
}
for (const [name, signal] of Object.entries(signals)) {
  add(`a signal ${name}`, (env) => ({ args: ['/echo', { method: 'POST', body: 'x', signal: signal(env) }] }))
  add(`a signal of a Request ${name}`, (env) => ({ args: [new Request('/echo', { method: 'POST', body: 'x', signal: signal(env) })] }))
  add(`a signal over that of a Request ${name}`, (env) => ({ args: [new Request('/echo', { signal: new AbortController().signal }), { signal: signal(env) }] }))
  add(`a signal of null over that of a Request ${name}`, (env) => ({ args: [new Request('/echo', { signal: signal(env) }), { signal: null }] }))
  add(`a signal ${name}, of an init with a prototype`, (env) => ({ args: ['/echo', Object.create({ signal: signal(env) })] }))
  add(`a signal ${name}, with a bad method`, (env) => ({ args: ['/echo', { method: 'bad method', signal: signal(env) }] }))
}

/** A whole play of its own, of which the answer must be the same. */
const play = (name, act, more) => table.push({ name, act, ...more })

const settle = (promise, reason) =>
  promise.then(
    (response) => ({ status: response.status }),
    (error) => ({ error: error?.name, message: error?.message, isReason: error === reason }),
  )
for (const [form, make] of Object.entries({
  string: (path, signal) => [path, { signal, method: 'POST', body: 'x' }],
  Request: (path, signal) => [new Request(path, { signal, method: 'POST', body: 'x' })],
  instance: (path, signal) => [path, Object.create({ signal, method: 'POST', body: 'x' })],
})) {
  play(`abort right after the call, ${form}`, (fetch, { reason }) => {
    const controller = new AbortController()
    const answer = settle(fetch(...make('/hang', controller.signal)), reason)
    controller.abort(reason)
    return answer
  }, { loose: true })
  play(`abort in flight, ${form}`, async (fetch, { reason, control }) => {
    const controller = new AbortController()
    const answer = settle(fetch(...make('/hang', controller.signal)), reason)
    await control('arrived')
    controller.abort(reason)
    return answer
  }, { modes: ['attached', 'unlisted', 'anonymous', 'waiting'] })
  play(`abort while the answer streams, ${form}`, async (fetch, { reason, control }) => {
    const controller = new AbortController()
    const response = await fetch(...make('/drip', controller.signal))
    const reader = response.body.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    controller.abort(reason)
    const end = await reader.read().then(({ done }) => done, (error) => [error?.name, error === reason])
    await control('release')
    return { first, end }
  })
  play(`abort after the end, ${form}`, async (fetch, { reason }) => {
    const controller = new AbortController()
    const response = await fetch(...make('/echo', controller.signal))
    const text = await response.text()
    controller.abort(reason)
    return { text, status: response.status }
  })
}
play('a timeout in flight', (fetch, { reason }) => settle(fetch('/hang', { signal: AbortSignal.timeout(50) }), reason), { loose: true })
play('the first byte comes before the last', async (fetch, { control }) => {
  const response = await fetch('/drip')
  const reader = response.body.getReader()
  const read = async () => new TextDecoder().decode((await reader.read()).value)
  const first = await read()
  await control('release')
  return [first, await read(), response.bodyUsed]
})
play('two calls settle in the order of their answers', async (fetch, { control }) => {
  const order = []
  const slow = fetch('/hang').then(() => order.push('slow'))
  await control('arrived')
  await fetch('/echo').then(() => order.push('fast'))
  await control('release')
  await slow
  return order
}, { modes: ['attached', 'unlisted', 'anonymous'] })
play('an answer is copied and read twice', async (fetch) => {
  const response = await fetch('/echo')
  const copy = response.clone()
  return [await response.text(), await copy.text(), copy.url, copy.type]
})
play('a rejection that nobody handles is told once', async (fetch) => {
  void fetch('http://localhost:1/')
  await fetch('http://localhost:1/').catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 20))
})
play('a rejection that nobody handles is told once, of a call that is wrong', async (fetch) => {
  void fetch('/echo', { method: 'bad method' })
  await new Promise((resolve) => setTimeout(resolve, 5))
})
for (const [name, self] of Object.entries({ undefined, null: null, object: {}, number: 5 })) {
  play(`this is ${name}`, async (fetch) => (await fetch.bind(self)('/echo')).text(), { modes: ['attached', 'unlisted', 'anonymous'] })
}
play('a caller that changes what it gave', async (fetch) => {
  const data = new FormData()
  data.set('a', '1')
  const array = bytes(1, 2, 3)
  const headers = new Headers({ 'X-A': '1' })
  const init = { method: 'POST', body: array, headers }
  const calls = [fetch('/echo?1', init), fetch('/echo?2', { method: 'POST', body: data, headers: {} }).then((response) => response.text())]
  array[0] = 9
  data.set('a', '2')
  headers.set('X-A', '2')
  init.method = 'PUT'
  await Promise.all(calls)
}, { modes: ['attached', 'unlisted', 'anonymous', 'waiting'], unordered: true })
play('base href', async (fetch, { other }) => {
  const base = document.head.appendChild(document.createElement('base'))
  try {
    base.href = `${other}/below/`
    return await (await fetch('echo')).text()
  } finally {
    base.remove()
  }
})
play('a page that moves on while the call is on its way', async (fetch) => {
  const base = document.head.appendChild(document.createElement('base'))
  base.href = '/before/'
  const answer = fetch('echo')
  base.href = '/after/'
  const { url } = await answer
  base.remove()
  return url
})

Object.assign(globalThis, { table, build, bodies, headerSets, headerForms, inputs, initForms, ready: true })
