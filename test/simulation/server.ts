import type { Tab } from './platform.js'

export interface Family {
  user: string
  revoked: boolean
  current: string
  /** Every token it ever was given. */
  tokens: string[]
  /** Spent refresh tokens, and the answer each got. */
  spent: Map<string, { at: number; answer: Record<string, unknown> }>
}

export interface Faults {
  /** Of the token endpoint, each for the next `n` requests. */
  dropBefore: number
  dropAfter: number
  status: { code: number; times: number; headers?: Record<string, string>; body?: string } | undefined
  /** Milliseconds on the way there, and on the way back. */
  there: number
  back: number
}

export interface Sent {
  tab: Tab
  at: number
  refreshToken: string
  key: string | null
  /** When its answer arrived, or its loss was felt. */
  settled?: number
  outcome?: 'answered' | 'lost'
  /** Of the answer, also if it never arrived. */
  status?: number
  /** A 200 that cannot be read. */
  rubbish?: boolean
}

/** An authorization server and an API in one, on the virtual clock. */
export interface Server {
  lifetime: number
  grace: number
  omitRefreshToken: boolean
  faults: Faults
  tokenRequests: Sent[]
  revoked: string[]
  /** What the API saw: the bearer token of each request, or nothing. */
  apiRequests: { tab: Tab; at: number; token: string | undefined; url: string; method: string; body: string; status: number }[]
  families: Family[]
  familyOf(accessToken: string): Family | undefined
  userOf(accessToken: string): string | undefined
  login(user: string): { access_token: string; refresh_token: string; expires_in: number; token_type: string }
  expireAll(): void
  fetch(tab: Tab, request: Request, body?: string): Promise<Response>
}

export const createServer = (now: () => number, lifetime = 300_000, grace = 30_000): Server => {
  let serial = 0
  const access = new Map<string, { user: string; family: Family; expires: number }>()

  const answerOf = (family: Family) => {
    // Looks like a JWT, so that a tab can show whose it is.
    const accessToken = `e30.${btoa(JSON.stringify({ sub: family.user }))}.at-SECRET-${++serial}-`
    const refreshToken = `rt-SECRET-${++serial}-`
    access.set(accessToken, { user: family.user, family, expires: now() + server.lifetime })
    family.tokens.push(accessToken, refreshToken)
    family.current = refreshToken
    return {
      access_token: accessToken,
      expires_in: server.lifetime / 1000,
      token_type: 'Bearer',
      ...(!server.omitRefreshToken && { refresh_token: refreshToken }),
    }
  }
  const refused = () => Response.json({ error: 'invalid_grant' }, { status: 400 })

  const token = (form: URLSearchParams): Response => {
    const given = form.get('refresh_token')!
    const family = server.families.find((each) => each.current === given || each.spent.has(given))
    if (!family || family.revoked) return refused()
    const former = family.spent.get(given)
    if (former) {
      if (now() - former.at <= server.grace) return Response.json(former.answer)
      family.revoked = true
      return refused()
    }
    const answer = answerOf(family)
    if (server.omitRefreshToken) family.current = given
    else family.spent.set(given, { at: now(), answer })
    return Response.json(answer)
  }

  const server: Server = {
    lifetime, grace, omitRefreshToken: false,
    faults: { dropBefore: 0, dropAfter: 0, status: undefined, there: 20, back: 20 },
    tokenRequests: [], revoked: [], apiRequests: [], families: [],
    familyOf: (accessToken) => access.get(accessToken)?.family,
    userOf: (accessToken) => access.get(accessToken)?.user,
    login(user) {
      const family: Family = { user, revoked: false, current: '', tokens: [], spent: new Map() }
      server.families.push(family)
      const omit = server.omitRefreshToken
      server.omitRefreshToken = false
      const answer = answerOf(family)
      server.omitRefreshToken = omit
      return answer as ReturnType<Server['login']>
    },
    expireAll() {
      for (const each of access.values()) each.expires = 0
    },
    fetch(tab, request, text) {
      const { world } = tab.browser
      const { faults } = server
      const sentAt = world.time
      return new Promise((resolve, reject) => {
        const lost = (delay: number) => world.schedule(tab, delay, () => settle(() => reject(new TypeError('Failed to fetch')), 'lost'))
        let sent: Sent | undefined
        let settled = false
        const settle = (how: () => void, outcome: 'answered' | 'lost') => {
          if (settled) return
          settled = true
          if (sent) {
            sent.settled = world.time
            sent.outcome = outcome
          }
          how()
        }
        request.signal.addEventListener('abort', () => settle(() => reject(request.signal.reason), 'lost'))
        if (request.signal.aborted) return settle(() => reject(request.signal.reason), 'lost')
        if (tab.offline) return void lost(1)

        const receive = (body: string): void => {
          const { pathname } = new URL(request.url)
          if (pathname === '/oauth/token') {
            const form = new URLSearchParams(body)
            sent = { tab, at: sentAt, refreshToken: form.get('refresh_token')!, key: request.headers.get('Idempotency-Key') }
            server.tokenRequests.push(sent)
            if (faults.dropBefore > 0) return void (faults.dropBefore--, lost(faults.there))
            const drop = faults.dropAfter > 0 && faults.dropAfter--
            const { status } = faults
            const failing = status && status.times > 0 && status.times--
            world.schedule(undefined, faults.there, () => {
              const response = failing
                ? new Response(status!.body ?? '', { status: status!.code, headers: status!.headers ?? {} })
                : token(form)
              sent!.status = response.status
              if (failing) sent!.rubbish = true
              if (drop) lost(faults.back)
              else world.schedule(tab, faults.back, () => settle(() => resolve(response), 'answered'))
            })
            return
          }
          if (pathname === '/oauth/revoke') {
            const given = new URLSearchParams(body).get('token')!
            world.schedule(undefined, 20, () => {
              server.revoked.push(given)
              for (const family of server.families) {
                if (family.current === given || family.spent.has(given)) family.revoked = true
              }
              access.delete(given)
              world.schedule(tab, 20, () => settle(() => resolve(new Response()), 'answered'))
            })
            return
          }
          const bearer = request.headers.get('Authorization')?.replace('Bearer ', '')
          world.schedule(undefined, 20, () => {
            const entry = access.get(bearer ?? '')
            const status = entry && entry.expires > now() && !entry.family.revoked && pathname !== '/always401' ? 200 : 401
            server.apiRequests.push({ tab, at: sentAt, token: bearer, url: request.url, method: request.method, body, status })
            world.schedule(tab, 20, () => settle(() => resolve(new Response(entry?.user ?? '', { status })), 'answered'))
          })
        }
        const { body } = request
        if (text !== undefined || !body) receive(text ?? '')
        else void request.text().then(receive)
      })
    },
  }
  return server
}
