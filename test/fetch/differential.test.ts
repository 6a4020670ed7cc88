import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stage } from './pages.js'

type Mode = 'attached' | 'unlisted' | 'anonymous' | 'waiting' | 'replayed'
interface Difference {
  path: string
  native: unknown
  latchkey: unknown
}
interface Verdict {
  differences: Difference[]
  /** The Authorization header of each request through latchkey. */
  tokens: (string | null)[]
  /** How many requests the native call came to. */
  arrived: number
  settled: string | number | null
}
declare global {
  var table: { name: string; modes?: Mode[] }[]
  var compare: (test: unknown, mode: Mode) => Promise<Verdict>
  var build: (description: unknown, env: unknown) => unknown
}

/** Every difference there may be. Each is in docs/api.md, with its reason. */
const KNOWN: Record<string, (name: string, mode: Mode, difference: Difference) => boolean> = {
  'a call that gets the token settles a microtask later, which shows where native fails at once': (_, mode, { path, native, latchkey }) =>
    mode === 'attached' && path === 'seen.ticks' && latchkey === (native as number) + 1,
  'headers that can be read but once are used up, if the init is no plain object': (name) => name === 'an iterator as headers of an instance',
  'headers named by a symbol are left out, where native throws': (name) => name === 'headers with a symbol',
}
const known = (name: string, mode: Mode) => (difference: Difference) => Object.values(KNOWN).some((applies) => applies(name, mode, difference))

/** The stages of every call to a server that may see the token; what it may not is in the cases by name. */
const TOKENS: Record<Mode, RegExp> = {
  attached: /^(Authorization: Bearer fresh )+$/,
  waiting: /^(Authorization: Bearer fresh )+$/,
  replayed: /^Authorization: Bearer stale (Authorization: Bearer fresh )+$/,
  unlisted: /^(none )+$/,
  anonymous: /^(none )+$/,
}
/** It has an Authorization of its own, may carry none, goes elsewhere, or breaks off before its end. */
const SPECIAL = /own|keepalive":true|no-cors|to far|two calls|that changes what|abort|told once|timeout|drop|never comes|duplex|stream|integrity|navigate/

stage('G6: session.fetch beside the native fetch', ['/latchkey.min.js', '/cases.js', '/compare.js'], (stage) => {
  const inMode = async (mode: Mode) => {
    const verdicts: { name: string; verdict: Verdict }[] = []
    for (let from = 0; ; from += 40) {
      const some = await stage.page.evaluate(
        async (from, mode) => {
          const results = []
          for (const test of table.slice(from, from + 40)) {
            if (!test.modes || test.modes.includes(mode)) results.push({ name: test.name, verdict: await compare(test, mode) })
          }
          return from < table.length ? results : undefined
        },
        from, mode,
      )
      if (!some) return verdicts
      verdicts.push(...some)
    }
  }

  const seen = new Set<string>()
  it.each<[Mode, number, string]>([
    ['attached', 700, 'C71 C72 C73 C74 C75 C77 C81 C82: differs in the Authorization header only, with a fresh token'],
    ['waiting', 600, 'C71 C76 C79: differs in the Authorization header only, when the token must be had first'],
    ['replayed', 600, 'R57 C78: differs in the Authorization header only, when a 401 came first'],
    ['unlisted', 700, 'C1 C82: differs in nothing for an origin that is not listed'],
    ['anonymous', 150, 'C87: differs in nothing when nobody is signed in'],
  ])('%s, in %i calls and more: %s', async (mode, atLeast) => {
    const verdicts = await inMode(mode)
    const found = verdicts.flatMap(({ name, verdict }) => verdict.differences.map((difference) => ({ name, ...difference })))
    for (const [words, applies] of Object.entries(KNOWN)) if (found.some((one) => applies(one.name, mode, one))) seen.add(words)
    expect(found.filter((one) => !known(one.name, mode)(one))).toEqual([])
    expect(verdicts.length).toBeGreaterThanOrEqual(atLeast)

    const sent = verdicts.filter(({ name, verdict }) => verdict.arrived > 0 && !SPECIAL.test(name))
    expect(sent.length).toBeGreaterThan(mode === 'anonymous' ? 10 : 500)
    const wrong = sent.map(({ name, verdict }) => ({ name, tokens: verdict.tokens.map((token) => `${token ?? 'none'} `).join('') })).filter(({ tokens }) => !TOKENS[mode].test(tokens))
    expect(wrong).toEqual([])
  })

  it('every difference that is allowed for is there', () => {
    expect([...seen]).toEqual(Object.keys(KNOWN))
  })

  const call = fc.record(
    {
      input: fc.constantFrom('absolute', 'relative', 'url', 'object', 'fragment', 'request', 'frameRequest', 'copiedRequest', 'clonedRequest', 'subclassed'),
      path: fc.constantFrom('/echo', '/echo?a=%20b#c', '/status/404', '/status/204', '/gzip', '/redirect/307/%2Flanded', '/redirect/302/%2Flanded'),
      far: fc.boolean(),
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'delete', 'REPORT'),
      body: fc.constantFrom('none', 'none', 'string', 'empty', 'params', 'form', 'blob', 'buffer', 'typed', 'view', 'object'),
      headers: fc.constantFrom('none', 'mixed', 'repeated', 'typed', 'forbidden', 'spaced'),
      headerForm: fc.constantFrom('record', 'array', 'headers', 'map', 'iterator', 'nullRecord'),
      initForm: fc.constantFrom('plain', 'plain', 'nullPrototype', 'inherited', 'getters', 'instance', 'frozen', 'otherRealm', 'request'),
      members: fc.record(
        {
          credentials: fc.constantFrom('omit', 'same-origin', 'include'),
          cache: fc.constantFrom('default', 'no-store', 'reload', 'no-cache'),
          mode: fc.constantFrom('cors', 'same-origin', 'no-cors'),
          redirect: fc.constantFrom('follow', 'manual', 'error'),
          referrer: fc.constantFrom('', '/elsewhere', 'about:client'),
          referrerPolicy: fc.constantFrom('', 'no-referrer', 'origin', 'unsafe-url', 'same-origin'),
          priority: fc.constantFrom('high', 'low', 'auto'),
          signal: fc.constant(null),
          unknown: fc.constant(1),
        },
        { requiredKeys: [] },
      ),
      requestMembers: fc.record(
        {
          method: fc.constantFrom('POST', 'PUT'),
          headers: fc.constant({ 'X-Former': '1' }),
          credentials: fc.constantFrom('omit', 'include'),
          referrer: fc.constantFrom('', '/its-own'),
          referrerPolicy: fc.constantFrom('no-referrer', 'unsafe-url'),
          redirect: fc.constantFrom('manual', 'follow'),
          cache: fc.constantFrom('no-store', 'reload'),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['input', 'path'] },
  ).filter(({ headerForm, initForm = 'plain' }) => headerForm !== 'iterator' || initForm === 'plain')
  it('C71: nor does any other combination of these', async () => {
    await fc.assert(
      fc.asyncProperty(call, fc.constantFrom<Mode>('attached', 'attached', 'waiting', 'replayed', 'unlisted'), async (description, mode) => {
        const { differences } = await stage.page.evaluate(
          (description, mode) => {
            // What cannot even be made is no call.
            try {
              build(description, { here: location.origin, other: location.origin })
            } catch {
              return { differences: [] }
            }
            return compare({ make: (env: unknown) => build(description, env) }, mode)
          },
          description as unknown, mode,
        )
        expect(differences.filter((one) => !known('', mode)(one))).toEqual([])
      }),
      { numRuns: 300, seed: Number(process.env.FETCH_SEED ?? 1) },
    )
  })
})
