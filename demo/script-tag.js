// A classic script: `latchkey` is the global that the tag before it made, and fetch is the wrapped one.
(() => {
  const $ = (id) => document.getElementById(id)
  const { session } = window.latchkey ?? {}
  const say = (sentence, bad = false) => {
    $('result').textContent = sentence
    $('result').classList.toggle('bad', bad)
  }
  if (!session) return say('The script tag made no session: the console says why.', true)

  const apiUrl = document.querySelector('meta[name=api-url]').content
  const PASSWORDS = { alice: 'wonderland', bob: 'builder' }
  const { user, password } = $('login').elements

  const run = async (action) => {
    try {
      const sentence = await action()
      if (sentence) say(sentence)
    } catch (problem) {
      say(problem instanceof TypeError ? 'The demo server does not answer: is it still running?' : problem.message, true)
    }
  }
  const answerOf = async (response) => {
    const value = await response.json().catch(() => ({}))
    if (!response.ok) throw new Error(`${response.status}: ${value.error_description ?? 'the server gave no reason.'}`)
    return value
  }
  const draw = () => {
    const { status, unverifiedClaims: claims, expiresAt } = session.getSnapshot()
    $('status').dataset.status = status
    $('who').textContent = { loading: 'Reading', anonymous: 'Signed out', authenticated: claims?.name ?? 'Signed in' }[status]
    const left = Math.ceil((expiresAt - Date.now()) / 1000)
    $('left').textContent = status === 'authenticated' && expiresAt ? (left > 0 ? `token: ${left} s` : 'token expired') : ''
    $('login').hidden = status !== 'anonymous'
    $('signed-in').hidden = status !== 'authenticated'
  }

  user.onchange = () => { password.value = PASSWORDS[user.value] }
  $('login').onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      const body = new URLSearchParams({ user: user.value, password: password.value, client_id: 'demo' })
      await session.setTokens(await answerOf(await fetch('/login', { method: 'POST', body })))
      return 'Logged in.'
    })
  }
  $('call').onclick = () => run(async () => `200: the API says this is ${(await answerOf(await fetch(`${apiUrl}/api/me`))).name}.`)
  $('refresh').onclick = () => run(() => session.refresh().then(() => 'Refreshed.'))
  $('logout').onclick = () => run(async () => {
    const { sid } = session.unverifiedClaims ?? {}
    await session.logout()
    // For the demo's counter of wrong sign-outs: this one was asked for.
    if (sid) await fetch('/_signed-out', { method: 'POST', body: new URLSearchParams({ sid, asked: 'true' }) })
    return 'Logged out, in every tab.'
  })

  for (const type of ['login', 'refresh', 'change', 'logout', 'error']) {
    session.on(type, ({ source, reason, error }) => {
      const item = document.createElement('li')
      item.className = `entry ${type}`
      const time = document.createElement('time')
      time.textContent = new Date().toLocaleTimeString('en-GB')
      const what = document.createElement('div')
      what.textContent = `${type}, ${source === 'local' ? 'by this tab' : 'by another tab'}${reason ? `, with the reason ${reason}` : ''}${error ? `: ${error.message} (${error.code})` : ''}.`
      item.append(time, what)
      $('log').prepend(item)
    })
  }
  session.subscribe(draw)
  setInterval(draw, 1000)
  draw()
})()
