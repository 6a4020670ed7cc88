import { $, answerOf, el, plural, runWith } from './dom.js'
import { callsUrl, session, tokenless } from './session.js'

const MEGABYTE = 1024 * 1024

const randomBytes = (length) => {
  const bytes = new Uint8Array(length)
  // The most that one call fills.
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

const hexOf = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const callMany = async (count) => {
  const squares = Array.from({ length: count }, () => el('span'))
  $('squares').replaceChildren(...squares)
  const before = performance.now()
  const statuses = await Promise.all(squares.map(async (square) => {
    const status = await session.fetch(`${callsUrl}/me`).then((response) => response.status, (problem) => problem.code ?? 'no answer')
    square.className = status === 200 ? 'good' : 'failed'
    return status
  }))
  const took = Math.round(performance.now() - before)
  const counts = Map.groupBy ? [...Map.groupBy(statuses, (status) => status)].map(([status, { length }]) => `${length} × ${status}`) : statuses
  return `${plural(count, 'call')} in ${took} ms: ${counts.join(', ')}.`
}

/** Calls to the other origin, all through session.fetch. */
export const mountCallsPanel = () => {
  const run = runWith($('calls-result'))
  const clear = () => $('squares').replaceChildren()
  if (tokenless) {
    $('calls-title').textContent = 'Calls to the backend'
    $('calls-hint').textContent = 'The backend is on the origin of this page. The browser adds the cookie of the session, and latchkey the headers that keep other sites from using it.'
    for (const id of ['call-slow', 'call-401', 'upload']) $(id).hidden = true
  }

  $('call-one').onclick = ({ target }) => run(async () => {
    clear()
    const { name } = await answerOf(await session.fetch(`${callsUrl}/me`))
    return `200: the ${tokenless ? 'backend' : 'API'} says this is ${name}.`
  }, target)
  $('call-twenty').onclick = ({ target }) => run(() => callMany(20), target)
  $('call-slow').onclick = ({ target }) => run(async () => {
    clear()
    const { waited } = await answerOf(await session.fetch(`${callsUrl}/slow?ms=3000`))
    return `200: the API took its ${waited / 1000} seconds.`
  }, target)
  $('call-401').onclick = ({ target }) => run(async () => {
    clear()
    const { status } = await session.fetch(`${callsUrl}/always401`)
    return `${status}, handed on as it came. It cost one refresh at most, and the session goes on.`
  }, target)

  $('upload').onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      clear()
      const [file] = event.target.elements.file.files
      const body = file ?? randomBytes(MEGABYTE)
      const { bytes, sha256 } = await answerOf(await session.fetch(`${callsUrl}/upload`, { method: 'POST', body }))
      const own = hexOf(await crypto.subtle.digest('SHA-256', file ? await file.arrayBuffer() : body))
      return `${bytes.toLocaleString('en')} bytes arrived, ${own === sha256 ? 'unchanged by SHA-256' : 'but not the ones that were sent'}.`
    }, event.submitter)
  }
}
