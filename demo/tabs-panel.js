import { $, el, plural } from './dom.js'
import { shared } from './session.js'

const MOST = 8

/** Frames that are documents of their own, side by side. */
export const mountTabsPanel = ({ onMessage }) => {
  /** id → { frame, tab, opened, … } in the order they were added */
  const frames = new Map()
  let count = 0

  const say = () => {
    const words = shared ? 'share one session' : 'each keep an access token of their own'
    $('tabs-result').textContent = frames.size ? `${plural(frames.size, 'frame')} and this page ${words}.` : ''
    $('add-tab').disabled = frames.size >= MOST
    $('five-tabs').disabled = frames.size >= 4
  }

  const add = () => {
    const id = String(++count)
    const frame = el('iframe', { title: 'A tab that is loading', src: `/tab.html?frame=${id}` })
    const reload = el('button', { className: 'quiet', textContent: 'Reload' })
    const close = el('button', { className: 'quiet', textContent: 'Close' })
    const box = el('div', { className: 'frame' }, frame, el('div', { className: 'row' }, reload, close))
    const remove = () => {
      box.remove()
      frames.delete(id)
      say()
    }
    reload.onclick = () => frame.contentWindow.location.reload()
    close.onclick = () => {
      remove()
      $('add-tab').focus()
    }
    const opened = new Promise((resolve) => {
      frames.set(id, {
        close: remove,
        press: (button) => frame.contentDocument.getElementById(button).click(),
        suspend: (ms) => frame.contentWindow.suspend(ms),
        goesOn: () => frame.contentWindow.goesOn(),
        open(tab) {
          this.tab = tab
          frame.title = `Tab ${tab}`
          close.setAttribute('aria-label', `Close tab ${tab}`)
          reload.setAttribute('aria-label', `Reload tab ${tab}`)
          resolve()
        },
      })
    })
    $('frames').append(box)
    say()
    return opened
  }

  onMessage(({ type, tab, frame }) => {
    if (type === 'frame') frames.get(frame)?.open(tab)
  })
  $('add-tab').onclick = add
  $('five-tabs').onclick = async () => {
    // One after the other, so that they are numbered in order.
    while (frames.size < 4) await add()
  }
  return {
    /** The newest frame; one is added when there is none. */
    async last() {
      if (!frames.size) await add()
      return [...frames.values()].at(-1)
    },
  }
}
