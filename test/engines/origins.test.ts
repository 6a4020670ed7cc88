import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Front, type Recorder, scenes, signIn, startFront, startRecorder } from '../support/index.js'

scenes('The token goes nowhere else', (scene) => {
  let allowed: Recorder
  let foreign: Recorder
  let front: Front
  beforeAll(async () => {
    foreign = await startRecorder()
    front = await startFront(scene.site)
    allowed = await startRecorder((request, response) => {
      if (request.url === '/away') response.writeHead(307, { Location: `${foreign.url}/landed` }).end()
      else response.end('ok')
    })
  })
  beforeEach(() => {
    allowed.requests.length = foreign.requests.length = 0
  })
  afterAll(() => Promise.all([allowed?.close(), foreign?.close(), front?.close()]))

  const open = async () => {
    // The policy of the site would stop the requests that are to be looked at.
    const tab = await scene.open({ site: front.at('localhost') })
    await tab.evaluate(
      async (origins) => {
        await begin({ origins }).setTokens(await login())
      },
      [allowed.url],
    )
    return tab
  }

  it('R51 C1: an origin that is not listed gets no Authorization header and no preflight', async () => {
    const tab = await open()
    const statuses = await tab.evaluate(
      async (allowed, foreign) => {
        const urls = [`${allowed}/a`, `${foreign}/b`, `${foreign}/c?url=${allowed}`, foreign.replace('localhost', 'api.localhost'), foreign.replace('//', `//${new URL(allowed).host}@`)]
        return Promise.all(urls.map((url) => session.fetch(url, { method: 'POST', body: 'x' }).then((response) => response.status, (error) => error.name)))
      },
      allowed.url, foreign.url,
    )
    expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200])
    expect(allowed.requests.map(({ method, headers }) => [method, headers.authorization?.slice(0, 7)])).toEqual([
      ['OPTIONS', undefined],
      ['POST', 'Bearer '],
    ])
    expect(foreign.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual(Array(foreign.requests.length).fill(['POST', undefined]))
    expect(foreign.requests.length).toBeGreaterThanOrEqual(3)
  })

  it('R53 C5: a redirect to another origin does not take the token along', async () => {
    const tab = await open()
    expect(await tab.evaluate(async (allowed) => (await session.fetch(`${allowed}/away`)).url, allowed.url)).toBe(`${foreign.url}/landed`)
    expect(allowed.requests.at(-1)!.headers.authorization).toMatch(/^Bearer /)
    expect(foreign.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined].slice(0, foreign.requests.length))
    expect(foreign.requests.at(-1)!.path).toBe('/landed')
  })

  it('R51: without a list, only the origin of the page gets the token', async () => {
    const tab = await scene.open()
    await signIn(tab)
    await tab.evaluate(() => session.close())
    expect(await tab.evaluate(async () => {
      const plain = latchkey.createSession({})
      await plain.ready
      return [plain.status, (await plain.fetch('/verify')).status, (await plain.fetch(`${api}/api/me`)).status]
    })).toEqual(['authenticated', 200, 401])
    const { log } = scene.site.state
    expect(log.find(({ path }) => path === '/verify')!.headers.authorization).toMatch(/^Bearer /)
    expect(log.find(({ path }) => path === '/api/me')!.headers.authorization).toBeUndefined()
  })
})
