import { describe, expect, test } from 'vitest'
import { eventHistory } from '../../src/history.js'
import { diskStorage } from '../simulation/store.js'
import { API, bench } from './harness.js'

const kept = { extensions: [eventHistory()] }

const words = (entries: readonly { type: string; source: string; code?: string }[]) =>
  entries.map(({ type, source, code }) => [type, source, code].filter(Boolean).join(' '))

describe('history', () => {
  test('R78: tells afterwards why the user was signed out, also after a reload', async () => {
    const b = bench()
    const one = await b.open(kept)
    await b.finish(one.session.setTokens(b.server.login('alice')))
    b.server.families[0]!.revoked = true
    await b.outcome(one.session.refresh())
    one.session.close()
    await b.world.run(10)
    const again = await b.open(kept)
    expect(words(again.session.history())).toEqual([
      'open local', 'login local', 'logout local rejected', 'refused local rejected', 'open local',
    ])
    expect(again.session.history().map(({ tab }) => tab)[0]).toHaveLength(4)
  })
  test('R78: holds the last 200 entries of all tabs, oldest first', async () => {
    const b = bench()
    const one = await b.open(kept)
    const two = await b.open(kept)
    await b.finish(one.session.setTokens(b.server.login('alice')))
    for (let i = 0; i < 110; i++) {
      await b.finish(one.session.refresh())
      await b.world.run(100)
    }
    const history = two.session.history()
    expect(history).toHaveLength(200)
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).sort())
    expect(new Set(history.map(({ tab }) => tab)).size).toBe(2)
  })
  test('R72 R78: holds no token and no claim', async () => {
    const b = bench()
    const one = await b.open(kept)
    await b.finish(one.session.setTokens(b.server.login('alice')))
    b.server.faults.dropAfter = 1
    await b.outcome(one.session.refresh())
    await b.finish(one.session.logout())
    expect(JSON.stringify(one.session.history())).not.toMatch(/SECRET|alice/)
    expect(JSON.stringify(one.tab.platform.localStorage)).not.toMatch(/SECRET|alice/)
  })
  test('costs nothing on the path of a fetch call', async () => {
    const b = bench()
    const one = await b.open(kept)
    await b.finish(one.session.setTokens(b.server.login('alice')))
    const before = one.session.history().length
    for (let i = 0; i < 20; i++) await b.finish(one.session.fetch(API))
    expect(one.session.history()).toHaveLength(before)
  })
  test('is off by one option, and on by default', async () => {
    for (const [options, entries] of [[{}, 2], [{ history: true }, 2], [{ history: false }, 0]] as const) {
      const b = bench()
      const one = await b.open(options, undefined, { storage: () => diskStorage(b.disk, one.tab), history: eventHistory })
      await b.finish(one.session.setTokens(b.server.login('alice')))
      expect(one.session.history()).toHaveLength(entries)
      expect(Object.keys(one.tab.platform.localStorage!)).toHaveLength(entries)
    }
  })
  test('R73: of another session name is another history', async () => {
    const b = bench()
    const one = await b.open(kept)
    const other = await b.open({ ...kept, name: 'other' })
    expect(words(one.session.history())).toEqual(['open local'])
    expect(words(other.session.history())).toEqual(['open local'])
  })
  test('C68: without localStorage, or with one that throws, everything else works', async () => {
    for (const localStorage of [undefined, { setItem() { throw new DOMException('full', 'QuotaExceededError') } } as unknown as Storage]) {
      const b = bench()
      b.browser.localStorage = localStorage
      const one = await b.open(kept)
      await b.finish(one.session.setTokens(b.server.login('alice')))
      expect(one.session.status).toBe('authenticated')
      expect(one.session.history()).toEqual([])
    }
  })
})
