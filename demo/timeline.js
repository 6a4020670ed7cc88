import { seconds, svg, timeOf } from './dom.js'

const GUTTER = 52
const LANE = 34
const TOP = 6
const AXIS = 22
const KEEP = 5 * 60_000
const NOW_AT = 0.7

/** Swim lanes: one per tab, a bar for every token in the lane of the tab that got it. Time runs to the left. */
export const createTimeline = (root, ownTab, noun = 'Token') => {
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  const moving = svg('g')
  const fixed = svg('g')
  root.append(moving, fixed)

  let tabs = [ownTab]
  let tokens = []
  let marks = []
  let count = 0
  let width = 0
  let scale = 0
  let origin = demoClock.real()

  const x = (at) => (at - origin) * scale
  const nowX = () => GUTTER + (width - GUTTER) * NOW_AT
  const laneY = (tab) => TOP + tabs.indexOf(tab) * LANE

  const drawToken = ({ tab, at, until, ended, number }) => {
    const y = laneY(tab) + 6
    const height = LANE - 12
    const end = Math.min(ended ?? until, until)
    const group = svg('g', { class: `lane-${((tab - 1) % 8) + 1}` })
    const length = Math.max(3, x(end) - x(at))
    group.append(svg('title', {}, `${noun} ${number}, obtained by tab ${tab} at ${timeOf(at)}, ${ended < until ? 'replaced or given up' : 'in use'} for ${seconds(end - at)}`))
    if (until > end) group.append(svg('rect', { class: 'bar-rest', x: x(end), y: y + 0.5, width: Math.max(0, x(until) - x(end) - 0.5), height: height - 1, rx: 3 }))
    group.append(svg('rect', { class: 'bar-life', x: x(at), y, width: length, height, rx: 4 }))
    if (length > 26) group.append(svg('text', { class: 'bar-text', x: x(at) + 8, y: y + height / 2 }, String(number)))
    return group
  }

  const drawMark = ({ kind, tab, at }) => {
    if (kind === 'end') return svg('path', { class: 'ended', d: `M${x(at)} ${TOP}V${TOP + tabs.length * LANE}` })
    return svg('circle', { class: `followed lane-${((tab - 1) % 8) + 1}`, cx: x(at), cy: laneY(tab) + LANE / 2, r: 4 })
  }

  const drawFixed = () => {
    const bottom = TOP + tabs.length * LANE
    const past = (nowX() - GUTTER) / scale
    const step = width < 480 ? 10 : 15
    fixed.replaceChildren(svg('rect', { class: 'veil', x: nowX(), y: 0, width: width - nowX(), height: bottom }))
    for (let s = -Math.floor(past / 1000 / step) * step; GUTTER + (past + s * 1000) * scale < width - 12; s += step) {
      const at = GUTTER + (past + s * 1000) * scale
      fixed.append(
        svg('path', { class: s === 0 ? 'now' : 'tick', d: `M${at} ${TOP}V${bottom + 4}` }),
        svg('text', { class: 'axis', x: at, y: bottom + 17, 'text-anchor': 'middle' }, s === 0 ? 'now' : `${s > 0 ? '+' : '−'}${Math.abs(s)} s`),
      )
    }
    fixed.append(svg('rect', { class: 'gutter', x: 0, y: 0, width: GUTTER, height: bottom }))
    for (const tab of tabs) {
      const y = laneY(tab)
      fixed.append(
        svg('path', { class: 'lane-line', d: `M0 ${y + LANE}H${width}` }),
        svg('text', { class: `lane-name${tab === ownTab ? ' own' : ''}`, x: 0, y: y + LANE / 2 }, `Tab ${tab}`),
      )
    }
  }

  const draw = () => {
    if (!width) return // not laid out yet: the observer below draws
    const now = demoClock.real()
    tokens = tokens.filter(({ until }) => until > now - KEEP)
    marks = marks.filter(({ at }) => at > now - KEEP)
    for (const { tab } of [...tokens, ...marks]) if (tab && !tabs.includes(tab)) tabs = [...tabs, tab].sort((a, b) => a - b)
    origin = now
    const height = TOP + tabs.length * LANE + AXIS
    root.setAttribute('viewBox', `0 0 ${width} ${height}`)
    root.style.setProperty('block-size', `${height}px`)
    moving.replaceChildren(...tokens.map(drawToken), ...marks.map(drawMark))
    drawFixed()
    move()
  }

  const move = () => moving.setAttribute('transform', `translate(${nowX() - x(demoClock.real())} 0)`)

  let last = 0
  const frame = (at) => {
    // Fifteen times a second is smooth at this speed.
    if (at - last > (still.matches ? 1000 : 66)) {
      last = at
      if (demoClock.real() - origin > 20_000) draw()
      else move()
    }
    requestAnimationFrame(frame)
  }

  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width || !contentRect.width) return
    width = Math.round(contentRect.width)
    scale = (width - GUTTER) / (Math.max(30, Math.min(90, width / 9)) * 1000)
    // Drawing changes the height: not while sizes are being observed.
    requestAnimationFrame(draw)
  }).observe(root)
  requestAnimationFrame(frame)

  const describe = (sentence) => root.setAttribute('aria-label', `Timeline of tokens. ${sentence}`)
  const finish = (at, which = () => true) => {
    for (const token of tokens) if (token.ended === undefined && which(token)) token.ended = at
  }

  return {
    /** A tab obtained a token; it replaces that of all tabs, or of its own when each keeps its own. */
    token({ tab, at, until = at + 3_600_000 }, shared) {
      finish(at, (token) => shared || token.tab === tab)
      tokens.push({ tab, at, until, number: ++count })
      describe(`${noun} ${count} was obtained by tab ${tab} at ${timeOf(at)}.`)
      draw()
    },
    follow({ tab, at }) {
      marks.push({ kind: 'follow', tab, at })
      draw()
    },
    end({ at }) {
      finish(at)
      marks.push({ kind: 'end', at })
      describe(`The session ended at ${timeOf(at)}.`)
      draw()
    },
    setTabs(numbers) {
      const shown = new Set([...numbers, ...tokens.filter(({ until }) => until > demoClock.real() - 60_000).map(({ tab }) => tab)])
      const next = [...shown].sort((a, b) => a - b)
      if (next.join() === tabs.join()) return
      tabs = next
      draw()
    },
  }
}
