import { postJson } from './dom.js'

/** Those that follow let the one that acted have its say at the server first. */
const LATER = 1000

/**
 * Tells the server of every session that ends here, so that it can say whether that was right. Also of one
 * that was there before a reload, and is not any more.
 */
export const watchSignOuts = (session, { wasAsked, lasts }) => {
  const key = `latchkey-demo.sid${new URLSearchParams(location.search).get('frame') ?? ''}`
  let sid = (lasts && sessionStorage.getItem(key)) || undefined

  const tell = ({ asked = false, reason, delay }) => {
    if (!sid) return
    const value = { sid, asked, reason }
    const send = () => postJson('/_signed-out', value, 'POST', { keepalive: true }).catch(() => setTimeout(send, 2000))
    if (delay) setTimeout(send, delay)
    else send() // at once: the page may be about to go
    sid = undefined
    sessionStorage.removeItem(key)
  }
  const keep = () => {
    if (session.status !== 'authenticated') return
    sid = session.unverifiedClaims?.sid
    if (lasts && sid) sessionStorage.setItem(key, sid)
  }

  session.ready.then(() => {
    if (session.status === 'anonymous') tell({ delay: LATER })
    session.subscribe(keep)
    keep()
  })
  session.on('logout', ({ source, reason }) => tell(source === 'local' ? { asked: wasAsked(), reason } : { reason, delay: LATER }))
}
