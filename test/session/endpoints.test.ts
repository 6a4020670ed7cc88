import { afterEach, describe, expect, test, vi } from 'vitest'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'
import { cookieSession } from '../../src/schemes/cookieSession.js'

afterEach(() => vi.unstubAllGlobals())

const page = (href: string | undefined, origin = href && new URL(href).origin) => {
  vi.stubGlobal('location', href && { href })
  vi.stubGlobal('origin', origin)
}
const answer = () => Response.json({ access_token: 'a' })
const context = (fetch: unknown, origin?: string) => ({ fetch, origin, signal: new AbortController().signal, idempotencyKey: 'key' }) as never
/** Where the four requests go that latchkey makes itself. */
const asked = async (url: string, { between = () => {}, origin, ...options }: { between?: () => void; origin?: string; allowInsecure?: boolean } = {}) => {
  const urls: unknown[] = []
  const fetch = async (input: unknown) => {
    urls.push(input)
    return answer()
  }
  const grant = refreshTokenGrant({ url, revokeUrl: url, ...options })
  const cookies = cookieSession({ refreshUrl: url, logoutUrl: url, ...options })
  between()
  await grant({ accessToken: 'a', refreshToken: 'r', receivedAt: 0 }, context(fetch, origin))
  await grant.revoke!({ accessToken: '', refreshToken: 'r', receivedAt: 0 }, context(fetch, origin))
  await cookies.refresh!({ accessToken: 'a', receivedAt: 0 }, context(fetch, origin))
  await cookies.revoke!({ accessToken: 'a', receivedAt: 0 }, context(fetch, origin))
  expect(urls).toHaveLength(4)
  return [...new Set(urls)]
}

describe('a URL that latchkey itself sends to', () => {
  test('S1: is relative to the page as it was when it was configured', async () => {
    page('https://app.example.com/deep/page')
    const between = () => page('https://app.example.com/elsewhere/')
    expect(await asked('token', { between })).toEqual(['https://app.example.com/deep/token'])
    page('https://app.example.com/deep/page')
    expect(await asked('/token?a=b', { between })).toEqual(['https://app.example.com/token?a=b'])
    expect(await asked('https://auth.example.com/token')).toEqual(['https://auth.example.com/token'])
  })
  test('S1: takes no notice of document.baseURI', async () => {
    page('https://app.example.com/')
    vi.stubGlobal('document', { baseURI: 'https://evil.example/' })
    expect(await asked('/token')).toEqual(['https://app.example.com/token'])
  })
  test('F16: in a frame with srcdoc is relative to the origin of the page around it', async () => {
    page('about:srcdoc', 'https://app.example.com')
    expect(await asked('/token')).toEqual(['https://app.example.com/token'])
  })
  test('F47: on a server is relative to what origin the session has', async () => {
    page(undefined)
    expect(await asked('/token', { origin: 'https://app.example.com' })).toEqual(['https://app.example.com/token'])
    await expect(asked('/token')).rejects.toMatchObject({ code: 'misconfigured', message: expect.stringContaining('refreshTokenGrant: url is relative') })
    expect(await asked('https://auth.example.com/token')).toEqual(['https://auth.example.com/token'])
  })
  for (const url of ['https://user:secret@auth.example.com/', 'javascript:alert(1)', 'ftp://auth.example.com/', 'https://', 'data:,x', '//']) {
    test(`S1: is refused at once when it is ${url}`, () => {
      page('https://app.example.com/')
      for (const make of [() => refreshTokenGrant({ url }), () => refreshTokenGrant({ url: '/token', revokeUrl: url }), () => cookieSession({ refreshUrl: url }), () => cookieSession({ logoutUrl: url })]) {
        expect(make).toThrow(expect.objectContaining({ code: 'invalid_option', message: expect.not.stringContaining('secret') }))
      }
    })
  }
  test('S1: a page without a web origin has to give an absolute one', () => {
    page('file:///index.html', 'null')
    expect(() => refreshTokenGrant({ url: '/token' })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
  test('S1: plain http is refused, unless it is loopback, the page itself, or allowed', async () => {
    page('https://app.example.com/')
    for (const make of [() => refreshTokenGrant({ url: 'http://auth.example.com/' }), () => cookieSession({ refreshUrl: 'http://auth.example.com/' })]) {
      expect(make).toThrow(expect.objectContaining({ code: 'insecure_context', message: expect.stringContaining('allowInsecure') }))
    }
    expect(await asked('http://localhost:8080/token')).toEqual(['http://localhost:8080/token'])
    expect(await asked('http://auth.example.com/', { allowInsecure: true })).toEqual(['http://auth.example.com/'])
    page('http://intranet.example/app')
    expect(await asked('/token')).toEqual(['http://intranet.example/token'])
  })
  test('R48: the idempotency key goes to the very URL that is sent to', async () => {
    page('https://app.example.com/')
    const keys: (string | null)[] = []
    const fetch = async (_url: string, { headers }: RequestInit) => {
      keys.push(new Headers(headers).get('Idempotency-Key'))
      return answer()
    }
    for (const url of ['/token', 'https://auth.example.com/token']) {
      await refreshTokenGrant({ url })({ accessToken: 'a', refreshToken: 'r', receivedAt: 0 }, context(fetch, 'https://app.example.com'))
    }
    expect(keys).toEqual(['key', null])
  })
})
