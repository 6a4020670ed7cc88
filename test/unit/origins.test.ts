import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { originRule } from '../../src/origins.js'

const BASE = 'https://app.example.com/dir/page'
/** What `<base href>` may make of it. */
const base = fc.constantFrom(
  BASE, 'https://api.example.com/dir/page?q#f', 'https://user:pass@api.example.com/', 'http://localhost:3000/', 'http://localhost:3001/x', 'https://evil.test/',
  'https://v1.example.com/v1/', 'blob:https://api.example.com/7c', 'data:text/html,x', 'about:blank', 'file:///C:/x', 'foo://api.example.com/x', 'foo:/x', undefined,
)
const LISTED = ['https://api.example.com', 'http://localhost:3000', 'https://xn--80ak6aa92e.com', 'https://v1.example.com/v1']
const ORIGINS = new Set(LISTED.map((entry) => new URL(entry).origin))

/** Pieces that make look-alikes when they are put together. */
const piece = fc.constantFrom(
  'https:', 'http:', 'HTTPS:', 'ftp:', 'ws:', 'blob:', 'data:', 'javascript:', 'file:', '//', '/', '\\', '@', ':', '?', '#', '.', '..', '%2e', '%2F', '%5c', ';',
  'api.example.com', 'API.EXAMPLE.COM', 'v1.example.com', 'localhost', ':3000', ':443', ':8443', 'evil.test', 'user:pass', '127.0.0.1', '[::1]', 'аррӏе.com', 'xn--80ak6aa92e.com',
  'ａｐｉ.example.com', 'api。example。com', 'v1', '/v1/', '\t', '\n', ' ', '\0', '%00', '%', '　', 'x',
)
const url = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.tuple(fc.constantFrom(...LISTED, ...LISTED.map((entry) => `${entry}/`), '/', '/x'), fc.array(piece, { maxLength: 5 })).map(([origin, rest]) => origin + rest.join('')),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string({ unit: 'binary' }),
)

/** Character by character, what the rule says in one expression. */
const isPlain = (path: string) => {
  const text = parse(path, 'https://x') && decode(path)
  return text !== undefined && !/%2e|%2f/i.test(path) && !text.includes('..') && [...text].every((char) => (char >= ' ' && char <= '~' ? !'%;\\'.includes(char) : /[\p{L}\p{M}\p{Nd}]/u.test(char)))
}
const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** `undefined` when the browser would not send it at all. */
const parse = (text: string, base?: string) => {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

describe('the rule of origins', { timeout: 60_000 }, () => {
  let document: string | undefined = BASE
  const target = originRule(LISTED, false, () => document)
  const ask = (text: string) => {
    try {
      return target(text)
    } catch {
      return undefined
    }
  }
  const allows = (href: string) => ask(href) !== undefined

  test('R51 R52 C2: whatever the URL, the token goes to listed origins only', () => {
    let attached = 0
    fc.assert(
      fc.property(url, (text) => {
        const parsed = parse(text, BASE)
        if (!parsed || !allows(parsed.href)) return
        attached++
        expect(ORIGINS).toContain(parsed.origin)
        expect(parsed.protocol).toMatch(/^https?:$/)
        if (parsed.hostname === 'v1.example.com') expect(`${parsed.pathname}/`).toMatch(/^\/v1\//)
      }),
      { numRuns: 5_000 },
    )
    expect(attached).toBeGreaterThan(250)
  })
  test('R51: what lies below a listed origin gets it, whatever path, query and fragment', () => {
    fc.assert(
      fc.property(fc.constantFrom('https://api.example.com', 'http://localhost:3000'), fc.webPath(), fc.webQueryParameters(), fc.webFragments(), (origin, path, query, fragment) => {
        expect(allows(new URL(`${origin}${path}?${query}#${fragment}`).href)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
  test('R51: below a path, a server that decodes once more does not end up outside of it', () => {
    const part = fc.constantFrom('..', '.', '%2e', '%2E%2e', '%2f', '%5C', '/', '\\', 'v1', 'admin', ';', '%252e', '%')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const parsed = new URL(`https://v1.example.com/v1/${parts.join('')}`)
        if (!allows(parsed.href)) return
        const decoded = parsed.pathname.replace(/%(2e|2f|5c)/gi, (escape) => decodeURIComponent(escape)).replace(/;[^/]*/g, '')
        expect(`${new URL(`https://v1.example.com${decoded}`).pathname}/`).toMatch(/^\/v1\//)
      }),
      { numRuns: 5_000 },
    )
  })
  test('R51 R52 C2: it says the same of every text, under every base, as of the URL that the parser makes of it', () => {
    const inside = ({ protocol, origin, username, password, pathname }: URL) =>
      /^https?:$/.test(protocol) && ORIGINS.has(origin) && !username && !password &&
      (origin !== 'https://v1.example.com' || (/^\/v1(\/|$)/.test(pathname) && isPlain(pathname)))
    const seen = { parsed: 0, asGiven: 0, outside: 0 }
    const checked = fc.property(url, base, (text, href) => {
      document = href
      const parsed = parse(text, href)
      const answer = ask(text)
      expect(answer !== undefined).toBe(!!parsed && inside(parsed))
      seen[answer === undefined ? 'outside' : answer === parsed?.href ? 'parsed' : 'asGiven']++
      if (answer !== undefined) expect(new URL(answer).href).toBe(parsed!.href)
    })
    try {
      fc.assert(checked, { numRuns: 20_000 })
    } finally {
      document = BASE
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(250)
  })
})
