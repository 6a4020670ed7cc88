// Does what the page around it asks for, which is of another site and can do nothing else here.
const tasks = {
  resume: async (storage) => {
    await begin({ storage }).ready
    return session.status
  },
  signIn: async () => {
    await session.setTokens(await login())
    return session.status
  },
  refresh: () => session.refresh(),
  call: () => call(),
  logout: async () => {
    await session.logout()
    return session.status
  },
}

addEventListener('message', async ({ data: { id, task, args }, source }) => {
  const answer = await tasks[task](...args).then((value) => ({ value }), (error) => ({ error: error.code ?? String(error) }))
  source.postMessage({ id, ...answer }, '*')
})
