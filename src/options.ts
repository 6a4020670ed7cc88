import { SessionError } from './errors.js'
import type { TokenStorage } from './recordTypes.js'
import type { SessionOptions } from './types.js'

type Check = (value: unknown) => boolean

const isFunction: Check = (value) => typeof value === 'function'
const isDuration: Check = (value) => typeof value === 'number' && value > 0 && value < 2 ** 31
const isBoolean: Check = (value) => typeof value === 'boolean'

/** Every option there is, and what it must be, in words that complete «must be …». */
const checks: { [Name in keyof SessionOptions]-?: [Check, string] } = {
  refresh: [isFunction, 'a function, such as refreshTokenGrant({ url })'],
  storage: [(value) => isFunction(Object(value).open), 'a storage, such as indexedDBStorage()'],
  origins: [(value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'), 'an array of origins'],
  name: [(value) => /^[\w-]+$/.test(value as string) && typeof value === 'string', 'letters, digits, _ and -'],
  revoke: [isFunction, 'a function'],
  fetch: [isFunction, 'a function'],
  refreshBefore: [isDuration, 'milliseconds above 0'],
  refreshTimeout: [isDuration, 'milliseconds above 0'],
  maxRetryAfter: [isDuration, 'milliseconds above 0'],
  unauthorizedCooldown: [isDuration, 'milliseconds above 0'],
  allowInsecureOrigins: [isBoolean, 'true or false'],
}

/** Says at once what is wrong with an option. Values are not quoted: they may be secrets. */
export const invalidOption = (name: string, value: unknown, fix: string): SessionError =>
  new SessionError(
    'invalid_option',
    `${name} is ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`}; it must be ${fix}`,
  )

/** A checked copy that has only own members, so that a polluted Object.prototype sets no option. @throws {SessionError} */
export const checkOptions = (options: SessionOptions, fallback?: () => TokenStorage): SessionOptions & { storage: TokenStorage } => {
  if (Object(options) !== options) throw invalidOption('createSession: options', options, 'an object')
  const own = Object.assign(Object.create(null) as SessionOptions, options)
  for (const name of Object.keys(own) as (keyof SessionOptions)[]) {
    const value = own[name]
    if (!Object.hasOwn(checks, name)) {
      throw new SessionError('invalid_option', `There is no option '${name}'; there are ${Object.keys(checks).join(', ')}`)
    }
    const [check, fix] = checks[name]
    if (value === undefined) delete own[name]
    else if (!check(value)) throw invalidOption(name, value, fix)
  }
  const storage = own.storage ?? fallback?.()
  if (!storage) throw invalidOption('storage', storage, checks.storage[1])
  return Object.assign(own, { storage })
}
