import { $, answerOf, postJson } from './dom.js'

const PACE = 1000
const listeners = new Set()

const publish = (state) => {
  for (const listener of listeners) listener(state)
  $('trouble').hidden = true
  return state
}

/** Calls the listener with what the server counted, about every second. */
export const onServerState = (listener) => listeners.add(listener)

export const readServerState = async () => publish(await answerOf(await fetch('/_state')))

/** What a refresh costs the server, whichever way the session is held. */
export const refreshRequests = ({ tokenRequests, sessionRefreshes }) => tokenRequests + sessionRefreshes

/** Turns one of the server's knobs. */
export const turn = async (path, value) => publish(await postJson(path, value))

export const startPolling = async () => {
  try {
    if (!document.hidden) await readServerState()
  } catch {
    $('trouble').textContent = 'The demo server does not answer: is it still running?'
    $('trouble').hidden = false
  }
  setTimeout(startPolling, PACE)
}
