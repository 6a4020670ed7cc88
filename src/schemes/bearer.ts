import { readTokenResponse } from '../tokens.js'
import type { Scheme, TokenResponse } from '../types.js'

/** `Authorization: Bearer …` (RFC 6750 §2.1). */
export const bearer: Scheme = {
  names: ['authorization'],
  headers: (accessToken) => ({ Authorization: `Bearer ${accessToken}` }),
  read: (response, now) => readTokenResponse(response as TokenResponse, 'Bearer', now),
}
