import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Refusal } from './refusal.mjs'

export const hashOf = (token) => createHash('sha256').update(token).digest('base64url')

const invalidGrant = (description) => new Refusal(400, 'invalid_grant', description)

/**
 * Refresh tokens. Every login starts a family; every refresh spends one token and issues the next. A spent token
 * that comes back revokes the whole family (RFC 9700 §4.14.2), except within the grace window, where it gets the
 * answer it got before: the first one may have been lost on the way. Only hashes are kept.
 */
export const createFamilies = ({ grace, lifetime, onRevoke }) => {
  /** hash → { family, expiresAt, spentAt?, answer?, key?, client? } */
  const tokens = new Map()
  const families = new Set()

  const issue = (family) => {
    const now = Date.now()
    for (const [hash, token] of tokens) if (token.expiresAt < now) tokens.delete(hash)
    const token = randomBytes(32).toString('base64url')
    family.expiresAt = now + lifetime * 1000
    tokens.set(hashOf(token), { family, expiresAt: family.expiresAt })
    return token
  }

  const revoke = (family) => {
    if (family.revoked) return false
    family.revoked = true
    families.delete(family)
    onRevoke(family)
    return true
  }

  /** The live token of that text. @throws {Refusal} */
  const find = (refreshToken, clientId) => {
    const token = tokens.get(hashOf(refreshToken))
    if (!token) throw invalidGrant('The refresh token is unknown here.')
    if (token.family.revoked) throw invalidGrant('The session of this refresh token was ended.')
    if (token.expiresAt < Date.now()) throw invalidGrant('The refresh token has expired.')
    if (token.family.clientId !== clientId) throw invalidGrant('The refresh token was issued to another client.')
    return token
  }

  return {
    start(user, clientId) {
      const family = { id: randomUUID().slice(0, 8), user, clientId, rotations: 0, revoked: false }
      families.add(family)
      return { family, refreshToken: issue(family) }
    },

    find: (refreshToken, clientId) => find(refreshToken, clientId).family,

    /** Whether the session could still be refreshed. */
    isLive: (id) => [...families].some((family) => family.id === id && family.expiresAt > Date.now()),

    /**
     * Spends a token for `answer(family, successor)`, called once however often the same token comes.
     * `twice`: it came back, and not as a retry, which has the same key and a client that no longer waits.
     */
    rotate(refreshToken, { clientId, key, client, answer }) {
      const token = find(refreshToken, clientId)
      const { family } = token
      const twice = token.spentAt !== undefined && (key === undefined || key !== token.key || token.client.waits)
      token.client = client
      if (token.spentAt === undefined) {
        token.spentAt = Date.now()
        token.key = key
        family.rotations++
        token.answer = answer(family, issue(family))
        return { outcome: 'rotated', family, twice, answer: token.answer }
      }
      const ago = Date.now() - token.spentAt
      if (grace > 0 && ago <= grace * 1000) {
        return { outcome: 'repeated', family, twice, answer: token.answer, sameKey: key !== undefined && key === token.key }
      }
      revoke(family)
      return { outcome: 'reused', family, twice, problem: invalidGrant('The refresh token was used before: the session is ended for safety.') }
    },

    /** Ends the family of a refresh token; answers with it, or nothing. */
    end(refreshToken) {
      const family = tokens.get(hashOf(refreshToken))?.family
      return family && revoke(family) ? family : undefined
    },

    endAll: () => [...families].filter(revoke).length,
  }
}
