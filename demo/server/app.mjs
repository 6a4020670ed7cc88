import { Hono } from 'hono'
import { mountApi } from './api.mjs'
import { mountBackend } from './backend.mjs'
import { mountControl } from './control.mjs'
import { mountCookies } from './cookies.mjs'
import { whileDown } from './faults.mjs'
import { mountOAuth } from './oauth.mjs'
import { mountPages } from './pages.mjs'
import { answerRefusals, Refusal } from './refusal.mjs'
import { logRequests } from './state.mjs'

/** Keeps other sites out: by name (DNS rebinding) and by form (cross-site POST). */
const onlyOwn = (state) => async (c, next) => {
  const { hostname, host } = new URL(c.req.url)
  if (!['localhost', '127.0.0.1'].includes(hostname)) {
    throw new Refusal(421, 'misdirected_request', 'This server answers to localhost and 127.0.0.1 only.')
  }
  const origin = c.req.header('Origin')
  if (origin && origin !== `http://${host}` && !['GET', 'HEAD'].includes(c.req.method)) {
    throw new Refusal(403, 'wrong_origin', `Only pages of ${state.url} may send this.`)
  }
  await next()
}

/** The origin of the page: login, tokens, cookies, and the page itself. */
export const createPageApp = (parts) => {
  const app = new Hono()
  answerRefusals(app, parts)
  app.use(logRequests(parts.state, () => parts.state.url), onlyOwn(parts.state))
  // The page itself stays up, or nobody could see what becomes of it.
  for (const path of ['/login', '/oauth/*', '/backend/*', '/verify', '/cookie/*']) app.use(path, whileDown(parts.state.faults))
  mountOAuth(app, parts)
  mountCookies(app, parts)
  mountControl(app, { ...parts, backend: mountBackend(app, parts) })
  mountPages(app, parts)
  return app
}

/** The other origin. */
export const createApiApp = (parts) => {
  const app = new Hono()
  answerRefusals(app, parts)
  app.use(logRequests(parts.state, () => parts.state.apiUrl))
  app.use(whileDown(parts.state.faults))
  mountApi(app, parts)
  return app
}
