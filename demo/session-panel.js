import { $, answerOf, el, runWith, say, shownError } from './dom.js'
import { callsUrl, choose, isOn, LIMITS, logIn, logOut, session, tokenless, way } from './session.js'
import { reasonOf } from './status.js'

const PASSWORDS = { alice: 'wonderland', bob: 'builder' }
const HINTS = {
  indexeddb: 'Shared by all tabs, and kept when the browser is closed. The default.',
  cookie: 'Shared by all tabs, and sent to this page’s server with every request.',
  encrypted: 'IndexedDB again, sealed with a key that no script can export. Against copies of the profile, not against script in the page.',
  memory: 'Every document has its own tokens and signs in for itself; a reload forgets them. A logout still reaches all.',
  mixed: 'The access token is in memory, the refresh token in a cookie that no script can read: a reload gets a new one, without a login.',
  backend: 'No token in the page: the server keeps the session, and a cookie that no script can read stands for it.',
}

/** Login, logout and the choice of storage. */
export const mountSessionPanel = ({ tell }) => {
  const output = $('session-result')
  const run = runWith(output)
  const form = $('login')
  const { user, password } = form.elements

  user.onchange = () => { password.value = PASSWORDS[user.value] }
  form.onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      if (!password.value) throw shownError('Enter a password.')
      await logIn(user.value, password.value)
      return 'Logged in.'
    }, event.submitter)
  }
  $('refresh').onclick = ({ target }) => run(async () => {
    const before = performance.now()
    await session.refresh()
    return `The ${tokenless ? 'session was renewed' : 'token was refreshed'} in ${Math.round(performance.now() - before)} ms.`
  }, target)
  $('verify').onclick = ({ target }) => run(async () => {
    const { claims } = await answerOf(await session.fetch('/verify'))
    return `The server verified the token: it belongs to ${claims.name}, until ${new Date(claims.exp * 1000).toLocaleTimeString('en-GB')}.`
  }, target)
  $('logout').onclick = ({ target }) => run(async () => {
    await logOut()
    return 'Logged out, in every tab.'
  }, target)

  for (const radio of $('storage').querySelectorAll('input')) {
    radio.checked = radio.value === way
    radio.onchange = () => run(async () => {
      await logOut()
      choose('storage', radio.value)
      tell({ type: 'storage' })
    })
  }
  $('storage-hint').textContent = `${HINTS[way]} Another choice logs out and reloads all tabs.`
  $('script-tag-link').href = `/script-tag.html?storage=${way}`

  $('limits-label').append(` Sign out ${LIMITS.idleTimeout / 1000} s after the last touch, and ${LIMITS.absoluteLifetime / 60_000} minutes after the login`)
  for (const name of ['limits', 'abort']) {
    $(name).checked = isOn(name)
    $(name).onchange = ({ target }) => {
      choose(name, target.checked)
      tell({ type: 'storage' })
    }
  }

  const showFacts = (facts) =>
    $('claims').replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [el('dt', { textContent: name }), el('dd', { textContent: value ?? 'none' })]))
  if (tokenless) {
    $('claims-hint').textContent = 'There is no token in this page to decode; the backend says who this is.'
    $('verify').hidden = true
  }

  let shown
  return ({ status, unverifiedClaims: claims, reason }) => {
    const signedIn = status === 'authenticated'
    const focusLost = document.activeElement?.closest(signedIn ? '#login' : '#signed-in')
    form.hidden = status !== 'anonymous'
    $('signed-in').hidden = !signedIn
    if (focusLost) (signedIn ? $('refresh') : user).focus()
    if (signedIn && claims) {
      showFacts({ User: `${claims.name} (${claims.sub})`, Issuer: claims.iss, Audience: claims.aud, 'Token id': claims.jti })
    }
    if (signedIn && tokenless) {
      session.fetch(`${callsUrl}/me`).then(answerOf).then(({ name, user }) => showFacts({ User: `${name} (${user})`, Token: 'none in this page', Cookie: 'session, HttpOnly' }), () => {})
    }
    if (shown === 'authenticated' && status === 'anonymous') {
      say(output, reason === 'logout' ? 'Signed out.' : `Signed out: ${reasonOf(reason)} (${reason}).`, reason !== 'logout')
    }
    shown = status
  }
}
