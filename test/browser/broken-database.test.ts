import { expect, it } from 'vitest'
import { scenes } from './support.js'
import { ask, enter, openWay, reload, waitForStatus } from './ways.js'

scenes('A database that some tool has made without its object store', (scene) => {
  it.each(['indexeddb', 'encrypted'] as const)('F8: %s: two tabs repair it together; the session outlasts a reload and a logout reaches both', async (way) => {
    const tool = await scene.open({ page: 'empty.html' })
    await tool.evaluate(() =>
      Promise.all(['latchkey', 'latchkey-keys'].map((name) => new Promise<void>((resolve) => {
        const request = indexedDB.open(name)
        request.onsuccess = () => {
          // It stays open, and lets go when asked.
          request.result.onversionchange = () => request.result.close()
          resolve()
        }
      }))))
    const tabs = await Promise.all([openWay(scene, way), openWay(scene, way)])
    await enter(tabs[0]!)
    await waitForStatus(tabs[1]!, 'authenticated')
    expect(await reload(scene, tabs[0]!, way)).toBe('authenticated')
    expect([await ask(tabs[0]!), await ask(tabs[1]!)]).toEqual([['alice'], ['alice']])
    await tabs[1]!.evaluate(() => session.logout())
    await waitForStatus(tabs[0]!, 'anonymous')
    for (const tab of tabs) expect(await tab.evaluate(() => events.filter(({ type }) => type === 'error'))).toEqual([])
  })
}, { quiet: true })
