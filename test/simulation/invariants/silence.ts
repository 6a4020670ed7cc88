import type { Invariant, Stage } from '../stage.js'

/** Every token of the simulated server is full of it: any four letters in a row betray a part of one. */
const SECRET = /SECR|ECRE|CRET|RETS|ETSE|TSEC|e30\./
/** Decoded claims have no business in a message either (R65). */
const CLAIM = /\b(alice|bob)\b/

const textOf = (thing: unknown, depth = 0): string => {
  if (typeof thing !== 'object' || thing === null || depth > 5) return String(thing)
  const names = Object.getOwnPropertyNames(thing)
  // What an error inherits is its name; message, stack and cause are its own.
  const inherited = thing instanceof Error ? [thing.name, thing.message] : []
  return [...inherited, ...names, ...names.map((name) => textOf(Reflect.get(thing, name), depth + 1))].join(' ')
}

/** I6: no message, event, error or log holds a token or part of one. */
export const silence = (stage: Stage): Invariant => {
  let messages = 0
  let said = 0
  return {
    step() {
      for (; messages < stage.browser.messages.length; messages++) {
        const text = textOf(stage.browser.messages[messages])
        if (SECRET.test(text) || CLAIM.test(text)) stage.violate('I6', `a message holds a secret: ${text}`)
      }
      for (; said < stage.said.length; said++) {
        const text = textOf(stage.said[said])
        if (SECRET.test(text)) stage.violate('I6', `an event, error or log holds a part of a token: ${text}`)
      }
    },
  }
}
