import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../setup.mjs'
import { ENGINES, namesIn, needsOf, type Versions } from './features.js'

/** The oldest versions that are supported; docs/browsers.md says why. */
const OLDEST: Versions = { chrome: 93, firefox: 96, safari: 15.4 }

/** Done without where they are missing. */
const OPTIONAL = {
  cookieStore: 'cookies are read from document.cookie instead',
  prerendering: 'where pages are not prerendered, nothing has to wait',
  keepalive: 'read of a Request, where it is undefined then',
}

/** Members of our own objects that happen to be called like something of the platform. */
const OURS = new Set(['adopt', 'local', 'path', 'revoke', 'run', 'session', 'subject'])

const code = readFileSync(join(root, 'dist/latchkey.min.js'), 'utf8')

it('The build uses nothing newer than the oldest browsers that are supported, and needs every version that is asked for', () => {
  const { names } = namesIn(code, 'script')
  const needs = [...names].filter((name) => !OURS.has(name)).map((name) => ({ name, needs: needsOf(name) }))
  const tooNew = needs.filter(({ name, needs }) => needs && !Object.hasOwn(OPTIONAL, name) && ENGINES.some((engine) => needs[engine] > OLDEST[engine]))
  expect(tooNew).toEqual([])
  for (const engine of ENGINES) {
    const needed = needs.map(({ name, needs }) => (needs && !Object.hasOwn(OPTIONAL, name) ? needs[engine] : 0))
    expect(Math.max(...needed), engine).toBe(OLDEST[engine])
  }
  // An exception that nobody needs any more is to go.
  for (const name of [...Object.keys(OPTIONAL), ...OURS]) expect(names, name).toContain(name)
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

it('docs/browsers.md names the same oldest versions', () => {
  const text = readFileSync(join(root, 'docs/browsers.md'), 'utf8')
  expect(text).toContain(`Chrome and Edge ${OLDEST.chrome}, Firefox ${OLDEST.firefox}, Safari ${OLDEST.safari}`)
})
