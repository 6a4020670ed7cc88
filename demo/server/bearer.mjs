import { unauthorized } from './refusal.mjs'

/** The token of the Authorization header (RFC 6750 §2.1). */
export const bearerOf = (c) => {
  const header = c.req.header('Authorization')
  if (header === undefined) return undefined
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(header)?.[1]
  if (!token) throw unauthorized('The Authorization header must be: Bearer, a space, the token.')
  return token
}

/** Hono middleware: no valid token, no entry. */
export const requireToken = (tokens) => async (c, next) => {
  const token = bearerOf(c)
  if (!token) throw unauthorized('Send a token in the Authorization header.', 'missing_token')
  c.set('claims', await tokens.verify(token))
  await next()
}
