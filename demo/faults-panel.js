import { $, el, runWith, say, shownError } from './dom.js'
import { FAULTS } from './faults.js'
import { session } from './session.js'
import { onServerState, readServerState, refreshRequests, turn } from './server-state.js'

const SCORES = { tokenRequests: 'token requests', spentTwice: 'refresh tokens spent twice', wronglySignedOut: 'wrongly signed out' }
const counted = ({ counters }) => ({ ...counters, tokenRequests: refreshRequests(counters) })
const MUST_BE_ZERO = ['spentTwice', 'wronglySignedOut']

const mountScore = () => {
  const values = Object.entries(SCORES).map(([name, label]) => {
    const value = el('dd', { id: `score-${name}`, textContent: '0' })
    $('score').append(el('div', {}, el('dt', { textContent: label }), value))
    return [name, value]
  })
  onServerState((state) => {
    const counters = counted(state)
    for (const [name, value] of values) {
      value.textContent = counters[name]
      if (MUST_BE_ZERO.includes(name)) value.className = counters[name] ? 'broken' : 'kept'
    }
  })
}

/** The knobs that stay as they are set. */
const mountKnobs = (run) => {
  let slow = false
  const input = $('lifetime').elements.lifetime

  onServerState(({ faults, lifetime }) => {
    slow = faults.delayToken > 0
    $('fault-slow').setAttribute('aria-pressed', slow)
    if (document.activeElement !== input) input.value = faults.lifetime ?? lifetime
  })
  $('fault-slow').onclick = ({ target }) => run(async () => {
    await turn('/_faults', { delayToken: slow ? 0 : 2000 })
    return slow ? 'Every refresh is answered 2 s late.' : 'Refreshes are answered at once.'
  }, target)
  $('reset').onclick = ({ target }) => run(async () => {
    demoClock.set(0)
    await turn('/_reset', {})
    return 'Counters are at zero, faults are off, the clock is right.'
  }, target)
  $('lifetime').onsubmit = (event) => {
    event.preventDefault()
    run(async () => {
      const text = input.value.trim().replace(',', '.')
      if (!text || !(Number(text) >= 1 && Number(text) <= 86_400)) throw shownError('The lifetime must be a number of seconds from 1 to 86400.')
      await turn('/_faults', { lifetime: Number(text) })
      return `Access tokens issued from now on last ${text} s.`
    }, event.submitter)
  }
}

/** Buttons that break things, and the counters that show what comes of it. */
export const mountFaultsPanel = ({ tabs, log }) => {
  const run = runWith($('faults-result'))
  let running = false

  const press = ({ label, run: breakIt }) => async () => {
    if (running) throw shownError('One at a time: the fault before is still at work.')
    if (session.status !== 'authenticated') throw shownError('Log in first: there is no session to break.')
    running = true
    try {
      log.say('control', `${label}.`)
      say($('faults-result'), `${label}: under way …`, false)
      const before = counted(await readServerState())
      const sentence = await breakIt(tabs)
      const after = counted(await readServerState())
      const since = (name) => after[name] - before[name]
      return `${sentence} Token requests: ${since('tokenRequests')}. Spent twice: ${since('spentTwice')}. Wrongly signed out: ${since('wronglySignedOut')}.`
    } finally {
      running = false
    }
  }

  for (const fault of FAULTS) {
    const { id, label, about, guards, danger, pressed } = fault
    const button = el('button', { id: `fault-${id}`, type: 'button', className: danger ? 'danger' : '', textContent: label, 'aria-describedby': `about-${id}` })
    const showPressed = () => pressed && button.setAttribute('aria-pressed', pressed())
    button.onclick = () => run(press(fault), button)
    onServerState(showPressed)
    showPressed()
    $('faults').append(el('li', {}, button, el('p', { id: `about-${id}`, className: 'hint' }, about, ' ', el('span', { className: 'guards', textContent: guards }))))
  }
  mountScore()
  mountKnobs(run)
}
