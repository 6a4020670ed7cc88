import { $, answerOf, el, plural, postJson, runWith, shownError } from './dom.js'
import { session } from './session.js'

const shorten = (value) => (value.length > 40 ? `${value.slice(0, 24)}… (${value.length} characters)` : value)

const visible = () => new Set(document.cookie.split('; ').map((pair) => pair.split('=')[0]))

/** Sets, reads and deletes cookies by way of the server. */
export const mountCookiesPanel = () => {
  const run = runWith($('cookies-result'))
  const form = $('cookie')

  const inputs = () => {
    const value = Object.fromEntries([...new FormData(form)].filter(([, text]) => text !== ''))
    // A datetime-local has no zone: it is meant as the clock on the wall shows it.
    if (value.expires) value.expires = new Date(value.expires).toISOString()
    return value
  }

  const read = async () => {
    const { cookies } = await answerOf(await fetch('/cookie'))
    const seen = visible()
    $('cookie-rows').replaceChildren(...cookies.map(({ name, value }) => el('tr', {},
      el('th', { scope: 'row', textContent: name }), el('td', { textContent: shorten(value) }), el('td', { textContent: seen.has(name) ? 'yes' : 'no' }))))
    if (!cookies.length) $('cookie-rows').append(el('tr', {}, el('td', { colSpan: 3, textContent: 'None.' })))
    return cookies
  }

  form.onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      const { set, setCookie } = await postJson('/cookie', inputs())
      const kept = (await read()).some(({ name }) => name === set)
      const shown = setCookie.replace(/=[^;]{40,}/, '=…')
      return `Set-Cookie: ${shown}${kept ? '' : '. It does not come back to /cookie: its path, domain or the browser keeps it away'}.`
    }, event.submitter)
  }
  $('cookie-delete').onclick = ({ target }) => run(async () => {
    const { deleted } = await postJson('/cookie', inputs(), 'DELETE')
    const left = (await read()).filter(({ name }) => name === deleted).length
    return left ? `${deleted} is still there: name, path, domain and partition must be those it was set with.` : `${deleted} is deleted.`
  }, target)
  $('cookie-token').onclick = ({ target }) => run(async () => {
    const token = await session.getAccessToken()
    if (!token) throw shownError('Log in first: there is no token.')
    form.elements.value.value = token
    form.elements.httpOnly.checked = true
    return 'The access token is in the field, and HttpOnly is ticked. Set it to have a session that no script can read.'
  }, target)
  $('cookie-read').onclick = ({ target }) => run(async () => `The server received ${plural((await read()).length, 'cookie')}.`, target)
  $('cookie-verify').onclick = ({ target }) => run(async () => {
    const name = form.elements.name.value
    const { claims } = await answerOf(await fetch(`/verify?cookie=${encodeURIComponent(name)}`))
    return `The server verified the token in the cookie ${name}: it belongs to ${claims.name}.`
  }, target)
  read().catch(() => {})
}
