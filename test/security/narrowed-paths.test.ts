// Promise: an origin with a path gets the token below that path only, however the server behind it decodes a path.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { originRule } from '../../src/origins.js'

const PREFIX = 'https://api.example.com/v1'
const target = originRule([PREFIX], false, () => 'https://app.example.com/')
const allows = (url: string) => {
  try {
    return target(url) !== undefined
  } catch {
    return false
  }
}

/** Everything that servers were seen to do with a path, one after another and again, until nothing changes any more. */
const lenient = (path: string): string => {
  const steps: ((path: string) => string)[] = [
    // Byte by byte, overlong forms of UTF-8 included.
    (path) => path.replace(/%([cC][01])%([89abAB][0-9a-fA-F])/g, (_, lead, tail) => String.fromCharCode(((parseInt(lead, 16) & 31) << 6) | (parseInt(tail, 16) & 63))),
    (path) => path.replace(/%[eE]0%([89abAB][0-9a-fA-F])%([89abAB][0-9a-fA-F])/g, (_, high, low) => String.fromCharCode(((parseInt(high, 16) & 63) << 6) | (parseInt(low, 16) & 63))),
    (path) => path.replace(/(%[0-9a-fA-F]{2})+/g, (escape) => {
      try {
        return decodeURIComponent(escape)
      } catch {
        return escape.replace(/%[0-7][0-9a-fA-F]/g, (one) => decodeURIComponent(one))
      }
    }),
    (path) => path.replace(/%u([0-9a-fA-F]{4})/g, (_, code) => String.fromCharCode(parseInt(code, 16))),
    (path) => path.normalize('NFKC').replace(/[\u2044\u2215\u29f8]/g, '/').replace(/[\u2216\u29f5\uff3c]/g, '\\').replace(/[\u3002\uff61]/g, '.'),
    // What is cut off or left out.
    (path) => path.replace(/[\0-\x1f\x7f]/g, ''),
    (path) => path.replace(/;[^/]*/g, ''),
    (path) => path.replace(/\\/g, '/'),
  ]
  for (let before = ''; before !== path; ) {
    before = path
    for (const step of steps) path = step(path)
  }
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}/`
}

describe('S13: a path is refused that some server may take for one outside', () => {
  const attacks = [
    '/v1/%252e%252e/admin', '/v1/%252E%252e%252fadmin', '/v1/%25252e%25252e/admin', '/v1/..%252fadmin',
    '/v1/%c0%ae%c0%ae/admin', '/v1/%C0%AE./admin', '/v1/%c0%af..%c0%afadmin', '/v1/%c1%9cadmin', '/v1/%e0%80%ae%e0%80%ae/admin', '/v1/%e0%80%afadmin',
    '/v1/\uff0e\uff0e/admin', '/v1/%ef%bc%8e%ef%bc%8e/admin', '/v1/..%ef%bc%8fadmin', '/v1/\uff0e\uff0e\uff0fadmin', '/v1/\u2025/admin', '/v1/\u2024\u2024/admin', '/v1/\ufe52\ufe52/admin',
    '/v1/\u3002\u3002/admin', '/v1/a\u2215..\u2215..\u2215admin', '/v1/\u2044admin', '/v1/\u2100dmin', '/v1/\u2488/x',
    '/v1/.;/admin', '/v1/..;/admin', '/v1/..;x=1/admin', '/v1/.%3b/admin', '/v1/;/../admin/..;/x',
    '/v1/.%00./admin', '/v1/..%00/admin', '/v1/.%0d./admin', '/v1/.%09./admin', '/v1/.%7f./admin', '/v1/.%c2%80./admin', '/v1/.%e2%80%8b./admin',
    '/v1/..%5cadmin', '/v1/%5c..%5cadmin', '/v1/..%255cadmin', '/v1/%u002e%u002e/admin', '/v1/%%32%65%%32%65/admin', '/v1/%2', '/v1/%ff', '/v1/%ed%a0%80',
  ]
  for (const path of attacks) {
    test(path, () => {
      expect(allows(`https://api.example.com${path}`)).toBe(false)
    })
  }
})

describe('and what is plain gets it', () => {
  const plain = [
    '/v1', '/v1/', '/v1/me?next=%2e%2e%2f;\\', '/v1/me#/../', "/v1/Users('x')", '/v1/a,b+c=d&e@f:g!h*i~j$k', '/v1/a b', '/v1/%61%20b', '/v1/Müller', '/v1/M%C3%BCller', '/v1/日本語', '/v1/a|b[0]{c}^',
    '/v1/a.b', '/v1/.well-known/x', '/v1/x%3fy', '/v1/x%23y', '/v1/a\u0301',
  ]
  for (const path of plain) {
    test(path, () => {
      expect(allows(`https://api.example.com${path}`)).toBe(true)
    })
  }
})

test('S13: whatever a path is made of, what gets the token is below the prefix for the most lenient of servers', () => {
  const part = fc.constantFrom(
    '..', '.', '/', '\\', ';', '%', '%2e', '%2F', '%5c', '%252e', '%25', '%00', '%0a', '%3b', '%c0%ae', '%C0%AF', '%c1%9c', '%e0%80%ae', '%ef%bc%8e', '%EF%BC%8F', '\uff0e', '\uff0f', '\uff3c',
    '\u2024', '\u2025', '\u2215', '\u3002', '%u002e', '%2', 'e', 'v1', 'admin', 'ü', '%C3%BC', '%20', '%61', '?', '#', '\u200b', '%ff',
  )
  const path = fc.oneof(
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 8 }).map((bytes) => bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
    // Any character, alone between dots: its compatibility forms must not make a path.
    fc.integer({ min: 0x80, max: 0xffff }).map((code) => `.${String.fromCharCode(code)}./${String.fromCharCode(code, code)}/x`),
  )
  let attached = 0
  fc.assert(
    fc.property(path, (rest) => {
      const url = `${PREFIX}/${rest}`
      if (!URL.canParse(url) || !allows(url)) return
      attached++
      // Whatever comes back from the most lenient of servers is below the prefix, and so is each beginning of it.
      let depth = 0
      for (const segment of lenient(new URL(url).pathname).split('/').filter(Boolean)) if (depth++ === 0) expect(segment).toBe('v1')
      expect(depth).toBeGreaterThan(0)
      expect(new URL(url).pathname.split('/').filter((segment) => segment && segment !== '.')).toHaveLength(depth)
    }),
    { numRuns: 30_000 },
  )
  expect(attached).toBeGreaterThan(2_000)
})

test('S13: no single character becomes a dot or a slash in any normal form, if its path gets the token', () => {
  for (let code = 0x80; code < 0x2fa20; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCodePoint(code)
    if (!allows(`${PREFIX}/${character}`)) continue
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) expect(character.normalize(form)).not.toMatch(/[./\\;%]/)
  }
})
