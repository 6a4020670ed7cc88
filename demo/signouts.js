import { postJson } from './dom.js'

/**
 * Tells the server of every session that ends here, so that it can say whether that was right. Also of one
 * that was there before a reload, and is not any more.
 */
export const watchSignOuts = (session, { wasAsked, lasts }) => {
  const key = `latchkey-demo.sid${new URLSearchParams(location.search).get('frame') ?? ''}`
  let sid = (lasts && sessionStorage.getItem(key)) || undefined

  const tell = (asked, delay = 0) => {
    if (!sid) return
    const value = { sid, asked }
    const send = () => postJson('/_signed-out', value, 'POST', { keepalive: true }).catch(() => setTimeout(send, 2000))
    setTimeout(send, delay)
    sid = undefined
    sessionStorage.removeItem(key)
  }
  const keep = () => {
    if (session.status !== 'authenticated') return
    sid = session.unverifiedClaims?.sid
    if (lasts && sid) sessionStorage.setItem(key, sid)
  }

  session.ready.then(() => {
    if (session.status === 'anonymous') tell(false)
    session.subscribe(keep)
    keep()
  })
  // Those that follow let the one that acted have its say at the server first.
  session.on('logout', ({ source }) => (source === 'local' ? tell(wasAsked()) : tell(false, 1000)))
}
