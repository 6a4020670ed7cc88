// What the measurements call in a page.
const status = async (run) => {
  try {
    return (await run()).status
  } catch (error) {
    return error?.response?.status ?? error?.code ?? error?.name ?? String(error)
  }
}

const now = () => performance.timeOrigin + performance.now()

const open = async (answer) => {
  globalThis.client = await globalThis.rival.open(answer)
}

/** So many calls at once: their statuses, and when the last one settled. */
const call = async (times = 1, url = '/api/me') => {
  const statuses = await Promise.all(Array.from({ length: times }, () => status(() => globalThis.client.fetch(url))))
  return { statuses, end: now() }
}

const startAt = async (at, answer, times) => {
  await new Promise((resolve) => setTimeout(resolve, at - Date.now()))
  await open(answer).catch(() => {})
  return call(times)
}

Object.assign(globalThis, { open, call, startAt, now, loaded: true })
