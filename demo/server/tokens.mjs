import { randomBytes, randomUUID } from 'node:crypto'
import { errors, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { unauthorized } from './refusal.mjs'

export const ALGORITHMS = ['HS256', 'RS256']

const makeKeys = async (alg) => {
  const kid = randomUUID()
  if (alg === 'HS256') {
    const secret = randomBytes(32)
    return { kid, sign: secret, verify: secret, jwks: { keys: [] } }
  }
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = await exportJWK(publicKey)
  return { kid, sign: privateKey, verify: publicKey, jwks: { keys: [{ ...jwk, kid, alg, use: 'sig' }] } }
}

const seconds = (ms) => `${Math.max(1, Math.round(ms / 1000))} s`

/** Signs access tokens, verifies them, and remembers which ones are still wanted. */
export const createTokens = async ({ alg, issuer, audience }) => {
  const keys = await makeKeys(alg)
  /** jti → { family, expiresAt }, so that a token can be taken back before it expires. */
  const live = new Map()

  const sign = async ({ user, family, clientId, lifetime }) => {
    const now = Date.now()
    const jti = randomUUID()
    const expiresAt = now + lifetime * 1000
    for (const [other, token] of live) if (token.expiresAt < now - 60_000) live.delete(other)
    live.set(jti, { family, expiresAt })
    const accessToken = await new SignJWT({ name: user.name, client_id: clientId, scope: 'api', sid: family })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: keys.kid })
      .setIssuer(issuer())
      .setAudience(audience())
      .setSubject(user.id)
      .setJti(jti)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.ceil(expiresAt / 1000))
      .sign(keys.sign)
    return { accessToken, expiresAt }
  }

  /** @throws {Refusal} 401 with the reason */
  const verify = async (token) => {
    let payload
    try {
      // The list below knows the expiry to the millisecond; the claims only know it to the second.
      ;({ payload } = await jwtVerify(token, keys.verify, { algorithms: [alg], issuer: issuer(), audience: audience(), clockTolerance: 1 }))
    } catch (problem) {
      throw unauthorized(reasonOf(problem))
    }
    const known = live.get(payload.jti)
    if (!known) throw unauthorized('The server no longer accepts this token: it was revoked.')
    const over = Date.now() - known.expiresAt
    if (over >= 0) throw unauthorized(`The token expired ${seconds(over)} ago.`)
    return payload
  }

  const reasonOf = (problem) => {
    if (problem instanceof errors.JWTExpired) return `The token expired ${seconds(Date.now() - problem.payload.exp * 1000)} ago.`
    if (problem instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.'
    if (problem instanceof errors.JWTClaimValidationFailed) return `The claim ${problem.claim} is not what this server expects.`
    if (problem instanceof errors.JOSEAlgNotAllowed) return `The token is not signed with ${alg}.`
    return 'That is not a token of this server.'
  }

  return {
    jwks: keys.jwks,
    sign,
    verify,
    forgetFamily: (family) => {
      for (const [jti, token] of live) if (token.family === family) live.delete(jti)
    },
    forgetAll: () => live.clear(),
    forget: (jti) => live.delete(jti),
  }
}
