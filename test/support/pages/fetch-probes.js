// Each makes one call with the `fetch` it is given. What a program can see of it is compared with the native one.
const hello = { 'Content-Type': 'text/plain' }
const file = () => new File(['file\r\n'], 'a.txt', { type: 'text/plain' })
const form = () => {
  const form = new FormData()
  form.append('text', 'ü')
  form.append('file', file())
  return form
}
const otherRealm = () => document.body.appendChild(document.createElement('iframe')).contentWindow

/** C78: bodies that can be sent twice. */
export const bodies = {
  string: () => 'text ü',
  URLSearchParams: () => new URLSearchParams({ a: '1 ', b: 'ü' }),
  FormData: form,
  Blob: () => new Blob(['blob'], { type: 'x/y' }),
  ArrayBuffer: () => new Uint8Array([0, 255, 13, 10]).buffer,
  Uint16Array: () => new Uint16Array([1, 2, 65535]).subarray(1),
}

/** C71 C72 C73: inputs. */
export const inputs = {
  string: (fetch, url) => fetch(url, { headers: { 'X-Test': 'A b' } }),
  relative: (fetch, url) => fetch(url.replace(/^http:/, ''), { headers: [['X-Test', '1'], ['x-test', '2']] }),
  URL: (fetch, url) => fetch(new URL(url)),
  toString: (fetch, url) => fetch({ toString: () => url }),
  Request: (fetch, url) => fetch(new Request(url, { method: 'PUT', body: 'x', headers: hello })),
  'Request of another realm': (fetch, url) => fetch(new (otherRealm().Request)(url, { method: 'POST', body: 'x' })),
  'Request with everything': (fetch, url) =>
    fetch(new Request(url, {
      method: 'PATCH', body: 'x', headers: { 'X-Test': '1' }, keepalive: true, cache: 'no-cache', credentials: 'include',
      referrer: `${location.href}?r`, referrerPolicy: 'unsafe-url', redirect: 'error', priority: 'low',
    })),
  'init over Request': (fetch, url) => fetch(new Request(url, { method: 'POST', headers: { 'X-Test': 'gone' }, body: 'gone' }), { headers: hello, body: 'here' }),
  'lower case method': (fetch, url) => fetch(url, { method: 'post', body: 'x' }),
  'no referrer': (fetch, url) => fetch(url, { referrerPolicy: 'no-referrer', cache: 'reload', signal: null }),
  'forbidden headers': (fetch, url) => fetch(url, { headers: { Cookie: 'a=b', Host: 'x', 'X-Test': '1' } }),
  'credentials left out': (fetch, url) => fetch(url, { credentials: 'omit', keepalive: true, method: 'POST', body: 'x' }),
}

/** C74 C75: what fails, and how. */
export const failures = {
  'no URL': (fetch) => fetch('http://['),
  'no arguments': (fetch) => fetch(),
  'user in URL': (fetch, url) => fetch(url.replace('//', '//user:word@')),
  'GET with a body': (fetch, url) => fetch(url, { body: 'x' }),
  'bad method': (fetch, url) => fetch(url, { method: 'TRACE' }),
  'bad header': (fetch, url) => fetch(url, { headers: { 'X-Test': 'a\nb' } }),
  'bad header name': (fetch, url) => fetch(url, { headers: { 'a b': '1' } }),
  'used Request': async (fetch, url) => {
    const request = new Request(url, { method: 'POST', body: 'x' })
    await request.text()
    return fetch(request)
  },
  'blocked port': (fetch) => fetch('http://localhost:1/'),
  'cut connection': (fetch, url) => fetch(`${url}/cut`),
  'redirect refused': (fetch, url) => fetch(`${url}/redirect`, { redirect: 'error' }),
  'cross-origin by same-origin mode': (fetch, url) => fetch(url, { mode: 'same-origin' }),
}

const visible = async (response) => {
  const { status, statusText, ok, type, redirected, url, bodyUsed } = response
  let immutable = false
  try {
    response.headers.set('X-Test', '1')
  } catch {
    immutable = true
  }
  return { native: Object.getPrototypeOf(response) === Response.prototype, status, statusText, ok, type, redirected, path: url && new URL(url).pathname, bodyUsed, immutable, text: await response.text() }
}

/** C81 C82: answers. */
export const answers = {
  plain: async (fetch, url) => visible(await fetch(url)),
  redirected: async (fetch, url) => visible(await fetch(`${url}/redirect`)),
  'redirect by hand': async (fetch, url) => visible(await fetch(`${url}/redirect`, { redirect: 'manual' })),
  'no-cors': async (fetch, url) => visible(await fetch(url, { mode: 'no-cors' })),
  'data:': async (fetch) => visible(await fetch('data:text/plain,hello')),
  'blob:': async (fetch) => (await fetch(URL.createObjectURL(new Blob(['hello'])))).text(),
  'first byte before the end': async (fetch, url) => {
    const reader = (await fetch(`${url}/stream`)).body.getReader()
    const { value } = await reader.read()
    await reader.cancel()
    return new TextDecoder().decode(value)
  },
}

const nameOf = (error, reason) => `${error === reason ? 'the reason itself' : `${error?.constructor?.name} ${error?.name}`}`

/** C75 C77: an abort, at every moment. Answers with how it shows. */
export const aborts = {
  'before the call': async (fetch, url) => {
    const reason = { my: 'reason' }
    return fetch(url, { signal: AbortSignal.abort(reason) }).catch((error) => nameOf(error, reason))
  },
  'before the call, in a Request': async (fetch, url) => {
    const reason = { my: 'reason' }
    return fetch(new Request(url, { signal: AbortSignal.abort(reason) })).catch((error) => nameOf(error, reason))
  },
  'before the answer': async (fetch, url) => {
    const reason = new Error('mine')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)
    return fetch(`${url}/never`, { signal: controller.signal }).catch((error) => nameOf(error, reason))
  },
  'in the body': async (fetch, url) => {
    const reason = new Error('mine')
    const controller = new AbortController()
    const reader = (await fetch(`${url}/stream`, { signal: controller.signal })).body.getReader()
    await reader.read()
    controller.abort(reason)
    return reader.read().then(() => 'goes on', (error) => nameOf(error, reason))
  },
  'by a timeout': async (fetch, url) => fetch(`${url}/never`, { signal: AbortSignal.timeout(100) }).catch((error) => nameOf(error)),
}

/** Whether it threw at once, and what it rejected with otherwise. */
export const failing = async (probe, fetch, url) => {
  let promise
  try {
    promise = probe(fetch, url)
  } catch (error) {
    return `throws ${error}`
  }
  return promise.then(() => 'succeeds', (error) => `rejects ${error.constructor.name} ${error.name}`)
}

/** What an underlying fetch is given, as getters show it. */
export const requestMembers = (request) => {
  const names = ['method', 'url', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive', 'destination']
  return Object.fromEntries(names.map((name) => [name, request[name]]))
}
