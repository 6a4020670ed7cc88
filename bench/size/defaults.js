import { createSession } from 'latchkey'

export const session = createSession({
  refresh: ({ refreshToken }, { fetch, signal }) => fetch('/refresh', { method: 'POST', body: refreshToken, signal }),
})
