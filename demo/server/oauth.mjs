import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { hashOf } from './families.mjs'
import { withFaults } from './faults.mjs'
import { flag, readForm, readInput, text } from './input.mjs'
import { Refusal, route } from './refusal.mjs'
import { findUser } from './users.mjs'

const CLIENT = 'demo'
/** Holds the refresh token where no script can read it, for pages that keep only the access token. */
const COOKIE = 'refresh_token'

const requireClient = (clientId) => {
  if (clientId !== CLIENT) throw new Refusal(401, 'invalid_client', `The client ${clientId.slice(0, 40)} is unknown here; it is called ${CLIENT}.`)
}

/** Whether somebody still waits for the answer to this request. */
const clientOf = (c) => {
  const { outgoing } = c.env
  const client = { waits: true, gone: () => {} }
  outgoing.once('close', () => {
    client.waits = false
    if (!outgoing.writableFinished) client.gone()
  })
  return client
}

/** Login, the token endpoint (RFC 6749 §5, §6), revocation (RFC 7009) and the keys (RFC 7517). */
export const mountOAuth = (app, { state, tokens, families }) => {
  const noStore = (c) => c.header('Cache-Control', 'no-store')

  const sign = async (family, refreshToken) => ({
    ...(await tokens.sign({ user: family.user, family: family.id, clientId: family.clientId, lifetime: state.faults.lifetime ?? state.lifetime })),
    refreshToken,
  })

  const cookieOptions = (c) => ({ path: '/', sameSite: 'Strict', httpOnly: true, secure: new URL(c.req.url).protocol === 'https:' })

  const answerWith = (c, { accessToken, expiresAt, refreshToken }, inCookie = false) => {
    noStore(c)
    if (inCookie && refreshToken) setCookie(c, COOKIE, refreshToken, { ...cookieOptions(c), maxAge: state.refreshLifetime })
    return c.json({
      access_token: accessToken,
      token_type: 'Bearer',
      // Of a repeated answer some of the lifetime is gone.
      ...(!state.faults.omitExpiresIn && { expires_in: Math.max(0, Math.round((expiresAt - Date.now()) / 100) / 10) }),
      ...(refreshToken && !inCookie && { refresh_token: refreshToken }),
      scope: 'api',
    })
  }

  const login = async (c) => {
    const input = await readInput(c.req.raw)
    const user = findUser(text(input, 'user'), text(input, 'password'))
    if (!user) throw new Refusal(401, 'wrong_credentials', 'That user and password do not go together.')
    const clientId = text(input, 'client_id', { optional: true }) ?? CLIENT
    requireClient(clientId)
    const inCookie = flag(input, 'refresh_cookie')
    const former = getCookie(c, COOKIE)
    // A refresh of the former user that is answered late must find nothing to go on with.
    if (inCookie && former) families.end(former)
    const { family, refreshToken } = families.start(user, clientId)
    state.logins++
    state.note('login', `${user.name} logged in; family ${family.id} begins.`)
    return answerWith(c, await sign(family, refreshToken), inCookie)
  }

  const refresh = async (c, form, inCookie) => {
    const refreshToken = text(form, 'refresh_token')
    const clientId = text(form, 'client_id')
    requireClient(clientId)
    const scope = text(form, 'scope', { optional: true })
    if (scope && scope !== 'api') throw new Refusal(400, 'invalid_scope', 'The only scope here is api.')
    if (state.faults.omitRefreshToken) return answerWith(c, await sign(families.find(refreshToken, clientId)))

    const key = c.req.header('Idempotency-Key')
    const client = clientOf(c)
    const { outcome, family, twice, answer, sameKey, problem } = families.rotate(refreshToken, { clientId, key, client, answer: sign })
    client.gone = () => state.note('gone', `The answer did not reach ${family.user.name}: the connection was cut.`)
    if (twice) state.spentTwice++
    if (outcome === 'reused') {
      state.reuses++
      state.note('reuse', `A spent refresh token of ${family.user.name} came back: family ${family.id} is revoked.`)
      throw problem
    }
    if (outcome === 'repeated') {
      state.repeats++
      state.note('repeat', `The same refresh token of ${family.user.name} again${sameKey ? ', same key' : ''}: the same answer again.`)
    } else {
      state.rotations++
      state.note('refresh', `${family.user.name} refreshed: token ${family.rotations + 1} of family ${family.id}.`)
    }
    return answerWith(c, await answer, inCookie)
  }

  const formOfCookie = (c) => {
    const refresh_token = getCookie(c, COOKIE)
    if (!refresh_token) throw new Refusal(400, 'invalid_grant', `There is no cookie ${COOKIE}: log in.`)
    return { grant_type: 'refresh_token', client_id: CLIENT, refresh_token }
  }

  const token = (inCookie) => async (c) => {
    const read = async () => (inCookie ? formOfCookie(c) : readForm(c.req.raw))
    // Counted as the faults for it are looked up: whoever has seen the count may change them for the next.
    const form = await read().finally(() => state.tokenRequests++)
    if (form.refresh_token) state.saw(hashOf(form.refresh_token))
    const run = async () => {
      if (text(form, 'grant_type') !== 'refresh_token') {
        throw new Refusal(400, 'unsupported_grant_type', 'The only grant type here is refresh_token.')
      }
      return refresh(c, form, inCookie)
    }
    const noted = async () => {
      try {
        return await run()
      } catch (problem) {
        if (problem.error !== 'invalid_grant' || !problem.message.includes('before')) state.note('refused', `A refresh was refused. ${problem.message}`)
        throw problem
      }
    }
    return withFaults(c, state.faults, noted)
  }

  const revoke = (inCookie) => async (c) => {
    const form = inCookie ? { token: formOfCookie(c).refresh_token } : await readForm(c.req.raw)
    const value = text(form, 'token')
    if (inCookie) deleteCookie(c, COOKIE, cookieOptions(c))
    requireClient(text(form, 'client_id', { optional: true }) ?? CLIENT)
    state.revocations++
    const family = families.end(value)
    if (family) state.note('revoke', `${family.user.name} logged out: family ${family.id} is revoked.`)
    else await tokens.verify(value).then(({ jti }) => tokens.forget(jti), () => {})
    // Also for a token that means nothing here (RFC 7009 §2.2).
    noStore(c)
    return c.body(null, 200)
  }

  route(app, '/login', { POST: login })
  route(app, '/oauth/token', { POST: token(false) })
  route(app, '/oauth/revoke', { POST: revoke(false) })
  route(app, '/oauth/cookie/token', { POST: token(true) })
  route(app, '/oauth/cookie/revoke', { POST: revoke(true) })
  route(app, '/.well-known/jwks.json', { GET: (c) => c.json(tokens.jwks) })
}
