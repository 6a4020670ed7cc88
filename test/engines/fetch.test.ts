import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Front, type Recorder, scenes, signIn, startFront, startRecorder, type Tab, until } from '../support/index.js'

type Probes = Record<string, (fetch: typeof globalThis.fetch, url: string) => Promise<unknown>>
declare global {
  var probes: { inputs: Probes; failures: Probes; answers: Probes; aborts: Probes; bodies: Record<string, () => BodyInit> } & {
    failing(probe: Probes[string], fetch: typeof globalThis.fetch, url: string): Promise<string>
    requestMembers(request: Request): Record<string, unknown>
  }
}

const refused = new Set<string>()

const answer = (request: IncomingMessage, response: ServerResponse) => {
  const { url = '' } = request
  if (url.endsWith('/cut')) return void request.socket.destroy()
  if (url.endsWith('/never')) return
  if (url.endsWith('/redirect')) return void response.writeHead(302, { Location: '/landed' }).end()
  if (url.endsWith('/stream')) return void response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).write('first')
  if (url.startsWith('/once/') && !refused.has(url)) {
    refused.add(url)
    response.statusCode = 401
  }
  response.end('hello')
}

// The same call twice, once native and once wrapped, and the two are compared: what is right is what the engine does.
scenes('It is still fetch', (scene) => {
  let server: Recorder
  let front: Front
  let tab: Tab
  beforeAll(async () => {
    server = await startRecorder(answer)
    front = await startFront(scene.site)
  })
  beforeEach(async () => {
    server.requests.length = 0
    tab = await scene.open({ site: front.at('localhost') })
    await tab.evaluate(async () => {
      globalThis.probes = (await load('/fetch-probes.js')) as typeof probes
    })
    await signIn(tab, { origins: [server.url], unauthorizedCooldown: 1 })
  })
  afterAll(() => Promise.all([server?.close(), front?.close()]))

  const boundary = /-{4,}[\w-]+/g
  /** What the server got under a path, but for what must differ. */
  const seenAt = (path: string) =>
    server.requests
      .filter((request) => request.method !== 'OPTIONS' && request.path === path)
      .map(({ method, headers: { authorization, connection, 'content-length': _, 'content-type': type, ...headers }, body }) => ({
        method, authorized: authorization !== undefined, body: body.replace(boundary, 'BOUNDARY'),
        headers: { ...headers, type: type?.replace(boundary, 'BOUNDARY') },
      }))

  it('R57 C71 C72 C73: every form of input makes the same request, plus the token', async () => {
    const names = await tab.evaluate(async (url) => {
      const { inputs } = probes
      for (const [name, probe] of Object.entries(inputs)) {
        for (const [kind, fetch] of [['native', globalThis.fetch], ['wrapped', session.fetch]] as const) await probe(fetch, `${url}/${kind}/${encodeURIComponent(name)}`)
      }
      return Object.keys(inputs)
    }, server.url)
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      const [native, wrapped] = ['native', 'wrapped'].map((kind) => seenAt(`/${kind}/${encodeURIComponent(name)}`))
      expect(native, name).toHaveLength(1)
      expect(wrapped, name).toEqual([{ ...native![0], authorized: true }])
    }
  })

  it('C72: the underlying fetch is given a Request with every member as the native one would take it, signal included', async () => {
    const { before, after, aborted } = await tab.evaluate(async (url) => {
      const controller = new AbortController()
      const request = new Request(url, {
        method: 'POST', body: 'x', keepalive: true, cache: 'no-store', credentials: 'include', mode: 'cors', redirect: 'error',
        referrer: `${location.href}?r`, referrerPolicy: 'unsafe-url', integrity: 'sha256-AAAA', signal: controller.signal,
      })
      // Native fetch copies the Request it is given; Firefox forgets keepalive in doing so.
      const before = probes.requestMembers(new Request(request.clone()))
      let given: Request | undefined
      await session.wrapFetch(async (input) => {
        given = input as Request
        return new Response()
      })(request)
      controller.abort()
      return { before, after: probes.requestMembers(given!), aborted: given!.signal.aborted }
    }, `${server.url}/members`)
    expect(after).toEqual(before)
    expect(before).toMatchObject({ cache: 'no-store', redirect: 'error', referrerPolicy: 'unsafe-url' })
    expect(aborted).toBe(true)
  })

  it('R57 C78: every body that can be sent twice is replayed byte for byte after a 401, with one token request each', async () => {
    refused.clear()
    const results = await tab.evaluate(async (url) => {
      const results = []
      for (const [name, make] of Object.entries(probes.bodies)) {
        const native = await fetch(`${url}/native/${name}`, { method: 'POST', body: make() })
        const wrapped = await session.fetch(`${url}/once/${name}`, { method: 'POST', body: make(), headers: { 'X-Test': '1' } })
        const request = await session.fetch(new Request(`${url}/once/request-${name}`, { method: 'POST', body: make(), headers: { 'X-Test': '1' } }))
        results.push([name, native.status, wrapped.status, request.status])
      }
      return results
    }, server.url)
    expect(results.length).toBe(6)
    for (const [name, ...statuses] of results) {
      expect(statuses, String(name)).toEqual([200, 200, 200])
      const [native] = seenAt(`/native/${name}`)
      for (const path of [`/once/${name}`, `/once/request-${name}`]) {
        const both = seenAt(path)
        expect(both, path).toHaveLength(2)
        for (const sent of both) expect(sent, path).toEqual({ ...native, authorized: true, headers: { ...native!.headers, 'x-test': '1' } })
      }
    }
    expect(scene.site.state).toMatchObject({ tokenRequests: 2 * results.length, reuses: 0 })
  })

  it('C74: whatever fails is a rejected promise with the native error', async () => {
    const results = await tab.evaluate(async (url) => {
      const { failures, failing } = probes
      const results = []
      for (const [name, probe] of Object.entries(failures)) results.push([name, await failing(probe, fetch, url), await failing(probe, session.fetch, url)])
      return results
    }, server.url)
    for (const [name, native, wrapped] of results) {
      expect(wrapped, name).toBe(native)
      expect(native, name).toMatch(/^rejects/)
    }
  })

  it('C81 C82: the answer is the native one, and begins when the native one does', async () => {
    const results = await tab.evaluate(async (url) => {
      const results = []
      for (const [name, probe] of Object.entries(probes.answers)) results.push([name, await probe(fetch, url), await probe(session.fetch, url)])
      return results
    }, `${server.url}/same`)
    expect(results.length).toBe(7)
    for (const [name, native, wrapped] of results) expect(wrapped, String(name)).toEqual(native)
  })

  it('C75 C77: an abort shows as it does natively, before, during and after', async () => {
    const results = await tab.evaluate(async (url) => {
      const results = []
      for (const [name, probe] of Object.entries(probes.aborts)) results.push([name, await probe(fetch, url), await probe(session.fetch, url)])
      return results
    }, `${server.url}/same`)
    for (const [name, native, wrapped] of results) expect(wrapped, String(name)).toEqual(native)
    expect(results[0]).toEqual(['before the call', 'the reason itself', 'the reason itself'])
  })

  it('R62 C76: an abort while a token is awaited rejects at once, and the refresh goes on for the others', async () => {
    scene.site.state.faults.delayTokenBefore = 3000
    await tab.evaluate(async () => session.setTokens({ ...(await login()), expires_in: 0.001 }))
    const result = await tab.evaluate(async (url) => {
      const reason = { my: 'reason' }
      const controller = new AbortController()
      let done = false
      const other = session.fetch(url).then((response) => ((done = true), response.status))
      const mine = session.fetch(url, { signal: controller.signal }).catch((error) => error === reason)
      setTimeout(() => controller.abort(reason), 300)
      return { isReason: await mine, before: !done, other: await other }
    }, `${server.url}/awaited`)
    expect(result).toEqual({ isReason: true, before: true, other: 200 })
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, rotations: 1 })
    expect(seenAt('/awaited')).toHaveLength(1)
  })

  it('C83: a keepalive call in pagehide reaches its server with the token, to the own origin and to another', async () => {
    await signIn(tab, { origins: [server.url, front.at('localhost')] })
    await tab.evaluate((url) => {
      addEventListener('pagehide', () => {
        for (const each of [`${url}/bye`, '/cookie/bye']) void session.fetch(each, { method: 'POST', keepalive: true, headers: { 'Content-Type': 'application/json' }, body: '{"name":"bye"}' })
      })
    }, server.url)
    await tab.goto(`${front.at('localhost')}/empty.html`)
    await until(() => seenAt('/bye').length > 0 && scene.site.state.log.some(({ path }) => path === '/cookie/bye'))
    expect(seenAt('/bye')).toMatchObject([{ method: 'POST', authorized: true, body: '{"name":"bye"}' }])
    expect(scene.site.state.log.filter(({ path }) => path === '/cookie/bye').map(({ headers }) => headers.authorization)).toEqual([expect.stringMatching(/^Bearer /)])
  })
})
