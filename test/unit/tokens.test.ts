import { describe, expect, test } from 'vitest'
import { decodeClaims } from '../../src/claims.js'
import { expiresAt, readTokenResponse } from '../../src/tokens.js'

const now = 1_800_000_000_000
const encode = (payload: unknown) => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return `${btoa('{"alg":"HS256"}')}.${Buffer.from(text).toString('base64url')}.sig`
}
const lifetimeOf = (payload: unknown, rest = {}) => readTokenResponse({ access_token: encode(payload), ...rest }, 'Bearer', now).lifetime

describe('expiry', () => {
  test('R46 C48: expires_in comes before exp', () => {
    expect(lifetimeOf({ exp: now / 1000 + 9999 }, { expires_in: 60 })).toBe(60_000)
    expect(lifetimeOf({ exp: now / 1000 + 9999 }, { expires_in: '60' })).toBe(60_000)
    expect(lifetimeOf({}, { expires_in: 59.5 })).toBe(59_500)
  })
  test('C48: exp - iat comes before exp, since a wrong clock cannot spoil it', () => {
    expect(lifetimeOf({ exp: 1_700_000_300, iat: 1_700_000_000 })).toBe(300_000)
    expect(lifetimeOf({ exp: now / 1000 + 120 })).toBe(120_000)
    expect(lifetimeOf({ exp: String(now / 1000 + 120) })).toBe(120_000)
    expect(lifetimeOf({ exp: now / 1000 + 0.5 })).toBe(500)
  })
  for (const payload of [
    {}, { exp: now }, { exp: 'soon' }, { exp: -1 }, { exp: 0 }, { exp: null }, { exp: [now / 1000 + 5] }, { exp: {} }, { exp: true },
    '{"exp":1e400}', 'null', '[]', '7', '"text"', '', '{', '{"exp":1800000100,"exp":"x"}', { exp: 1_700_000_000, iat: 1_700_000_100 }, { exp: now / 1000 - 10 },
  ]) {
    test(`C48: a payload of ${JSON.stringify(payload)} leaves expiry unknown and throws nothing`, () => {
      expect(lifetimeOf(payload)).toBeUndefined()
    })
  }
  for (const token of ['opaque', 'a.b', 'a.b.c.d.e', 'eyJhbGciOiJSU0EtT0FFUCJ9.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe.48V1_ALb6US04U3b.5eym8.XFBoMYUZodetZdvTiFvSkQ', '..', '\u007e']) {
    test(`R46: ${token.slice(0, 20)} is as good a token as any`, () => {
      expect(readTokenResponse({ access_token: token }, 'Bearer', now)).toEqual({ accessToken: token, receivedAt: now })
    })
  }
  test('C48: a payload of 5 MB or invalid UTF-8 costs next to nothing', () => {
    const huge = encode({ exp: now / 1000 + 60, pad: 'x'.repeat(5e6) })
    const from = performance.now()
    expect(decodeClaims(huge)).toBeUndefined()
    expect(performance.now() - from).toBeLessThan(50)
    expect(decodeClaims(`a.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.c`)).toBeUndefined()
  })
  test('C12: claims named __proto__ change no prototype', () => {
    const claims = decodeClaims(encode('{"__proto__":{"polluted":1},"constructor":1}'))!
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype)
  })
  test('R45: when the clock was set back, expiry becomes unknown', () => {
    const tokens = { accessToken: 'x', receivedAt: now, lifetime: 60_000 }
    expect(expiresAt(tokens, now + 1)).toBe(now + 60_000)
    expect(expiresAt(tokens, now - 3_600_000)).toBeUndefined()
  })
})

describe('bad responses', () => {
  for (const response of [undefined, null, 7, 'token', {}, { access_token: '' }, { access_token: 7 }, { accessToken: 'x' }, { access_token: null }]) {
    test(`${JSON.stringify(response)} is an invalid_response that says what to pass`, () => {
      expect(() => readTokenResponse(response as never, 'Bearer', now)).toThrow(
        expect.objectContaining({ name: 'SessionError', code: 'invalid_response', message: expect.stringContaining('access_token') }),
      )
    })
  }
  test('C28: another token_type is refused, the same in another case is not', () => {
    expect(() => readTokenResponse({ access_token: 'x', token_type: 'DPoP' }, 'Bearer', now)).toThrow(expect.objectContaining({ code: 'invalid_response' }))
    expect(readTokenResponse({ access_token: 'x', token_type: 'bEARER' }, 'Bearer', now).accessToken).toBe('x')
  })
  for (const token of ['a\r\nb', 'a\0', 'tökén', 'a b', '\u2028']) {
    test(`C10 R72: ${JSON.stringify(token)} is an invalid_token, and is not quoted`, () => {
      const secret = `SECRET${token}`
      const error = (() => {
        try {
          return readTokenResponse({ access_token: secret }, 'Bearer', now)
        } catch (thrown) {
          return thrown as Error
        }
      })()
      expect(error).toMatchObject({ code: 'invalid_token' })
      expect(String((error as Error).stack)).not.toContain('SECRET')
    })
  }
})
