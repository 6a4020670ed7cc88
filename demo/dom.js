export const $ = (id) => document.getElementById(id)

/** An element with attributes, properties and children; text is always text. */
export const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (name in node) node[name] = value
    else node.setAttribute(name, value)
  }
  node.append(...children.filter((child) => child))
  return node
}

export const svg = (tag, attributes = {}, text) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  if (text !== undefined) node.textContent = text
  return node
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const timeOf = (at) => clock.format(at)

export const seconds = (ms) => `${ms < 9950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)}\u00a0s`

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** An error whose message is meant for the person at the screen. */
export const shownError = (sentence, details) => Object.assign(new Error(sentence), { shown: true }, details)

/** Shows the outcome of an action as a sentence, good or bad, and keeps its button from being pressed twice. */
export const runWith = (output) => async (action, button) => {
  if (button?.ariaBusy === 'true') return
  if (button) button.setAttribute('aria-busy', 'true')
  try {
    const sentence = await action()
    if (sentence !== undefined) say(output, sentence, false)
  } catch (problem) {
    say(output, sentenceOf(problem), true)
  } finally {
    button?.removeAttribute('aria-busy')
  }
}

export const say = (output, sentence, bad) => {
  output.textContent = sentence
  output.classList.toggle('bad', bad)
}

/** latchkey's errors and the server's sentences are fit to be shown; what the browser throws is not. */
export const sentenceOf = (problem) => {
  if (problem?.name === 'RefreshError' || problem?.name === 'SessionError') return `${problem.message.replace(/\.?$/, '')} (${problem.code}).`
  if (problem?.shown) return problem.message
  if (problem instanceof TypeError) return 'The demo server does not answer: is it still running?'
  return `That did not work: ${problem?.message ?? problem}`
}

/** The JSON of an answer, or its sentence as an error. */
export const answerOf = async (response) => {
  const value = await response.json().catch(() => ({}))
  if (response.ok) return value
  throw shownError(`${response.status}: ${value.error_description ?? 'the server gave no reason.'}`, { status: response.status })
}

export const postJson = (url, value = {}, method = 'POST', options = {}) =>
  fetch(url, { ...options, method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }).then(answerOf)
