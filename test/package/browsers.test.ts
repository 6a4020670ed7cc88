import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../setup.mjs'
import { LIMITS } from '../support/limits.js'
import { ENGINES, namesIn, needsOf, type Versions } from './features.js'
import { membersIn, needsOfMember, sources } from './members.js'

/** The oldest versions that are supported; docs/browsers.md says why. */
const OLDEST: Versions = { chrome: 93, firefox: 96, safari: 15.4 }

/** Done without where they are missing. */
const OPTIONAL = {
  cookieStore: 'cookies are read from document.cookie instead',
  changed: 'of an event that only a cookieStore fires',
  deleted: 'of an event that only a cookieStore fires',
  keepalive: 'read of a Request, where it is undefined then',
}

const code = readFileSync(join(root, 'dist/latchkey.min.js'), 'utf8')

it('The build uses nothing newer than the oldest browsers that are supported, and needs every version that is asked for', () => {
  const { names, own } = namesIn(code, 'script')
  const needs = [...names].map((name) => ({ name, needs: needsOf(name)! })).filter(({ needs }) => needs)
  const tooNew = needs.filter(({ needs }) => ENGINES.some((engine) => needs[engine] > OLDEST[engine])).map(({ name }) => name)
  // What our own objects have under a name that the platform happens to use too is no need.
  expect(tooNew.filter((name) => !own.has(name) && !Object.hasOwn(OPTIONAL, name))).toEqual([])
  for (const engine of ENGINES) {
    const needed = needs.filter(({ name }) => !tooNew.includes(name)).map(({ needs }) => needs[engine])
    expect(Math.max(...needed), engine).toBe(OLDEST[engine])
  }
  // An exception that nobody needs any more is to go.
  for (const name of Object.keys(OPTIONAL)) expect(tooNew, name).toContain(name)
})

/** Members of an object that came later, and what is done without them. */
const LATE: Record<string, string> = {
  'AbortSignal.any': 'signals are joined by hand',
  'AbortSignal.reason': 'an AbortError instead',
  'CookieStore.get': 'cookies are read from document.cookie instead',
  'CookieStore.getAll': 'cookies are read from document.cookie instead',
}

it('F12: The sources use no member newer than the oldest browsers that are supported, told by the object whose member it is', () => {
  const members = [...membersIn(sources())].filter((member) => needsOfMember(member))
  expect(members.length).toBeGreaterThan(100)
  const tooNew = members.filter((member) => ENGINES.some((engine) => needsOfMember(member)![engine] > OLDEST[engine]))
  expect(tooNew.filter((member) => !Object.hasOwn(LATE, member) && !Object.hasOwn(OPTIONAL, member.split('.')[1]!))).toEqual([])
  for (const member of Object.keys(LATE)) expect(tooNew).toContain(member)
})

it.each([
  ['export const top = (a: AbortSignal) => AbortSignal.any([a])', 'AbortSignal.any'],
  ['export const top = (signal: AbortSignal) => signal.reason', 'AbortSignal.reason'],
  ['export const top = ({ reason = 1 }: AbortSignal) => reason', 'AbortSignal.reason'],
  ['const { any } = AbortSignal; export const top = any', 'AbortSignal.any'],
  ["export const top = (request: Request) => request['bytes']()", 'Request.bytes'],
  ['export const top = AbortSignal.timeout(1)', 'AbortSignal.timeout'],
])('The check of members sees %s', (top, member) => {
  expect(membersIn(new Map([['top.ts', top]]))).toContain(member)
  const needs = needsOfMember(member)!
  expect(ENGINES.some((engine) => needs[engine] > OLDEST[engine])).toBe(true)
})

it('The check of members takes nothing for another of the same name', () => {
  expect([...membersIn(new Map([['top.ts', 'export const top = () => Promise.any([])']]))]).toContain('Promise.any')
  expect(needsOfMember('Promise.any')!.chrome).toBe(85)
  expect([...membersIn(new Map([['top.ts', 'export const top = { any: 1 }.any']]))]).toEqual([])
})

it('The syntax of the build is ECMAScript 2022 without what Safari got later', () => {
  const { syntax } = namesIn(code, 'script')
  for (const late of ['static block', 'lookbehind', 'regular expression flag']) expect(syntax, late).not.toContain(late)
})

it('The check of the build sees what is too new', () => {
  const { names, syntax } = namesIn('Promise.withResolvers(); class A { static { /(?<=a)b/ } }', 'script')
  expect(needsOf('withResolvers')!.safari).toBeGreaterThan(OLDEST.safari)
  expect(names).toContain('withResolvers')
  expect([...syntax]).toEqual(expect.arrayContaining(['static block', 'lookbehind']))
})

it('docs/browsers.md names the same oldest versions, and everything that an engine cannot be made to do here', () => {
  const text = readFileSync(join(root, 'docs/browsers.md'), 'utf8')
  expect(text).toContain(`Chrome and Edge ${OLDEST.chrome}, Firefox ${OLDEST.firefox}, Safari ${OLDEST.safari}`)
  const reasons = Object.values(LIMITS).flatMap((engines) => Object.values(engines))
  expect(reasons.filter((reason) => !text.includes(reason))).toEqual([])
  expect(text.match(/^\| `\w+` \|/gm)).toHaveLength(Object.keys(LIMITS).length)
})
