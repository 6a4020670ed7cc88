import { setTimeout as sleep } from 'node:timers/promises'
import { breakOff, hangUp, Refusal } from './refusal.mjs'

/** What the token endpoint can be told to do wrong. All off. */
export const NO_FAULTS = Object.freeze({
  /** ms to wait before the token is looked at */
  delayTokenBefore: 0,
  /** ms to wait when all is done, before answering */
  delayToken: 0,
  /** ms to wait before answering the next request only */
  delayNext: 0,
  /** until then (ms since the epoch) everybody is hung up on; set by `downFor`, in ms from now */
  downUntil: 0,
  /** for so many requests: hang up at once, the token stays unspent */
  dropTokenRequest: 0,
  /** for so many requests: spend the token, then hang up; Chromium may send such a request again by itself */
  dropTokenAnswer: 0,
  /** for so many requests: spend the token, then break off in the middle of the answer */
  breakTokenAnswer: 0,
  /** { status, body?, headers?, times?, spend? }; without `times` until changed, with `spend` the token is spent first */
  failToken: null,
  /** seconds an access token lasts, in place of the server's option */
  lifetime: null,
  /** answer without refresh_token: the former one stays valid */
  omitRefreshToken: false,
  /** answer without expires_in */
  omitExpiresIn: false,
})

const LONGEST = 10 * 60_000
const isNumber = (value, max) => typeof value === 'number' && value >= 0 && value <= max
const isWhole = (value, max = 1e6) => isNumber(value, max) && Number.isInteger(value)
const isHeaders = (value) => Object.entries(value).every(([name, text]) => /^[\w-]+$/.test(name) && typeof text === 'string' && /^[\x20-\x7e]*$/.test(text))
const isFailure = ({ status, times = 0, headers = {} }) => isWhole(status, 599) && status >= 200 && isWhole(times) && headers !== null && isHeaders(headers)
const checks = {
  delayTokenBefore: [(value) => isNumber(value, LONGEST), `a number of milliseconds up to ${LONGEST}`],
  delayToken: [(value) => isNumber(value, LONGEST), `a number of milliseconds up to ${LONGEST}`],
  delayNext: [(value) => isNumber(value, LONGEST), `a number of milliseconds up to ${LONGEST}`],
  downFor: [(value) => isNumber(value, LONGEST), `a number of milliseconds up to ${LONGEST}`],
  dropTokenRequest: [(value) => isWhole(value), 'a whole number'],
  dropTokenAnswer: [(value) => isWhole(value), 'a whole number'],
  breakTokenAnswer: [(value) => isWhole(value), 'a whole number'],
  failToken: [
    (value) => value === null || (typeof value === 'object' && isFailure(value)),
    'null or an object with a status from 200 to 599, and maybe times (a whole number), headers (texts by name) and a body',
  ],
  lifetime: [(value) => value === null || (isNumber(value, 86_400) && value > 0), 'null or a number of seconds up to 86400'],
  omitRefreshToken: [(value) => typeof value === 'boolean', 'true or false'],
  omitExpiresIn: [(value) => typeof value === 'boolean', 'true or false'],
}

/** Takes over what came in by HTTP. @throws {Refusal} */
export const changeFaults = (faults, input) => {
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(checks, name)) {
      throw new Refusal(400, 'invalid_request', `There is no fault ${name.slice(0, 40)}; there are ${Object.keys(checks).join(', ')}.`)
    }
    const [fits, wanted] = checks[name]
    if (!fits(value)) throw new Refusal(400, 'invalid_request', `The fault ${name} must be ${wanted}.`)
  }
  const { downFor, ...others } = input
  Object.assign(faults, others, downFor !== undefined && { downUntil: Date.now() + downFor })
}

/** Hono middleware: a server that is down answers nobody. */
export const whileDown = (faults) => (c, next) => (Date.now() < faults.downUntil ? hangUp(c) : next())

const take = (faults, name) => faults[name] > 0 && faults[name]-- > 0

const takeFailure = (faults) => {
  const failure = faults.failToken
  if (!failure) return undefined
  if (failure.times !== undefined) {
    if (!(failure.times > 0)) return undefined
    failure.times--
  }
  return failure
}

/** Runs the token endpoint with the faults that are set when the request arrives. */
export const withFaults = async (c, faults, run) => {
  const { delayTokenBefore, delayToken, delayNext } = faults
  faults.delayNext = 0
  if (take(faults, 'dropTokenRequest')) return hangUp(c)
  const dropAnswer = take(faults, 'dropTokenAnswer')
  const breakAnswer = take(faults, 'breakTokenAnswer')
  const failure = takeFailure(faults)
  if (delayTokenBefore) await sleep(delayTokenBefore)
  // A refusal has to wait for `delayToken` too.
  const result = failure && !failure.spend ? undefined : await run().catch((problem) => problem)
  if (delayToken || delayNext) await sleep(Math.max(delayToken, delayNext))
  if (dropAnswer) return hangUp(c)
  if (breakAnswer) return breakOff(c)
  if (failure) {
    const { status, body = { error: 'temporarily_unavailable', error_description: 'A fault that was asked for.' }, headers = {} } = failure
    const isText = typeof body === 'string'
    return new Response([204, 205, 304].includes(status) ? null : isText ? body : JSON.stringify(body), {
      status,
      headers: { 'Content-Type': isText ? 'text/plain' : 'application/json', 'Cache-Control': 'no-store', ...headers },
    })
  }
  if (result instanceof Error) throw result
  return result
}
