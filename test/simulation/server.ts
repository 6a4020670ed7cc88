import type { CookieSessionResponse, TokenResponse } from '../../src/types.js'
import type { Field, Setup } from './history.js'
import type { Incoming, Tab } from './platform.js'

/** One login, and all that came of it by rotation. */
export interface Family {
  number: number
  user: string
  revoked: boolean
  revokedBy?: 'reuse' | 'client' | 'admin' | 'login'
  current: string
  /** When the cookie of a session that the server keeps has to be renewed. */
  renewBy: number
  /** The last one, how often it was renewed. */
  accessToken: string
  renewals: number
  /** Every token it ever was given. */
  tokens: string[]
  /** Spent refresh tokens, and the answer each got. */
  spent: Map<string, { at: number; answer: Record<string, unknown> }>
}

export interface Faults {
  /** Of the token endpoint, each for the next `n` requests. */
  dropBefore: number
  dropAfter: number
  /** Delivered twice, as Chromium does when a kept connection dies. */
  duplicate: number
  mask: { how: 'html' | 'null' | 'names' | 'gateway' | 'cors'; times: number } | undefined
  status: { code: number; times: number; headers?: Record<string, string>; body?: string } | undefined
  /** Milliseconds on the way there, and on the way back. */
  there: number
  back: number
}

/** One request to the token endpoint. */
export interface Sent {
  tab: Tab
  at: number
  refreshToken: string
  key: string | null
  family: Family | undefined
  /** What the tab took for its session, where the browser chose which one was sent. */
  meant?: Family | undefined
  /** The refresh token in the answer, or in its cookie. */
  issued?: string | undefined
  /** When its answer arrived, or its loss was felt. */
  settled?: number
  outcome?: 'answered' | 'lost'
  /** Of the answer, also if it never arrived. */
  status?: number
  /** The answer was the fault's and not the server's. */
  rubbish?: boolean
  /** The same, and with the tokens in cookies nothing in it tells so. */
  plausible?: boolean
  /** The server did its work, and what came of it was something else. */
  masked?: boolean
  /** The answer says that nobody is signed in. */
  nobody?: boolean
  /** It met a token that was spent too long ago. */
  reuse?: boolean
  duplicated?: boolean
  /** Milliseconds, as the answer asked for. */
  retryAfter?: number
}

/** One request to the API. */
export interface Called {
  tab: Tab
  at: number
  token: string | undefined
  url: string
  method: string
  body: string
  status: number
}

/** An authorization server and an API in one, on the virtual clock. */
export interface Server {
  lifetime: number
  scheme: Setup['scheme']
  /** The one that the browser keeps for all tabs: names a session, or holds its refresh token. Set and cleared as answers arrive. */
  cookie: string | undefined
  /** What a tab shows: its session, and which answer that came with. */
  shownBy(tab: Tab): { family: Family | undefined; renewal: string }
  /** How long a spent refresh token is answered as it was the first time; later, its whole family is revoked. */
  grace: number
  omitRefreshToken: boolean
  faults: Faults
  tokens: Field['tokens']
  onSent?: (sent: Sent) => void
  tokenRequests: Sent[]
  revoked: string[]
  /** The same, with whose it was. */
  revocations: { family: Family | undefined; tab: Tab }[]
  /** What the API saw: the bearer token of each request, or nothing. */
  apiRequests: Called[]
  /** The same when it left the tab. */
  attached: { tab: Tab; at: number; token: string; url: string; cookieOf?: Family }[]
  families: Family[]
  familyOf(token: string): Family | undefined
  userOf(token: string): string | undefined
  login(user: string): { access_token: string; refresh_token: string; expires_in: number; token_type: string }
  /** The same where the server keeps tokens in cookies: what the page gets to see of it. */
  loginByCookie(user: string): { family: Family; answer: CookieSessionResponse | TokenResponse }
  expireAll(): void
  fetch(tab: Tab, request: Incoming, body?: string): Promise<Response>
  /** What an access token shows of itself. */
  claims(family: Family): Record<string, unknown>
  respond(body: string, init: { status: number; headers?: Record<string, string> }): Response
}

/** Any four letters of it in a row betray a part of a token. */
const SECRET = 'SECRETSECRET'

export const createServer = (now: () => number, lifetime = 300_000, grace = 30_000): Server => {
  let serial = 0
  const access = new Map<string, { family: Family; expires: number }>()
  const families = new Map<string, Family>()

  /** The id token looks like a JWT, so that a tab can show whose it is. */
  const renewalOf = (family: Family) => {
    family.renewBy = now() + server.lifetime
    const idToken = `e30.${btoa(JSON.stringify(server.claims(family)))}.at-${SECRET}-${++serial}-`
    for (const token of [idToken, idToken.split('.')[2]!]) families.set(token, family)
    family.tokens.push(idToken)
    return { expires_in: server.lifetime / 1000, id_token: idToken }
  }
  const answerOf = (family: Family) => {
    const held = access.get(family.accessToken)
    // Down to a second, a few times, and from there to the whole again.
    const halvings = family.renewals % Math.ceil(Math.log2(server.lifetime / 1000) + 3)
    const lifetime = server.tokens === 'shrinking' ? Math.max(1000, server.lifetime / 2 ** halvings) : server.lifetime
    family.renewals++
    const left = held ? held.expires - now() : 0
    const same = !!held && (server.tokens === 'prolonged' || (server.tokens === 'cached' && left > 0))
    // Looks like a JWT, so that a tab can show whose it is.
    const accessToken = same ? family.accessToken : `e30.${btoa(JSON.stringify(server.claims(family)))}.at-${SECRET}-${++serial}-`
    const refreshToken = `rt-${SECRET}-${++serial}-`
    const expires = same && server.tokens === 'cached' ? held.expires : now() + lifetime
    access.set(accessToken, { family, expires })
    family.accessToken = accessToken
    for (const token of [accessToken, accessToken.split('.')[2]!, refreshToken]) families.set(token, family)
    family.tokens.push(accessToken, refreshToken)
    family.current = refreshToken
    return {
      access_token: accessToken,
      expires_in: server.tokens ? Math.floor((expires - now()) / 1000) : lifetime / 1000,
      token_type: 'Bearer',
      ...(!server.omitRefreshToken && { refresh_token: refreshToken }),
    }
  }
  const json = (value: unknown, status: number) =>
    server.respond(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } })
  const refused = () => (server.scheme === 'cookie' ? json({ error: 'no_session' }, 401) : json({ error: 'invalid_grant' }, 400))
  const revoke = (family: Family, by: NonNullable<Family['revokedBy']>) => {
    if (family.revoked) return
    family.revoked = true
    family.revokedBy = by
  }

  const issue = ({ refresh_token, ...tokens }: Record<string, unknown>, sent: Sent) => {
    sent.issued = refresh_token as string | undefined
    return json({ ...tokens, ...(server.scheme === 'bearer' && { refresh_token }) }, 200)
  }

  /** What comes of an answer on its way through gateways, and of what servers do that were written for another client. */
  const maskedAnswer = (how: string, sent: Sent, answered: () => { response: Response; cookie: { value: string | undefined } | undefined }) => {
    if (how === 'html' || how === 'null') {
      sent.rubbish = true
      sent.nobody = how === 'null' && server.scheme === 'cookie'
      return { response: server.respond(how === 'null' ? 'null' : '<!doctype html><title>Sign in</title>', { status: 200 }), cookie: undefined }
    }
    const { response, cookie } = answered()
    // What a server calls the members is all the same where the page gets none.
    if (how === 'cors' || (how === 'names' && server.scheme === 'cookie')) return { response, cookie }
    if (how === 'gateway') {
      sent.masked = response.status === 200
      return { response: server.respond('', { status: 502 }), cookie }
    }
    if (response.status !== 200) return { response, cookie }
    sent.masked = true
    const { tokens } = sent.family!
    return { response: server.respond(JSON.stringify({ accessToken: tokens.at(-2), refreshToken: tokens.at(-1), expiresIn: 60 }), { status: 200 }), cookie }
  }

  const answer = (given: string, sent: Sent): Response => {
    const { family } = sent
    if (!family || family.revoked) return refused()
    // Never sets the cookie anew: a late answer would put it in the place of a later session's.
    if (server.scheme === 'cookie') return json(renewalOf(family), 200)
    const former = family.spent.get(given)
    if (former) {
      if (now() - former.at <= server.grace) {
        if (server.tokens !== 'cached') access.get(former.answer.access_token as string)!.expires = now() + server.lifetime
        return issue(former.answer, sent)
      }
      sent.reuse = true
      revoke(family, 'reuse')
      return refused()
    }
    const fresh = answerOf(family)
    if (server.omitRefreshToken) family.current = given
    else family.spent.set(given, { at: now(), answer: fresh })
    return issue(fresh, sent)
  }

  const server: Server = {
    lifetime, grace, omitRefreshToken: false,
    scheme: 'bearer', cookie: undefined, shownBy: () => ({ family: undefined, renewal: '' }),
    faults: { dropBefore: 0, dropAfter: 0, duplicate: 0, mask: undefined, status: undefined, there: 20, back: 20 },
    tokens: undefined, tokenRequests: [], revoked: [], revocations: [], apiRequests: [], attached: [], families: [],
    familyOf: (token) => families.get(token),
    userOf: (token) => families.get(token)?.user,
    login(user) {
      const family: Family = { number: server.families.length, user, revoked: false, current: '', renewBy: 0, accessToken: '', renewals: 0, tokens: [], spent: new Map() }
      server.families.push(family)
      const omit = server.omitRefreshToken
      server.omitRefreshToken = false
      const answer = answerOf(family)
      server.omitRefreshToken = omit
      return answer as ReturnType<Server['login']>
    },
    loginByCookie(user) {
      // Whoever was here before is gone.
      const former = families.get(server.cookie ?? '')
      if (former) revoke(former, 'login')
      const { refresh_token, ...tokens } = server.login(user)
      const family = families.get(refresh_token)!
      server.cookie = refresh_token
      return { family, answer: server.scheme === 'mixed' ? tokens : renewalOf(family) }
    },
    expireAll() {
      for (const each of access.values()) each.expires = 0
      for (const family of server.families) family.renewBy = 0
    },
    claims: ({ user }) => ({ sub: user }),
    respond: (body, init) => new Response(body, init),

    fetch(tab, request, text) {
      const { world } = tab.browser
      const { faults } = server
      const sentAt = world.time
      return new Promise((resolve, reject) => {
        let sent: Sent | undefined
        let settled = false
        const settle = (how: () => void, outcome: 'answered' | 'lost') => {
          if (settled) return
          settled = true
          tab.inFlight.delete(lose)
          if (sent) {
            sent.settled = world.time
            sent.outcome = outcome
          }
          how()
        }
        const lose = (error: unknown) => settle(() => reject(error), 'lost')
        const lost = (delay: number) => world.schedule(tab, delay, () => lose(new TypeError('Failed to fetch')))
        if (request.signal.aborted) return lose(request.signal.reason)
        request.signal.addEventListener('abort', () => lose(request.signal.reason), { once: true })
        tab.inFlight.add(lose)

        /** At the server, unless its page went first. */
        const arrive = (delay: number, work: () => void) =>
          world.schedule(undefined, delay, () => {
            if (!(tab.dead && !request.keepalive && world.random() < 0.5)) work()
          })
        const reply = (delay: number, response: Response, cookie?: { value: string | undefined }) => {
          // The browser keeps cookies, not the page: a frozen one gets them too.
          if (cookie) world.schedule(undefined, delay, () => (settled || (tab.dead && !request.keepalive) ? {} : (server.cookie = cookie.value)))
          world.schedule(tab, delay, () => settle(() => resolve(response), 'answered'))
        }
        const parse = (body: string) => (body.startsWith('{') ? new URLSearchParams(JSON.parse(body) as Record<string, string>) : new URLSearchParams(body))
        const given = (parameter: string, body: string) => (server.scheme === 'bearer' ? parse(body).get(parameter)! : (server.cookie ?? ''))
        /** Cookies come by themselves; the header says that the page meant it. */
        const meant = server.scheme === 'bearer' || request.headers.has('X-CSRF')

        const receiveToken = (body: string) => {
          const token = given('refresh_token', body)
          const now = (sent = {
            tab, at: sentAt, refreshToken: token, key: request.headers.get('Idempotency-Key'), family: families.get(token),
          } as Sent)
          if (server.scheme !== 'bearer') {
            const { family, renewal } = server.shownBy(tab)
            sent.meant = family
            // What is renewed once only. Without a session of its own, a page asks whether there is one.
            sent.refreshToken = `${server.scheme === 'mixed' ? token : ''} of ${renewal}`
          }
          server.tokenRequests.push(now)
          server.onSent?.(now)
          if (tab.offline) return void lost(1)
          if (faults.dropBefore > 0) return void (faults.dropBefore--, lost(faults.there))
          const drop = faults.dropAfter > 0 && faults.dropAfter--
          const { status, mask } = faults
          const masking = mask && mask.times > 0 && mask.times-- ? mask.how : undefined
          const failing = status && status.times > 0 && status.times--
          now.duplicated = faults.duplicate > 0 && !!faults.duplicate--
          const { back } = faults
          const answered = () => {
            const response = meant ? answer(token, now) : refused()
            if (server.scheme !== 'mixed' || response.status !== 200) return { response, cookie: undefined }
            return { response, cookie: { value: now.issued } }
          }
          arrive(faults.there, () => {
            const { response, cookie } = masking
              ? maskedAnswer(masking, now, answered)
              : failing
              ? { response: server.respond(status!.body ?? '', { status: status!.code, headers: status!.headers ?? {} }), cookie: undefined }
              : answered()
            now.status = response.status
            if (failing && !masking) {
              now.rubbish = true
              now.plausible = server.scheme === 'cookie' && response.status === 200 && (!status!.body || status!.body === '{}')
            }
            const asked = response.headers.get('Retry-After')
            if (asked && /^(408|425|429|5..)$/.test(String(response.status))) now.retryAfter = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - tab.platform.now()
            if (drop || masking === 'cors') lost(back)
            else if (!now.duplicated) reply(back, response, cookie)
            // The first answer goes down with its connection; the second is the one that comes.
            else {
              world.schedule(undefined, 50, () => {
                const second = failing || masking ? { response, cookie } : answered()
                now.status = second.response.status
                reply(back, second.response, second.cookie)
              })
            }
          })
        }
        const receiveRevocation = (body: string) => {
          if (tab.offline) return void lost(1)
          const token = given('token', body)
          arrive(20, () => {
            const family = families.get(token)
            server.revoked.push(token)
            server.revocations.push({ family, tab })
            // A grant goes with its refresh token (RFC 7009 §2.1).
            if (!access.delete(token) && family) revoke(family, 'client')
            // Also when it is late, and the cookie is that of a later session: no answer can say which one it means.
            reply(20, server.respond('', { status: 200 }), server.scheme === 'bearer' ? undefined : { value: undefined })
          })
        }
        const receiveCall = (body: string, pathname: string) => {
          const bearer = request.headers.get('Authorization')?.replace('Bearer ', '')
          if (server.scheme === 'cookie') return receiveWithCookie(body, pathname)
          if (bearer) server.attached.push({ tab, at: sentAt, token: bearer, url: request.url })
          if (tab.offline) return void lost(1)
          arrive(20, () => {
            const entry = access.get(bearer ?? '')
            const status = entry && entry.expires > now() && !entry.family.revoked && pathname !== '/always401' ? 200 : 401
            server.apiRequests.push({ tab, at: sentAt, token: bearer, url: request.url, method: request.method, body, status })
            reply(20, server.respond(entry?.family.user ?? '', { status }))
          })
        }
        const receiveWithCookie = (body: string, pathname: string) => {
          const family = families.get(server.cookie ?? '')
          const token = meant ? (server.shownBy(tab).family?.tokens[0] ?? '') : undefined
          if (token !== undefined) server.attached.push({ tab, at: sentAt, token, url: request.url, ...(family && { cookieOf: family }) })
          if (tab.offline) return void lost(1)
          arrive(20, () => {
            const live = family && !family.revoked && family.renewBy > now() && pathname !== '/always401'
            const status = !meant ? 403 : live ? 200 : 401
            server.apiRequests.push({ tab, at: sentAt, token, url: request.url, method: request.method, body, status })
            reply(20, server.respond(family?.user ?? '', { status }))
          })
        }
        const receive = (body: string) => {
          const { pathname } = new URL(request.url)
          if (pathname === '/oauth/token') receiveToken(body)
          else if (pathname === '/oauth/revoke') receiveRevocation(body)
          else receiveCall(body, pathname)
        }
        if (text !== undefined || !request.body) receive(text ?? '')
        else void request.text!().then(receive)
      })
    },
  }
  return server
}
