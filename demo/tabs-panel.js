import { $, el, plural } from './dom.js'

const MOST = 8

/** Frames that are documents of their own, side by side. */
export const mountTabsPanel = ({ onMessage }) => {
  const frames = new Map()
  let count = 0

  const say = () => {
    $('tabs-result').textContent = frames.size ? `${plural(frames.size, 'frame')} and this page share one session.` : ''
    $('add-tab').disabled = frames.size >= MOST
    $('five-tabs').disabled = frames.size >= 4
  }

  const add = () => {
    const id = String(++count)
    const frame = el('iframe', { title: 'A tab that is loading', src: `/tab.html?frame=${id}` })
    const close = el('button', { className: 'quiet', textContent: 'Close' })
    const reload = el('button', { className: 'quiet', textContent: 'Reload' })
    const box = el('div', { className: 'frame' }, frame, el('div', { className: 'row' }, reload, close))
    reload.onclick = () => frame.contentWindow.location.reload()
    close.onclick = () => {
      box.remove()
      frames.delete(id)
      say()
      $('add-tab').focus()
    }
    frames.set(id, { frame, close, reload })
    $('frames').append(box)
    say()
    return new Promise((resolve) => frames.get(id).opened = resolve)
  }

  onMessage(({ type, tab, frame: id }) => {
    const one = type === 'frame' && frames.get(id)
    if (!one) return
    one.opened()
    one.frame.title = `Tab ${tab}`
    one.close.setAttribute('aria-label', `Close tab ${tab}`)
    one.reload.setAttribute('aria-label', `Reload tab ${tab}`)
  })
  $('add-tab').onclick = add
  $('five-tabs').onclick = async () => {
    // One after the other, so that they are numbered in order.
    while (frames.size < 4) await add()
  }
}
