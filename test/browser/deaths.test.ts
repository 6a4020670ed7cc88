import { expect, it } from 'vitest'
import { type StorageName, scenes, storeExpired, type Tab, until } from './support.js'

/** What can happen to the tab that refreshes. Resolves with what brings it back, if anything does. */
type Death = (tab: Tab, url: string) => Promise<(() => void) | void>
const deaths: Record<string, Death> = {
  'is killed': (tab) => tab.kill!(),
  crashes: async (tab) => void (await tab.cdp!()).send('Page.crash').catch(() => {}),
  'is closed': (tab) => tab.close(),
  'is reloaded': (tab, url) => tab.goto(`${url}/session.html`),
  'navigates away': (tab, url) => tab.goto(`${url}/empty.html`),
  'is frozen': (tab) => tab.freeze(),
}

/** How far it has come. `requests`: what the token endpoint gets in all. */
interface Stage {
  requests: number
  /** In the page of the tab, before its session. */
  prepare?(): void
  faults?: { delayToken?: number; delayTokenBefore?: number }
}

declare global {
  /** Set when the page has come to the gate it never leaves. */
  var stopped: boolean | undefined
}

const stages: Record<string, Stage> = {
  'waiting for the lock': { requests: 1 },
  'before its request': {
    requests: 1,
    prepare() {
      const { fetch } = globalThis
      globalThis.fetch = (...args) => {
        if (!String(args[0]).endsWith('/oauth/token')) return fetch(...args)
        globalThis.stopped = true
        return new Promise(() => {})
      }
    },
  },
  'after its request': { requests: 2, faults: { delayTokenBefore: 1500 } },
  'after the server spent the token': { requests: 2, faults: { delayToken: 1500 } },
  'after its answer': {
    requests: 2,
    prepare() {
      const { fetch } = globalThis
      globalThis.fetch = async (...args) => {
        const response = await fetch(...args)
        if (!String(args[0]).endsWith('/oauth/token')) return response
        globalThis.stopped = true
        return new Promise(() => {})
      }
    },
  },
  'before it has stored the answer': {
    requests: 2,
    prepare() {
      const { put } = IDBObjectStore.prototype
      let count = 0
      IDBObjectStore.prototype.put = function (...args) {
        // The first one is the intent. A transaction lives as long as something is asked of it.
        if (++count === 1) return put.apply(this, args)
        globalThis.stopped = true
        const ask = () => (this.get('nothing').onsuccess = ask)
        ask()
        return this.get('nothing') as unknown as IDBRequest<IDBValidKey>
      }
    },
  },
}

/** The simulator multiplies deaths by moments; here each is met with the others once. `npm run test:soak` has all of them. */
const everyStage = ['is killed', 'is frozen']
const everyDeath = ['after the server spent the token', 'before it has stored the answer']
const chosen = (death: string, point: string) => process.env.LATCHKEY_SOAK || everyStage.includes(death) || everyDeath.includes(point)

const refreshTimeout = 3000

// With the grace window that servers usually have. Two tabs: the one that dies, and one whose calls have to be answered.
scenes('A tab that refreshes for all', (scene) => {
  const start = async ({ prepare, faults }: Stage, waits: boolean, storage: StorageName) => {
    const options = { storage, refreshTimeout }
    const { state } = scene.site
    const victim = await scene.open()
    const waiter = await scene.open()
    const third = waits ? await scene.open() : undefined
    await storeExpired(victim, storage)
    Object.assign(state.faults, faults)
    await third?.evaluate(() => new Promise<void>((held) => {
      void navigator.locks.request('latchkey', () => {
        held()
        return new Promise<void>((resolve) => Object.assign(globalThis, { letGo: resolve }))
      })
    }))
    if (prepare) await victim.evaluate(prepare)
    await victim.evaluate((options) => {
      void begin(options).refresh().catch(() => {})
    }, options)
    if (third) await third.waitFor(async () => (await navigator.locks.query()).pending!.length > 0)
    else if (prepare) await victim.waitFor(() => globalThis.stopped)
    else await until(() => state.tokenRequests === 1)
    Object.assign(state.faults, { delayToken: 0, delayTokenBefore: 0 })
    const calls = waiter.evaluate((options) => {
      begin(options)
      return call(3)
    }, options)
    calls.catch(() => {})
    const letGo = () => third?.evaluate(() => (globalThis as never as { letGo(): void }).letGo())
    return { victim, waiter, calls, letGo }
  }

  const meet = async (death: string, kill: Death, point: string, stage: Stage, storage: StorageName = 'indexeddb') => {
    const { state, url } = scene.site
    const { victim, waiter, calls, letGo } = await start(stage, point === 'waiting for the lock', storage)
    const revive = await kill(victim, url)
    await letGo()
    const blocked = death === 'is frozen' && point === 'before it has stored the answer'
    if (blocked) {
      // A stopped process in the middle of a transaction keeps the store from everybody. A tab that opens then knows of nobody.
      expect(await calls).toEqual([401, 401, 401])
      expect(await waiter.evaluate(() => events.map(({ type, code }) => `${type} ${code}`))).toEqual(['error storage_failed'])
      revive!()
      await victim.close()
      await waiter.waitFor(() => (dispatchEvent(new Event('focus')), session.status === 'authenticated'))
      expect(await waiter.evaluate(() => call(3))).toEqual([200, 200, 200])
    } else {
      expect(await calls).toEqual([200, 200, 200])
      // A request that the server has not looked at yet comes to its turn after its tab is dead.
      await until(() => state.rotations + state.repeats === stage.requests, 'the server has looked at every request')
      // Whoever asks again asks with the same key, so that the server can tell.
      const keys = state.log.filter(({ path }) => path === '/oauth/token').map(({ headers }) => headers['idempotency-key'])
      expect(new Set(keys).size).toBe(1)
      expect(state).toMatchObject({ tokenRequests: stage.requests, rotations: 1, repeats: stage.requests - 1 })
    }
    expect(state.reuses).toBe(0)
    expect(await waiter.evaluate(() => session.status)).toBe('authenticated')
    if (revive && !blocked) {
      revive()
      if (!stage.prepare) {
        const token = await waiter.evaluate(() => session.getAccessToken())
        await victim.waitFor(async (token) => (await session.getAccessToken()) === token, token)
        expect(state).toMatchObject({ reuses: 0, rotations: 1 })
      }
    }
    expect(await waiter.evaluate(() => events.filter(({ type }) => type === 'logout'))).toEqual([])
  }

  for (const [point, stage] of Object.entries(stages)) {
    for (const [death, kill] of Object.entries(deaths)) {
      if (chosen(death, point)) it(`R10 R31: ${death} ${point}: the others go on, and nobody is signed out`, () => meet(death, kill, point, stage))
    }
  }
  for (const death of ['is killed', 'navigates away']) {
    const point = 'after the server spent the token'
    it(`R10 R31: ${death} ${point}, which is in a cookie: the others go on, and nobody is signed out`, () => meet(death, deaths[death]!, point, stages[point]!, 'cookie'))
  }
}, { grace: 10 })
