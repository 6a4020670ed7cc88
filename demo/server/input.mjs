import { Refusal } from './refusal.mjs'

const LARGEST = 64 * 1024
const invalid = (description) => new Refusal(400, 'invalid_request', description)

/** The body's bytes in chunks; refuses in the middle rather than keep what nobody may send. */
export async function* chunksOf(request, limit) {
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) {
      throw new Refusal(413, 'too_large', `The body is larger than ${limit / 1024} KB, the most this server takes.`, { Connection: 'close' })
    }
    yield chunk
  }
}

const textOf = async (request) => {
  const chunks = []
  for await (const chunk of chunksOf(request, LARGEST)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const typeOf = (request) => (request.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase()

/** A form as OAuth wants it: encoded, and no parameter twice (RFC 6749 §3.2). */
export const readForm = async (request) => {
  if (typeOf(request) !== 'application/x-www-form-urlencoded') {
    throw invalid('Send the parameters as application/x-www-form-urlencoded.')
  }
  const values = {}
  for (const [name, value] of new URLSearchParams(await textOf(request))) {
    if (Object.hasOwn(values, name)) throw invalid(`The parameter ${name.slice(0, 40)} is there more than once.`)
    Object.defineProperty(values, name, { value, enumerable: true })
  }
  return values
}

/** JSON or a form. */
export const readInput = async (request) => {
  if (typeOf(request) === 'application/x-www-form-urlencoded') return readForm(request)
  if (typeOf(request) !== 'application/json') {
    throw new Refusal(415, 'unsupported_media_type', 'Send application/json or application/x-www-form-urlencoded.')
  }
  let value
  try {
    value = JSON.parse(await textOf(request))
  } catch (problem) {
    throw problem instanceof Refusal ? problem : invalid('The body is not valid JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('The body must be a JSON object.')
  return value
}

/** One parameter that has to be a string. */
export const text = (input, name, { optional = false } = {}) => {
  const value = input[name]
  if (optional && (value === undefined || value === null || value === '')) return undefined
  if (typeof value !== 'string' || value === '') throw invalid(`The parameter ${name} is missing or not a string.`)
  return value
}

/** A number in a range; forms carry it as text. */
export const number = (input, name, { min = 0, max = Number.MAX_SAFE_INTEGER, fallback } = {}) => {
  const given = input[name]
  if (given === undefined || given === null || given === '') return fallback
  const value = typeof given === 'string' ? Number(given) : given
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw invalid(`The parameter ${name} must be a number from ${min} to ${max}.`)
  return value
}

/** Also what a form's checkbox sends. */
export const flag = (input, name) => {
  const value = input[name]
  if (value === undefined || value === null || value === '' || value === false || value === 'false') return false
  if (value === true || value === 'true' || value === 'on') return true
  throw invalid(`The parameter ${name} must be true or false.`)
}
