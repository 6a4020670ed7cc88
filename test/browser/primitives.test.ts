import { expect, it } from 'vitest'
import { resume, scenes, type StorageName, storeExpired, type Tab } from './support.js'

/** How a page loses something of its browser: it is not there, or it throws where it is reached for, or when it is used. */
type Loss = 'missing' | 'forbidden' | 'throwing'

const lose = (name: string, loss: Loss) => {
  const [holder, member] = (name.includes('.') ? [globalThis[name.split('.')[0] as 'navigator'], name.split('.')[1]!] : [globalThis, name]) as [Record<string, any>, string]
  const refuse = () => {
    throw new DOMException('Not here', 'SecurityError')
  }
  if (loss === 'throwing') {
    const target = holder[member]
    const methods = typeof target === 'function' ? target.prototype : Object.getPrototypeOf(target)
    for (const key of Object.getOwnPropertyNames(methods)) {
      if (key !== 'constructor' && typeof Object.getOwnPropertyDescriptor(methods, key)!.value === 'function') methods[key] = refuse
    }
  } else Object.defineProperty(holder, member, { configurable: true, get: loss === 'forbidden' ? refuse : () => undefined })
}

interface Case {
  name: string
  losses: Loss[]
  storage: StorageName
  /** Codes of the error events of a tab: at most one, that says what is not as it should be. */
  warnings?: string[]
}

const cases: Case[] = [
  { name: 'navigator.locks', losses: ['missing', 'forbidden', 'throwing'], storage: 'indexeddb', warnings: ['degraded'] },
  { name: 'BroadcastChannel', losses: ['missing', 'forbidden', 'throwing'], storage: 'indexeddb', warnings: ['degraded'] },
  { name: 'cookieStore', losses: ['missing', 'forbidden', 'throwing'], storage: 'cookie', warnings: ['degraded'] },
  { name: 'navigator.storage', losses: ['missing', 'forbidden'], storage: 'indexeddb' },
  { name: 'crypto.randomUUID', losses: ['missing'], storage: 'indexeddb' },
  { name: 'crypto.subtle', losses: ['missing'], storage: 'indexeddb' },
  { name: 'localStorage', losses: ['missing', 'forbidden', 'throwing'], storage: 'indexeddb' },
  { name: 'sessionStorage', losses: ['missing', 'forbidden'], storage: 'indexeddb' },
]

scenes('Without one thing that browsers have', (scene) => {
  const open = async (name: string, loss: Loss) => {
    const tab = await scene.open()
    await tab.evaluate(lose, name, loss)
    return tab
  }
  const warnings = (tab: Tab) => tab.evaluate(() => events.filter(({ type }) => type === 'error').map(({ code }) => code))

  for (const { name, losses, storage, warnings: expected = [] } of cases) {
    for (const loss of losses) {
      it(`C68 R67: ${name} ${loss}: two tabs send one token request and sign out together, and nothing hangs`, async () => {
        const { state } = scene.site
        const [tab, other] = [await open(name, loss), await open(name, loss)]
        await storeExpired(tab, storage)
        const answers = await Promise.all([tab, other].map((each) => each.evaluate((storage) => {
          events.length = 0 // Those of the session that only stored.
          begin({ storage })
          return call(5)
        }, storage)))
        expect(answers.flat()).toEqual(Array(10).fill(200))
        expect(state).toMatchObject({ tokenRequests: 1, rotations: 1, reuses: 0 })
        await tab.evaluate(() => session.logout())
        await other.waitFor(() => session.status === 'anonymous')
        expect(await other.evaluate(() => call())).toEqual([401])
        // What throws only when it is used is noticed by the tab that uses it, if at all.
        const told = loss === 'throwing' ? [expected, []] : [expected]
        for (const each of [tab, other]) expect(told).toContainEqual(await warnings(each))
        expect(await resume(await open(name, loss), { storage })).toBe('anonymous')
      })
    }
  }
})
