import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'

/** What a request got wrong, in one sentence. Thrown anywhere, answered in one place. */
export class Refusal extends Error {
  constructor(status, error, description, headers = {}) {
    super(description)
    Object.assign(this, { status, error, headers })
  }
}

/** RFC 6750 §3: without an error code when no token came at all. */
export const unauthorized = (description, error = 'invalid_token') =>
  new Refusal(401, error, description, {
    'WWW-Authenticate': error === 'missing_token' ? 'Bearer' : `Bearer error="${error}", error_description="${description}"`,
  })

/** Cuts the connection where a proxy or a dying server would: the client never gets an answer. */
export const hangUp = (c) => {
  c.env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}

/** Begins an answer and breaks it off: unlike a request without any answer, no browser sends this one again by itself. */
export const breakOff = (c) => {
  const { outgoing } = c.env
  outgoing.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 })
  outgoing.write('{', () => outgoing.destroy())
  return RESPONSE_ALREADY_SENT
}

/** Gives an app its error answers. */
export const answerRefusals = (app, { quiet }) => {
  app.notFound((c) => {
    throw new Refusal(404, 'not_found', `There is nothing at ${c.req.path} on this server.`)
  })
  app.onError((problem, c) => {
    const known = problem instanceof Refusal
    if (!known && !quiet) console.error(problem)
    const { status, error, message, headers } = known
      ? problem
      : new Refusal(500, 'server_error', 'Something went wrong on the server; its console says what.')
    c.header('Cache-Control', 'no-store')
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
    return c.json({ error, error_description: message }, status)
  })
}

/** Registers the methods of one path, and a sentence for all others. */
export const route = (app, path, handlers) => {
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler)
  const allowed = Object.keys(handlers).join(', ')
  app.all(path, (c) => {
    throw new Refusal(405, 'method_not_allowed', `${path} takes ${allowed}, not ${c.req.method}.`, { Allow: allowed })
  })
}
