// Runs by itself where no driver can: signs in or resumes, and tells the server over and over how the session is.
const report = async (entry) => (await fetch(`/report?${new URLSearchParams(entry)}`)).text()

begin()
await session.ready
if (!location.hash) {
  location.hash = 'signed-in'
  await session.setTokens(await login())
}
for (let number = 0; ; number++) {
  const [call1] = await call()
  const stored = await indexedDB.databases().then((list) => list.length, (error) => error.name)
  const order = await report({ load: performance.timeOrigin, number, status: session.status, call: call1, stored, logouts: events.filter(({ type }) => type === 'logout').length }).catch(() => '')
  if (order === 'reload') location.reload()
  if (order === 'wake') dispatchEvent(new Event('focus'))
  await new Promise((resolve) => setTimeout(resolve, 200))
}
