/** What is blocked may throw when it is looked at. */
export const orNothing = <Value>(look: () => Value): Value | undefined => {
  try {
    return look()
  } catch {
    return undefined
  }
}

export interface Channel {
  post(message: unknown): void
  close(): void
  /** It does without BroadcastChannel. */
  readonly makeshift?: boolean
}

/** In milliseconds. To listen for storage events takes some, which a page that has just opened needs for itself. */
const LATER = 100

/** Where BroadcastChannel is missing or fails: a key whose change wakes the other tabs. The value says when it was written. */
const storageEventChannel = (name: string, onMessage: (data: unknown) => void, delay: number): Channel => {
  const listener = (event: StorageEvent) => {
    if (event.key === name) onMessage(undefined)
  }
  const opened = Date.now()
  const timer = setTimeout(() => {
    addEventListener('storage', listener)
    // Another tab may have written since this one opened, with nobody listening here. The clock may have been set back meanwhile.
    if (Number(orNothing(() => localStorage.getItem(name))) >= Math.min(opened, Date.now() - delay)) onMessage(undefined)
  }, delay)
  return {
    // The fraction makes every value a new one: without a change there is no event.
    post: () => localStorage.setItem(name, `${Date.now() + Math.random()}`),
    close() {
      clearTimeout(timer)
      removeEventListener('storage', listener)
    },
  }
}

/** Between the tabs of this origin. */
export const openTabChannel = (name: string, onMessage: (data: unknown) => void): Channel => {
  let channel = orNothing(() => new BroadcastChannel(name))
  // Another tab may have one that fails, and then writes.
  const substitute = storageEventChannel(name, onMessage, channel ? LATER : 0)
  if (channel) channel.onmessage = ({ data }) => onMessage(data)
  return {
    get makeshift() {
      return !channel
    },
    post(message) {
      try {
        channel!.postMessage(message)
      } catch {
        channel = undefined
        substitute.post(message)
      }
    },
    close() {
      substitute.close()
      orNothing(() => channel?.close())
    },
  }
}
