import { setCookie } from 'hono/cookie'
import { bearerOf } from './bearer.mjs'
import { flag, number, readInput, text } from './input.mjs'
import { Refusal, route, unauthorized } from './refusal.mjs'

const invalid = (description) => new Refusal(400, 'invalid_request', description)
const YEAR = 400 * 86_400

/** What came in, in the browser's order, doubles included. */
const received = (c) =>
  (c.req.header('Cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=')
      return { name: at < 0 ? '' : pair.slice(0, at), value: decode(pair.slice(at + 1)) }
    })

const decode = (value) => {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const nameOf = (input) => {
  const name = text(input, 'name')
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw invalid('The name of a cookie takes letters, digits and - _ . only (RFC 6265 section 4.1.1).')
  return name
}

/** The attributes of a cookie, checked so that nobody wonders why a browser drops it without a word. */
const attributesOf = (input, name) => {
  const path = text(input, 'path', { optional: true }) ?? '/'
  if (!/^\/[^;\s\x00-\x1f\x7f]*$/.test(path)) throw invalid('The path must begin with / and hold no spaces or semicolons.')
  const domain = text(input, 'domain', { optional: true })
  if (domain && !/^\.?[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(domain)) throw invalid('The domain must be a host name, such as localhost.')
  const maxAge = number(input, 'maxAge', { max: YEAR })
  const when = text(input, 'expires', { optional: true })
  const expires = when && new Date(when)
  if (expires && !(Math.abs(expires - Date.now()) <= YEAR * 1000)) throw invalid('The expiry must be a date, at most 400 days away.')
  const sameSite = (text(input, 'sameSite', { optional: true }) ?? 'lax').toLowerCase()
  if (!['strict', 'lax', 'none'].includes(sameSite)) throw invalid('SameSite must be strict, lax or none.')
  const [secure, httpOnly, partitioned] = ['secure', 'httpOnly', 'partitioned'].map((attribute) => flag(input, attribute))
  if (sameSite === 'none' && !secure) throw invalid('SameSite=None needs Secure: a browser drops the cookie otherwise.')
  if (partitioned && !secure) throw invalid('Partitioned needs Secure: a browser drops the cookie otherwise.')
  if (/^__(Secure|Host)-/i.test(name) && !secure) throw invalid(`A name that begins with ${name.split('-')[0]}- needs Secure.`)
  if (/^__Host-/i.test(name) && (path !== '/' || domain)) throw invalid('A name that begins with __Host- needs the path / and no domain.')
  return { path, domain, sameSite, secure, httpOnly, partitioned, ...(maxAge !== undefined && { maxAge }), ...(expires && { expires }) }
}

/** Cookies as a server sees and sets them. */
export const mountCookies = (app, { tokens }) => {
  const read = (c) => {
    c.header('Cache-Control', 'no-store')
    return c.json({ path: c.req.path, cookies: received(c) })
  }

  const write = async (c) => {
    const input = await readInput(c.req.raw)
    const name = nameOf(input)
    const value = text(input, 'value', { optional: true }) ?? ''
    const attributes = attributesOf(input, name)
    if (name.length + encodeURIComponent(value).length > 4096) throw invalid('Name and value take more than 4096 bytes: a browser drops such a cookie.')
    setCookie(c, name, value, attributes)
    return c.json({ set: name, setCookie: c.res.headers.get('Set-Cookie') })
  }

  const remove = async (c) => {
    const input = c.req.query('name') === undefined ? await readInput(c.req.raw) : c.req.query()
    const name = nameOf(input)
    // Found again by name, domain, path and partition only (RFC 6265 §5.3); the rest is there to be allowed to.
    const attributes = attributesOf({ ...input, maxAge: 0, expires: undefined }, name)
    setCookie(c, name, '', { ...attributes, maxAge: 0 })
    return c.json({ deleted: name, setCookie: c.res.headers.get('Set-Cookie') })
  }

  const verify = async (c) => {
    const cookie = c.req.query('cookie') ?? 'access_token'
    const fromHeader = bearerOf(c)
    const token = fromHeader ?? received(c).find(({ name }) => name === `__Host-${cookie}` || name === cookie)?.value
    if (!token) throw unauthorized(`There is no token: neither in the Authorization header nor in a cookie named ${cookie.replace(/[^\w.-]/g, '?').slice(0, 60)}.`, 'missing_token')
    const claims = await tokens.verify(token)
    c.header('Cache-Control', 'no-store')
    return c.json({ from: fromHeader ? 'header' : 'cookie', claims })
  }

  for (const path of ['/cookie', '/cookie/*']) route(app, path, { GET: read, POST: write, PUT: write, DELETE: remove })
  route(app, '/verify', { GET: verify })
}
