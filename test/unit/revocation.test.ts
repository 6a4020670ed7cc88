import { expect, test } from 'vitest'
import { refreshTokenGrant } from '../../src/refreshTokenGrant.js'

const revoke = (answers: Record<string, number>) => {
  const told: string[] = []
  const fetch = async (_url: unknown, init: RequestInit) => {
    const hint = (init.body as URLSearchParams).get('token_type_hint')!
    told.push(hint)
    return new Response(null, { status: answers[hint]! })
  }
  const { revoke } = refreshTokenGrant({ url: '/token', revokeUrl: 'https://app.example.com/revoke' })
  const tokens = { accessToken: 'a', refreshToken: 'r', receivedAt: 0 }
  return Promise.resolve(revoke!(tokens, { fetch: fetch as typeof globalThis.fetch, signal: new AbortController().signal })).then(
    () => told.sort().join(),
    ({ message }) => message,
  )
}

test('a server that cannot revoke access tokens, as most cannot when they are JWTs, has done all that a logout asks of it', async () => {
  expect(await revoke({ refresh_token: 200, access_token: 400 })).toBe('access_token,refresh_token')
})

test.each([
  [{ refresh_token: 400, access_token: 200 }, '400'],
  [{ refresh_token: 200, access_token: 503 }, '503'],
  [{ refresh_token: 200, access_token: 401 }, '401'],
])('any other refusal of a revocation is told: %o', async (answers, status) => {
  expect(await revoke(answers)).toContain(status)
})
