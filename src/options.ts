import { SessionError } from './errors.js'
import type { TokenStorage } from './recordTypes.js'
import type { Extension, SessionOptions } from './types.js'

type Rule = [mustBe: string, check: (value: unknown) => boolean]

const isFunction = (value: unknown) => typeof value === 'function'
const aFunction: Rule = ['a function', isFunction]
const aBoolean: Rule = ['true or false', (value) => typeof value === 'boolean']
const duration: Rule = ['milliseconds above 0', (value) => typeof value === 'number' && value > 0 && value < 2 ** 31]

/** What `latchkey` adds to `latchkey/core`. */
export interface Defaults {
  storage(): TokenStorage
  history(): Extension
}

/** Every option there is, and what it must be. */
const rules: { [Name in keyof SessionOptions]-?: Rule } = {
  refresh: ['a function, such as refreshTokenGrant({ url })', isFunction],
  storage: ['a storage, such as indexedDBStorage()', (value) => isFunction(Object(value).open)],
  origins: ['an array of origins', (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string')],
  name: ['letters, digits, _ and -', (value) => typeof value === 'string' && /^[\w-]+$/.test(value)],
  revoke: aFunction,
  scheme: ['a scheme, such as cookieSession()', (value) => isFunction(Object(value).headers)],
  resume: aBoolean,
  extensions: ['an array, such as [sessionLimits({ idleTimeout })]', (value) => Array.isArray(value) && value.every((entry) => isFunction(Object(entry).attach))],
  history: aBoolean,
  fetch: aFunction,
  refreshBefore: duration,
  refreshTimeout: duration,
  maxRetryAfter: duration,
  unauthorizedCooldown: duration,
  allowInsecureOrigins: aBoolean,
  unauthorized: aFunction,
  onServer: aBoolean,
}

const DEFAULTS = {
  name: 'latchkey',
  extensions: [] as readonly Extension[],
  history: true,
  refreshBefore: 60_000,
  // With the second that others wait beyond, less than the ten for which servers commonly forgive a repeat.
  refreshTimeout: 8_000,
  maxRetryAfter: 300_000,
  unauthorizedCooldown: 30_000,
  allowInsecureOrigins: false,
}

/** What latchkey calls its own on this origin begins with its name, so that other software is not met there. */
export const scoped = (name: string): string => (name.startsWith('latchkey') ? name : `latchkey:${name}`)

/** The members that somebody gave: a polluted Object.prototype adds none. */
export const own: { <Bag extends object>(bag: Bag): Bag; <Bag>(bag: Bag): Partial<NonNullable<Bag>> } = (bag: unknown) =>
  Object.assign(Object.create(null), bag)

/** The same for one member of what may be an instance of a class: that of a polluted Object.prototype does not count. */
export const member = <Bag extends object, Name extends keyof Bag>(bag: Bag, name: Name): Bag[Name] | undefined => {
  const value = bag[name]
  return Object.hasOwn(bag, name) || value !== (Object.prototype as Bag)[name] ? value : undefined
}

/** Says at once what is wrong with an option. Values are not quoted: they may be secrets. */
export const invalidOption = (name: string, value: unknown, fix: string): SessionError =>
  new SessionError('invalid_option', `${name} is ${value ? typeof value : String(value) || 'empty'}, it must be ${fix}`)

/**
 * A checked copy.
 * @throws {SessionError} `invalid_option`
 */
export const checkOptions = (
  options: SessionOptions,
  fallback?: Defaults,
): SessionOptions & typeof DEFAULTS & { storage: TokenStorage } => {
  if (Object(options) !== options) throw invalidOption('options', options, 'an object')
  const given = own(options) as Record<string, unknown>
  if (given.storage === undefined) given.storage = fallback?.storage()
  for (const name in given) {
    if (!Object.hasOwn(rules, name)) {
      throw new SessionError('invalid_option', `${name} is no option, there are ${Object.keys(rules).join(', ')}`)
    }
    const [fix, check] = rules[name as keyof SessionOptions]
    if (given[name] === undefined && name !== 'storage') delete given[name]
    else if (!check(given[name])) throw invalidOption(name, given[name], fix)
  }
  return Object.assign(Object.create(null), DEFAULTS, given)
}
