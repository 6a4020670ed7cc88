import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMiniBrowser } from '../support/browsers/minibrowser.js'
import { type Front, itWhere, resume, type Scene, scenes, SECRET, signIn, startFront, type StorageName, storeExpired, type Tab, until } from '../support/index.js'

const storages: [StorageName, string][] = [
  ['indexeddb', 'IndexedDB'],
  ['cookie', 'cookie'],
]

/** Login, refresh, a second tab, logout: the whole life of a session. */
const live = async (scene: Scene, storage: StorageName) => {
  const { state } = scene.site
  const tab = await scene.open()
  await signIn(tab, { storage })
  const other = await scene.open()
  expect(await resume(other, { storage })).toBe('authenticated')
  await tab.evaluate(() => session.refresh())
  await other.waitFor(() => events.some(({ type }) => type === 'refresh'))
  for (const each of [tab, other]) expect(await each.evaluate(() => call(2))).toEqual([200, 200])
  expect(state).toMatchObject({ tokenRequests: 1, rotations: 1, reuses: 0 })
  await other.evaluate(() => session.logout())
  await tab.waitFor(() => session.status === 'anonymous')
  expect(await tab.evaluate(() => dump())).not.toMatch(SECRET)
}

scenes('A private window', (scene) => {
  for (const [storage, label] of storages) {
    it(`C66: signs in, refreshes, keeps two tabs in step and signs out (${label})`, () => live(scene, storage))
  }
}, { browser: { private: true } })

scenes('Storage', (scene) => {
  itWhere('regular')('signs in, refreshes, keeps two tabs in step and signs out in a profile on disk', async () => {
    await scene.context.close()
    scene.context = await scene.engine.newContext({ regular: true })
    await live(scene, 'indexeddb')
  })

  itWhere('killStorage')('C60: the process that keeps IndexedDB is killed: calls go on from memory, nobody is signed out, and the next page reads it all again', async () => {
    const reports: Record<string, string>[] = []
    let order = ''
    const front = await startFront(scene.site, {
      '/report': (query) => {
        reports.push(Object.fromEntries(query))
        const given = order
        order = ''
        return given
      },
    })
    const browser = await startMiniBrowser(`${front.at('localhost')}/storage-lost.html`)
    try {
      /** So many reports from now on with an answered call. */
      const answered = async (count: number) => {
        const before = reports.length
        await until(() => reports.slice(before).filter(({ call }) => call === '200').length >= count)
        return reports.slice(before)
      }
      const [first] = await answered(2)
      expect(first).toMatchObject({ status: 'authenticated', stored: '1' })
      browser.killStorage()
      const after = await answered(5)
      order = 'wake'
      after.push(...(await answered(5)))
      // It was really lost, and nobody was signed out by that.
      expect(after.map(({ stored }) => stored)).toContain('0')
      expect(new Set(after.map(({ status, logouts }) => `${status} ${logouts}`))).toEqual(new Set(['authenticated 0']))
      order = 'reload'
      await until(() => reports.at(-1)!.load !== first!.load)
      expect((await answered(2)).at(-1)).toMatchObject({ status: 'authenticated', stored: '1', logouts: '0' })
      expect(scene.site.state).toMatchObject({ logins: 1, reuses: 0 })
    } finally {
      browser.stop()
      await front.close()
    }
  })

  it('C59 C63: a database that is deleted under open sessions costs nobody the session, and is written anew', async () => {
    const tab = await scene.open()
    await signIn(tab)
    const other = await scene.open()
    expect(await resume(other)).toBe('authenticated')
    const third = await scene.open()
    await third.evaluate(() => new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('latchkey')
      request.onsuccess = () => resolve()
      request.onblocked = request.onerror = () => reject(new Error('The database was not let go'))
    }))
    await other.evaluate(() => session.refresh())
    for (const each of [tab, other]) {
      expect(await each.evaluate(() => call(2))).toEqual([200, 200])
      expect(await each.evaluate(() => session.status)).toBe('authenticated')
    }
    expect(await resume(third)).toBe('authenticated')
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, reuses: 0 })
  })
})

scenes('Plain http', (scene) => {
  let front: Front
  beforeAll(async () => {
    front = await startFront(scene.site)
  })
  afterAll(() => front?.close())

  const openThere = async (contexts: { close(): Promise<void> }[]) => {
    const context = await scene.engine.newContext({ proxy: front.at('127.0.0.1') })
    contexts.push(context)
    const origin = front.at('app.example.test')
    return async () => {
      const tab = await context.newTab()
      await tab.goto(`${origin}/session.html`)
      await tab.waitFor(() => globalThis.loaded)
      expect(await tab.evaluate(() => [location.origin, isSecureContext, 'locks' in navigator, 'cookieStore' in globalThis])).toEqual([origin, false, false, false])
      return tab
    }
  }
  const within = async (run: (open: () => Promise<Tab>) => Promise<void>) => {
    // One profile at a time, as WebKitWebDriver has it.
    await scene.context.close()
    const contexts: { close(): Promise<void> }[] = []
    try {
      await run(await openThere(contexts))
    } finally {
      for (const context of contexts) await context.close()
      scene.context = { close: async () => {} } as Scene['context']
    }
  }

  it('R12 C32: five tabs with an expired token send one token request without Web Locks', () => within(async (open) => {
    const tabs: Tab[] = []
    for (let i = 0; i < 5; i++) tabs.push(await open())
    await storeExpired(tabs[0]!, 'indexeddb')
    const at = Date.now() + 500
    const results = await Promise.all(tabs.map((tab) => tab.evaluate(async (at) => {
      await new Promise((resolve) => setTimeout(resolve, at - Date.now()))
      begin()
      return { statuses: await call(5), token: await session.getAccessToken() }
    }, at)))
    expect(results.flatMap(({ statuses }) => statuses)).toEqual(Array(25).fill(200))
    expect(new Set(results.map(({ token }) => token)).size).toBe(1)
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, rotations: 1, reuses: 0 })
  }))

  it('R12 R35: a logout there reaches every tab and stays', () => within(async (open) => {
    const [tab, other] = [await open(), await open()]
    await signIn(tab)
    expect(await resume(other)).toBe('authenticated')
    expect(await other.evaluate(() => call())).toEqual([200])
    await tab.evaluate(() => session.logout())
    await other.waitFor(() => session.status === 'anonymous')
    expect(await other.evaluate(() => call())).toEqual([401])
    expect(await resume(await open())).toBe('anonymous')
  }))

  it('R51 C4: is refused, in words, unless it is asked for', () => within(async (open) => {
    const tab = await open()
    const refusal = await tab.evaluate(() => {
      try {
        begin({ allowInsecureOrigins: false })
      } catch (error) {
        return `${(error as { code?: string }).code}: ${(error as Error).message}`
      }
    })
    expect(refusal).toMatch(/^in\w+: .*plain http/)
  }))
})

scenes('A frame of another site', (scene) => {
  let front: Front
  beforeAll(async () => {
    front = await startFront(scene.site, {
      '/around.html': () => `<!doctype html><iframe></iframe><script>
        const waiting = {}
        let count = 0
        addEventListener('message', ({ data: { id, ...answer } }) => waiting[id]?.(answer))
        globalThis.ask = (task, ...args) => new Promise((resolve) => {
          waiting[++count] = resolve
          document.querySelector('iframe').contentWindow.postMessage({ id: count, task, args }, '*')
        })
      </script>`,
    })
  })
  afterAll(() => front?.close())

  const openFrame = async () => {
    const tab = await scene.context.newTab()
    await tab.goto(`${front.at('127.0.0.1')}/around.html`)
    await tab.evaluate((url) => new Promise<void>((resolve) => {
      const frame = document.querySelector('iframe')!
      frame.onload = () => resolve()
      frame.src = url
    }), `${front.at('localhost')}/framed.html`)
    return (task: string, ...args: unknown[]) =>
      tab.evaluate((task, args) => (globalThis as never as { ask: (...all: unknown[]) => Promise<{ value?: unknown; error?: string }> }).ask(task, ...args), task, args)
  }

  it('C67: does not see the session of the site\'s own tabs', async () => {
    const own = await scene.open({ site: front.at('localhost') })
    await signIn(own)
    const ask = await openFrame()
    expect(await ask('resume', 'indexeddb')).toEqual({ value: 'anonymous' })
    expect(await ask('call')).toEqual({ value: [401] })
    expect(await own.evaluate(() => call())).toEqual([200])
  })

  it('C67: is refused cookies, which it might share without sharing the locks', async () => {
    const own = await scene.open({ site: front.at('localhost') })
    await signIn(own, { storage: 'cookie' })
    const ask = await openFrame()
    expect(await ask('resume', 'cookie')).toEqual({ error: 'insecure_context' })
    expect(await own.evaluate(() => call())).toEqual([200])
  })

  it('C67: lives a life of its own, which ends without an effect outside', async () => {
    const own = await scene.open({ site: front.at('localhost') })
    await signIn(own)
    const ask = await openFrame()
    await ask('resume', 'indexeddb')
    expect(await ask('signIn')).toEqual({ value: 'authenticated' })
    expect(await ask('refresh')).toEqual({})
    expect(await ask('call')).toEqual({ value: [200] })
    expect(await ask('logout')).toEqual({ value: 'anonymous' })
    expect(await own.evaluate(() => call())).toEqual([200])
    expect(scene.site.state).toMatchObject({ logins: 2, tokenRequests: 1, reuses: 0 })
  })
})
