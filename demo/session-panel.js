import { $, answerOf, el, runWith, say, shownError } from './dom.js'
import { chooseStorage, logIn, logOut, session, storageChoice } from './session.js'
import { reasonOf } from './status.js'

const PASSWORDS = { alice: 'wonderland', bob: 'builder' }
const HINTS = {
  indexeddb: 'Shared by all tabs, and kept when the browser is closed. The default.',
  cookie: 'Shared by all tabs, and sent to this page’s server with every request.',
  memory: 'Every document has its own tokens and signs in for itself; a reload forgets them. A logout still reaches all.',
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
    return `The token was refreshed in ${Math.round(performance.now() - before)} ms.`
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
    radio.checked = radio.value === storageChoice
    radio.onchange = () => run(async () => {
      await logOut()
      chooseStorage(radio.value)
      tell({ type: 'storage' })
    })
  }
  $('storage-hint').textContent = `${HINTS[storageChoice]} Another choice logs out and reloads all tabs.`
  $('script-tag-link').href = `/script-tag.html?storage=${storageChoice}`

  let shown
  return ({ status, unverifiedClaims: claims, reason }) => {
    const signedIn = status === 'authenticated'
    const focusLost = document.activeElement?.closest(signedIn ? '#login' : '#signed-in')
    form.hidden = status !== 'anonymous'
    $('signed-in').hidden = !signedIn
    if (focusLost) (signedIn ? $('refresh') : user).focus()
    if (signedIn && claims) {
      const facts = { User: `${claims.name} (${claims.sub})`, Issuer: claims.iss, Audience: claims.aud, 'Token id': claims.jti }
      $('claims').replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [el('dt', { textContent: name }), el('dd', { textContent: value ?? 'none' })]))
    }
    if (shown === 'authenticated' && status === 'anonymous') {
      say(output, reason === 'logout' ? 'Signed out.' : `Signed out: ${reasonOf(reason)} (${reason}).`, reason !== 'logout')
    }
    shown = status
  }
}
