import { $, seconds } from './dom.js'
import { tokenless } from './session.js'

const noun = tokenless ? 'session' : 'token'

/** Who is signed in and for how long, kept up to date. */
export const showStatus = (session, { onChange = () => {} } = {}) => {
  const meter = $('meter')
  let from = 0

  const tick = () => {
    const { status, expiresAt } = session.getSnapshot()
    const left = expiresAt - Date.now()
    $('left').textContent = status !== 'authenticated' || expiresAt === undefined ? '' : left > 0 ? `${noun}: ${Math.ceil(left / 1000)} s` : `${noun} expired`
    meter?.style.setProperty('inline-size', status === 'authenticated' ? `${Math.max(0, Math.min(100, (100 * left) / (expiresAt - from)))}%` : '0')
  }
  const draw = () => {
    const snapshot = session.getSnapshot()
    from = Date.now()
    $('status').dataset.status = snapshot.status
    const { name, sub } = snapshot.unverifiedClaims ?? {}
    $('who').textContent = { loading: 'Reading', anonymous: 'Signed out', authenticated: name ?? sub ?? 'Signed in' }[snapshot.status]
    tick()
    onChange(snapshot)
  }
  session.subscribe(draw)
  draw()
  setInterval(tick, 500)
}

const reasons = {
  logout: 'somebody logged out',
  rejected: 'the server refused the refresh token',
  rotation_lost: 'the answer to a refresh was lost, and the server did not give it again',
  expired: 'the token ran out, and there was nothing to refresh it with',
  idle: 'nobody had touched it for too long',
  lifetime: 'it had lasted as long as it may',
  unreadable: 'the key to the stored tokens was gone',
}
export const reasonOf = (reason) => reasons[reason] ?? reason

/** A sentence for what a tab told. */
export const sentenceFor = ({ type, tab, at, until, reason, code, sentence }, own) => {
  const who = own ? `Tab ${tab}, this one,` : `Tab ${tab}`
  const life = until ? ` Good for ${seconds(until - at)}.` : ''
  switch (type) {
    case 'login': return `${who} logged in.${life}`
    case 'refresh': return `${who} ${tokenless ? 'renewed the session' : 'refreshed the token'}.${life}`
    case 'change': return `${who} logged in anew, in place of the session before.${life}`
    case 'logout': return reason === 'logout' ? `${who} logged out.` : `${who} saw the session end: ${reasonOf(reason)}.`
    case 'error': return `${who} had a failure in the background. ${sentence} (${code}).`
    case 'hello': return until ? `${who} opened and found the session.` : `${who} opened.`
  }
}
