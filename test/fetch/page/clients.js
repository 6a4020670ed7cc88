// Clients of a session, behind one interface: a call resolves with status and text, or rejects with what went wrong.

const { axiosConfig } = await import('/latchkey/axios.js')
const { authorizeXHR } = await import('/latchkey/xhr.js')

const overFetch = (fetch) => async (url, init) => {
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text() }
}

globalThis.clients = {
  'session.fetch': (session) => overFetch(session.fetch),
  'wrapFetch around another fetch': (session) => overFetch(session.wrapFetch((...args) => fetch(...args))),
  'session.fetch, given a Request': (session) => (url, init) => overFetch(session.fetch)(new Request(url, init)),
  'the global fetch after installFetch': (session) => {
    const former = globalThis.fetch
    const undo = latchkey.installFetch(session)
    const installed = globalThis.fetch
    undo()
    if (globalThis.fetch !== former) throw new Error('not undone')
    // Only while a call begins, so that the page's own calls stay out of it.
    return overFetch((...args) => {
      const undo = latchkey.installFetch(session)
      try {
        return globalThis.fetch(...args)
      } finally {
        undo()
      }
    })
  },
  axios: (session) => {
    const client = axios.create({ ...axiosConfig(session), transformRequest: [], validateStatus: null, responseType: 'text' })
    return async (url, { method = 'GET', headers = {}, body, signal } = {}) => {
      const { status, data } = await client.request({ url, method, headers, data: body, signal })
      return { status, text: data }
    }
  },
  XMLHttpRequest: (session) => {
    const XHR = authorizeXHR(session, XMLHttpRequest)
    return (url, { method = 'GET', headers = {}, body, signal } = {}) =>
      new Promise((resolve, reject) => {
        const xhr = new XHR()
        xhr.open(method, url)
        for (const [name, value] of new Headers(headers)) xhr.setRequestHeader(name, value)
        xhr.onload = () => resolve({ status: xhr.status, text: xhr.responseText })
        xhr.onerror = () => reject(new TypeError('error'))
        xhr.onabort = () => reject(new DOMException('aborted', 'AbortError'))
        signal?.addEventListener('abort', () => xhr.abort())
        xhr.send(body)
      })
  },
}

globalThis.authorizeXHR = authorizeXHR
