import { expect, it } from 'vitest'
import { scenes, type Tab } from './support.js'
import { ask, control, enter, openWay, reload, waitForStatus } from './ways.js'

// Encryption at rest, as somebody finds it who opens the database without latchkey.
scenes('Encrypted storage', (scene) => {
  const dropKeys = (tab: Tab) =>
    tab.evaluate(() => new Promise<string>((resolve) => {
      const request = indexedDB.deleteDatabase('latchkey-keys')
      request.onsuccess = () => resolve('deleted')
      request.onerror = () => resolve('refused')
    }))

  it('R68: the database holds no token, nor a part of one, and a key that cannot be exported', async () => {
    const tab = await openWay(scene, 'encrypted')
    const { access_token, refresh_token } = await tab.evaluate(() => globalThis.enter())
    const kept = await tab.evaluate(() => dump())
    for (const part of [...access_token.split('.'), refresh_token!]) expect(kept).not.toContain(part)
    expect(kept).toContain('"latchkey/')
    const key = await tab.evaluate(() => new Promise<unknown>((resolve) => {
      indexedDB.open('latchkey-keys').onsuccess = ({ target }) => {
        const { result } = target as IDBOpenDBRequest
        result.transaction('keys').objectStore('keys').get('latchkey').onsuccess = ({ target }) => {
          const { key } = (target as IDBRequest<{ key: CryptoKey }>).result
          const { extractable, algorithm, usages } = key
          Promise.resolve().then(() => crypto.subtle.exportKey('raw', key)).then(() => resolve('exported'), ({ name }) => {
            resolve({ extractable, algorithm, usages: usages.join(), name })
            result.close()
          })
        }
      }
    }))
    expect(key).toEqual({ extractable: false, algorithm: { name: 'AES-GCM', length: 256 }, usages: 'encrypt,decrypt', name: 'InvalidAccessError' })
  })

  it('R68 R2: tabs share the key and the session, and one refresh serves them all', async () => {
    const tabs = [await openWay(scene, 'encrypted')]
    await enter(tabs[0]!)
    for (let more = 0; more < 2; more++) tabs.push(await openWay(scene, 'encrypted'))
    await control(scene, '/_expire-all')
    expect((await Promise.all(tabs.map((tab) => ask(tab, 10)))).flat()).toEqual(Array(30).fill('alice'))
    expect(scene.site.state).toMatchObject({ tokenRequests: 1, spentTwice: 0 })
  })

  it('R68: a key that is gone ends the session with the reason unreadable, once; the next login has a new key', async () => {
    const tab = await openWay(scene, 'encrypted')
    await enter(tab)
    await tab.evaluate(() => session.close())
    expect(await dropKeys(tab)).toBe('deleted')
    expect(await reload(scene, tab, 'encrypted')).toBe('anonymous')
    expect(await tab.evaluate(() => session.getSnapshot().reason)).toBe('unreadable')
    expect(await tab.evaluate(() => events.map(({ type }) => type))).toEqual([])
    expect(await ask(tab)).toEqual([401])

    await enter(tab, 'bob')
    expect(await reload(scene, tab, 'encrypted')).toBe('authenticated')
    expect(await ask(tab)).toEqual(['bob'])
    expect(await tab.evaluate(() => session.getSnapshot().reason)).toBeUndefined()
    expect(scene.site.state.tokenRequests).toBe(0)
  })

  it('R68: tabs that are open when the key is deleted go on, and none is signed out', async () => {
    const tabs = [await openWay(scene, 'encrypted')]
    await enter(tabs[0]!)
    tabs.push(await openWay(scene, 'encrypted'))
    expect(await dropKeys(tabs[0]!)).toBe('deleted')
    expect([await ask(tabs[0]!), await ask(tabs[1]!)]).toEqual([['alice'], ['alice']])
    for (const tab of tabs) await waitForStatus(tab, 'authenticated')
  })
}, { quiet: true })
