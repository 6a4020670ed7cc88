import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Channel, openTabChannel } from '../../src/tabChannel.js'

/** A page as far as the channel sees it; all of them share what is stored. */
let stored: Map<string, string>
let pages: Set<(event: { key: string }) => void>[]
let current: (typeof pages)[number]

const inPage = <Result>(page: typeof current, work: () => Result): Result => {
  current = page
  return work()
}
const openPage = () => {
  const page: typeof current = new Set()
  pages.push(page)
  return page
}
const heard: string[] = []
const open = (page: typeof current, who: string): Channel => inPage(page, () => openTabChannel('demo', () => heard.push(who)))

beforeEach(() => {
  vi.useFakeTimers()
  stored = new Map()
  pages = []
  heard.length = 0
  vi.stubGlobal('addEventListener', (_: string, listener: (event: { key: string }) => void) => current.add(listener))
  vi.stubGlobal('removeEventListener', (_: string, listener: (event: { key: string }) => void) => pages.forEach((page) => page.delete(listener)))
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem(key: string, value: string) {
      if (stored.get(key) === value) return
      stored.set(key, value)
      for (const page of pages) if (page !== current) for (const listener of page) listener({ key })
    },
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A channel that can be made and does not carry anything. */
const failing = () =>
  vi.stubGlobal('BroadcastChannel', class {
    postMessage() {
      throw new DOMException('Not here', 'SecurityError')
    }
    close() {}
  })

test.each([0, 1, 50, 99, 100, 101])('F30: what another tab says %i ms after a page opened is heard, whatever listens later', (delay) => {
  failing()
  const sender = open(openPage(), 'sender')
  vi.advanceTimersByTime(1000)
  const page = openPage()
  open(page, 'opened')
  vi.advanceTimersByTime(delay)
  inPage(pages[0]!, () => sender.post({}))
  inPage(page, () => vi.advanceTimersByTime(200))
  expect(heard).toEqual(['opened'])
})

test('F30: what was said before a page opened is no news to it', () => {
  failing()
  const sender = open(openPage(), 'sender')
  vi.advanceTimersByTime(1000)
  inPage(pages[0]!, () => sender.post({}))
  vi.advanceTimersByTime(1)
  const page = openPage()
  open(page, 'opened')
  inPage(page, () => vi.advanceTimersByTime(200))
  expect(heard).toEqual([])
})

test('F30: a page that can read nothing listens all the same, and one that was closed looks no more', () => {
  failing()
  const sender = open(openPage(), 'sender')
  vi.advanceTimersByTime(1000)
  const { getItem } = localStorage
  localStorage.getItem = () => {
    throw new DOMException('Not here', 'SecurityError')
  }
  const page = openPage()
  open(page, 'opened')
  inPage(page, () => vi.advanceTimersByTime(200))
  inPage(pages[0]!, () => sender.post({}))
  expect(heard).toEqual(['opened'])

  localStorage.getItem = getItem
  const closed = openPage()
  const channel = open(closed, 'closed')
  inPage(pages[0]!, () => sender.post({}))
  channel.close()
  inPage(closed, () => vi.advanceTimersByTime(200))
  expect(heard).toEqual(['opened', 'opened'])
})

test('F30: also when the clock is set back before the page listens', () => {
  failing()
  const sender = open(openPage(), 'sender')
  vi.advanceTimersByTime(1000)
  const page = openPage()
  open(page, 'opened')
  vi.setSystemTime(Date.now() - 600_000)
  vi.advanceTimersByTime(20)
  inPage(pages[0]!, () => sender.post({}))
  inPage(page, () => vi.advanceTimersByTime(200))
  expect(heard).toEqual(['opened'])
})
