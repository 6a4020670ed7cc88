import { expect, it } from 'vitest'
import { scenes, type Tab, until } from './support.js'
import { control, enter, openWay, waitForStatus } from './ways.js'

// More than one session, or more than one version of latchkey, on one origin.
scenes('Several sessions on one origin', (scene) => {
  it.each(['indexeddb', 'encrypted', 'cookie', 'memory'] as const)('R73: held by %s, two names are two sessions: storage, locks, messages and cookies', async (way) => {
    const { state } = scene.site
    const tab = await openWay(scene, way, { name: 'first' })
    await tab.evaluate(async (way) => {
      globalThis.one = session
      globalThis.two = globalThis.hold(way, { name: 'second' })
      await globalThis.enter('alice', one)
      await globalThis.enter('bob', two)
    }, way)
    const askBoth = (tab: Tab) => tab.evaluate(() => Promise.all([globalThis.ask(2, one), globalThis.ask(2, two)]))
    expect(await askBoth(tab)).toEqual([['alice', 'alice'], ['bob', 'bob']])

    // Neither waits for the lock of the other: both requests are there before either is answered.
    state.faults.delayToken = 3000
    const before = state.log.length
    await tab.evaluate(() => Promise.all([one.refresh(), two.refresh()]))
    state.faults.delayToken = 0
    const [first, second] = state.log.slice(before).filter(({ path }) => path === '/oauth/token')
    expect(second!.at - first!.at).toBeLessThan(3000)
    expect(state).toMatchObject({ tokenRequests: 2, spentTwice: 0 })

    await tab.evaluate(() => one.logout())
    expect(await askBoth(tab)).toEqual([[401, 401], ['bob', 'bob']])
    expect(await tab.evaluate(() => [one.status, two.status, two.history().some(({ type }) => type === 'logout')])).toEqual(['anonymous', 'authenticated', false])
  })

  it('R73: two sessions of one name in one page are as two tabs: one login, one refresh, one logout for both', async () => {
    const { state } = scene.site
    const tab = await openWay(scene, 'indexeddb')
    await tab.evaluate(async () => {
      globalThis.one = session
      globalThis.two = globalThis.hold('indexeddb')
      await two.ready
      await globalThis.enter('alice', one)
    })
    await tab.waitFor(() => two.status === 'authenticated')
    await control(scene, '/_expire-all')
    expect(await tab.evaluate(() => Promise.all([globalThis.ask(5, one), globalThis.ask(5, two)]))).toEqual([Array(5).fill('alice'), Array(5).fill('alice')])
    expect(state).toMatchObject({ tokenRequests: 1, spentTwice: 0 })
    await tab.evaluate(() => two.logout())
    await tab.waitFor(() => one.status === 'anonymous')
  })

  /** Changes what is stored, as another version of latchkey might have left it. */
  const rewrite = (tab: Tab, version: number | undefined, change: string) =>
    tab.evaluate(async (version, change) => {
      const settled = <Value>(request: IDBRequest<Value>) => new Promise<Value>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      const database = await settled(indexedDB.open('latchkey', version))
      const [name] = database.objectStoreNames
      const store = database.transaction(name!, 'readwrite').objectStore(name!)
      const record = (await settled(store.get('latchkey'))) as Record<string, unknown>
      const next = { ...record, ...JSON.parse(change) }
      if (change !== '{}') await settled(store.put(next, 'latchkey'))
      database.close()
      return next
    }, version, change)

  it('R73 C63: members of a record that a newer version wrote survive a refresh by this one, and its database stays as it is', async () => {
    const tab = await openWay(scene, 'indexeddb')
    await enter(tab)
    await rewrite(tab, 7, JSON.stringify({ boundKey: { kid: 'k1' } })) // the newer version has upgraded the database too
    const other = await openWay(scene, 'indexeddb')
    expect(await other.evaluate(() => session.status)).toBe('authenticated')
    await other.evaluate(() => session.refresh())
    expect(await tab.evaluate(() => globalThis.ask(2))).toEqual(['alice', 'alice'])
    const record = await rewrite(tab, undefined, '{}')
    expect(record).toMatchObject({ boundKey: { kid: 'k1' }, tokens: { accessToken: expect.any(String) } })
    expect(await tab.evaluate(async () => (await indexedDB.databases()).find(({ name }) => name === 'latchkey')?.version)).toBe(7)
    expect(scene.site.state.spentTwice).toBe(0)
  })

  it('R73 C63: a record of a shape that this version does not know signs nobody in, and is left alone until a login', async () => {
    const tab = await openWay(scene, 'indexeddb')
    await enter(tab)
    await tab.evaluate(() => session.close())
    await rewrite(tab, undefined, JSON.stringify({ revision: 'r2', tokens: { sealed: 'x' } }))
    const other = await openWay(scene, 'indexeddb')
    await waitForStatus(other, 'anonymous')
    expect(await rewrite(other, undefined, '{}')).toMatchObject({ revision: 'r2', tokens: { sealed: 'x' } })
    await enter(other, 'bob')
    expect(await other.evaluate(() => globalThis.ask())).toEqual(['bob'])
    await until(() => scene.site.state.logins === 2)
  })
}, { quiet: true })
