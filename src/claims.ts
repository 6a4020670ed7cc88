import { jwtDecode } from 'jwt-decode'

/** jwt-decode took 4.7 s for a payload of 5 MB; no real token is near this. */
const LONGEST_TOKEN = 65_536

/** The claims of a JWT, unverified; `undefined` for anything else. Never throws. */
export const decodeClaims = (token = ''): Record<string, unknown> | undefined => {
  if (token.length > LONGEST_TOKEN) return
  try {
    const claims: unknown = jwtDecode(token)
    if (claims && typeof claims === 'object' && !Array.isArray(claims)) return claims as Record<string, unknown>
  } catch {
    // Opaque or encrypted (RFC 9068 §6): as good a token as any.
  }
  return undefined
}
