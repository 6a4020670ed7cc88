import { $ } from './dom.js'

const ACTIVITY = ['pointermove', 'pointerdown', 'keydown']

/** Asks before the idle time is over. Whoever answers, or only moves, is there. */
export const mountIdleDialog = (session, logOut) => {
  const dialog = $('idle')
  let warning
  let timer

  const stop = () => {
    clearInterval(timer)
    dialog.close()
  }
  const tick = () => {
    const left = Math.ceil((warning.endsAt - Date.now()) / 1000)
    if (left < 0) return stop() // somebody was active in another tab
    $('idle-text').textContent = `Nobody has touched any tab for a while. Unless somebody does, every tab is signed out in ${left} s.`
  }
  const seen = () => {
    if (!dialog.open) return
    clearInterval(timer)
    const { offsetHeight } = $('idle-text')
    // What one is about to press stays where it is.
    $('idle-text').style.setProperty('min-block-size', `${offsetHeight}px`)
    $('idle-text').textContent = 'There you are. The session goes on.'
  }

  session.on('warning', (event) => {
    warning = event
    clearInterval(timer)
    timer = setInterval(tick, 500)
    tick()
    if (!dialog.open) dialog.showModal()
  })
  session.subscribe(() => {
    if (session.status !== 'authenticated') stop()
  })
  for (const type of ACTIVITY) addEventListener(type, seen, { capture: true, passive: true })
  $('idle-stay').onclick = () => {
    warning.preventDefault()
    stop()
  }
  $('idle-leave').onclick = () => logOut()
}
