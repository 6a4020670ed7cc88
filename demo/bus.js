/** What the documents of the demo tell each other: tab numbers and times, never a token. */

const LOCK = 'latchkey-demo.tab.'

/** The lowest number no other tab has. Held by a lock, so that it is free again when the tab is gone, however it went. */
const takeNumber = async () => {
  for (let number = 1; ; number++) {
    const got = await new Promise((resolve) => {
      navigator.locks.request(`${LOCK}${number}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null)
        return lock && new Promise(() => {})
      })
    })
    if (got) return number
  }
}

export const listTabs = async () => {
  const { held } = await navigator.locks.query()
  return held.filter(({ name }) => name.startsWith(LOCK)).map(({ name }) => Number(name.slice(LOCK.length))).sort((a, b) => a - b)
}

export const tab = await takeNumber()

const channel = new BroadcastChannel('latchkey-demo')
const listeners = new Set()
channel.onmessage = ({ data }) => {
  for (const listener of listeners) listener(data)
}

export const onMessage = (listener) => listeners.add(listener)

/** To all documents, this one included. */
export const tell = (message) => {
  const whole = { tab, at: demoClock.real(), ...message }
  channel.postMessage(whole)
  for (const listener of listeners) listener(whole)
}

/** Tells what happens to a session in this document. */
export const report = (session) => {
  const until = () => {
    const { expiresAt } = session.getSnapshot()
    return expiresAt && expiresAt - demoClock.offset
  }
  for (const type of ['login', 'refresh', 'change', 'logout', 'error']) {
    session.on(type, ({ source, reason, error }) => {
      tell({ type, source, until: until(), reason, code: error?.code, sentence: error?.message })
    })
  }
  session.ready.then(() => {
    tell({ type: 'hello', until: session.status === 'authenticated' ? until() : undefined })
  })
}
