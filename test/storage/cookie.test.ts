import { beforeEach, describe, expect, test, vi } from 'vitest'
import { cookieStorage } from '../../src/storage/cookieStorage.js'
import { record, storageContract } from './contract.js'

interface Jar {
  values: Map<string, string>
  /** Every assignment to document.cookie. */
  writes: string[]
  broken?: boolean
}

/** A jar that keeps what a browser would keep of it: 4096 bytes at most. */
const stubBrowser = (href: string, { locks = true, store = true } = {}): Jar => {
  const jar: Jar = { values: new Map(), writes: [] }
  const held = new Map<string, Promise<unknown>>()
  vi.stubGlobal('location', new URL(href))
  vi.stubGlobal('document', Object.create({
    get cookie() {
      return [...jar.values].map(([name, value]) => `${name}=${value}`).join('; ')
    },
    set cookie(text: string) {
      jar.writes.push(text)
      const [pair, ...attributes] = text.split('; ')
      const split = pair!.indexOf('=')
      if (jar.broken || pair!.length - 1 > 4096) return
      if (/expires=thu, 01 jan 1970|max-age=0/i.test(attributes.join()) || /expires=.*19(69|70)|expires=.*-1/i.test(text)) jar.values.delete(pair!.slice(0, split))
      else if (attributes.some((each) => each.startsWith('expires=') && Date.parse(each.slice(8)) < Date.now())) jar.values.delete(pair!.slice(0, split))
      else jar.values.set(pair!.slice(0, split), pair!.slice(split + 1))
    },
  }))
  vi.stubGlobal('cookieStore', store ? { getAll: async (name: string) => (jar.values.has(name) ? [{ name, value: jar.values.get(name) }] : []) } : undefined)
  vi.stubGlobal('navigator', {
    locks: locks
      ? {
          request(name: string, _options: LockOptions, run: () => Promise<unknown>) {
            const next = (held.get(name) ?? Promise.resolve()).catch(() => {}).then(run)
            held.set(name, next)
            return next
          },
        }
      : undefined,
  })
  return jar
}

describe('cookieStorage', () => {
  let jar: Jar
  beforeEach(() => {
    jar = stubBrowser('https://app.example.com/')
  })
  storageContract(() => cookieStorage())

  test('R70 C25: on https it is __Host-, Secure, SameSite=strict, Path=/, explicitly, on every write', async () => {
    const store = cookieStorage().open('latchkey')
    await store.update(() => record())
    await store.update(() => record(2))
    expect(jar.writes).toHaveLength(2)
    for (const text of jar.writes) {
      expect(text).toMatch(/^__Host-latchkey=/)
      expect(text.split('; ').slice(1).sort()).toEqual(['path=/', 'sameSite=strict', 'secure'].sort())
    }
  })

  test('every attribute is written as asked', async () => {
    const expires = new Date(Date.now() + 1e9)
    const store = cookieStorage({ name: 'sid', path: '/app', domain: 'example.com', maxAge: 90_000, sameSite: 'none', partitioned: true }).open('x')
    await store.update(() => record())
    expect(jar.writes[0]).toMatch(/^sid=/)
    expect(jar.writes[0]!.split('; ').slice(1).sort()).toEqual(['domain=example.com', 'max-age=90', 'partitioned', 'path=/app', 'sameSite=none', 'secure'])
    await cookieStorage({ expires }).open('y').update(() => record())
    expect(jar.writes[1]).toContain(`expires=${expires.toUTCString()}`)
  })

  test('R70 C64: over 4096 bytes it is refused before anything is written, with the sizes and what to do', async () => {
    const store = cookieStorage().open('latchkey')
    await store.update(() => record())
    const error = await store.update(() => record(2, 'x'.repeat(4000))).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'SessionError', code: 'cookie_too_large' })
    expect(error.message).toMatch(/takes 42\d\d bytes .* 4096.*indexedDBStorage/)
    expect(jar.writes).toHaveLength(1)
    expect(await store.read()).toEqual(record())
  })

  test('R70 C64: a write that the browser drops is noticed by reading back', async () => {
    jar.broken = true
    await expect(cookieStorage().open('latchkey').update(() => record())).rejects.toMatchObject({ code: 'cookie_rejected' })
  })

  test('the mirror holds the bare access token, and goes with the session', async () => {
    const store = cookieStorage({ mirror: 'access_token' }).open('latchkey')
    await store.update(() => record(1, 'aaa.bbb.ccc'))
    expect(jar.values.get('__Host-access_token')).toBe('aaa.bbb.ccc')
    await store.update(() => ({ id: 'id', revision: 2, tokens: null, endedBecause: 'logout' }))
    expect(jar.values.has('__Host-access_token')).toBe(false)
  })

  test('C25: plain http is refused at once, except on loopback or when asked for', () => {
    stubBrowser('http://app.example.com/')
    expect(() => cookieStorage().open('x')).toThrow(expect.objectContaining({ code: 'insecure_context' }))
    expect(() => cookieStorage({ allowInsecure: true }).open('x')).not.toThrow()
    for (const host of ['localhost:4400', 'app.localhost', '127.0.0.1', '[::1]']) {
      stubBrowser(`http://${host}/`)
      expect(() => cookieStorage().open('x')).not.toThrow()
    }
  })

  test('on loopback without https it writes neither Secure nor a prefix', async () => {
    jar = stubBrowser('http://localhost:4400/')
    await cookieStorage().open('latchkey').update(() => record())
    expect(jar.writes[0]).toMatch(/^latchkey=/)
    expect(jar.writes[0]).not.toMatch(/secure/i)
  })

  for (const [options, named] of [
    [{ maxAge: -1 }, 'maxAge'], [{ maxAge: NaN }, 'maxAge'], [{ name: 'a b' }, 'name'], [{ mirror: 'a;b' }, 'mirror'], [{ path: '/;x' }, 'path'],
    [{ sameSite: 'None' }, 'sameSite'], [{ sameSite: 'none', secure: false }, 'secure'], [{ prefix: '__Host-', path: '/app' }, 'prefix'], [{ prefix: '__Host-', domain: 'example.com' }, 'prefix'],
  ] as const) {
    test(`invalid ${JSON.stringify(options)} is an invalid_option that names ${named}`, () => {
      expect(() => cookieStorage(options as never).open('x')).toThrow(expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(named) }))
    })
  }

  test('without cookieStore it reads document.cookie back', async () => {
    jar = stubBrowser('https://app.example.com/', { store: false, locks: false })
    const store = cookieStorage().open('latchkey')
    await store.update(() => record())
    expect(await store.read()).toEqual(record())
  })

  test('a cookie that is rubbish is no session', async () => {
    for (const text of ['x', '%', '%7B%7D', 'null', encodeURIComponent('{"id":1}')]) {
      jar.values.set('__Host-latchkey', text)
      expect(await cookieStorage().open('latchkey').read()).toBeUndefined()
    }
  })

  test('C67: in a page of another origin it is refused, unless it is partitioned as the locks are', () => {
    stubBrowser('https://app.example.com/')
    vi.stubGlobal('top', {
      get location(): Location {
        throw new DOMException('Blocked a frame', 'SecurityError')
      },
    })
    expect(() => cookieStorage().open('latchkey')).toThrow(expect.objectContaining({ code: 'insecure_context', message: expect.stringContaining('partitioned') }))
    expect(() => cookieStorage({ partitioned: true, sameSite: 'none' }).open('latchkey')).not.toThrow()
    vi.unstubAllGlobals()
  })
  test('R11: a tab that is stopped while it writes a cookie does not stop the others, nor overwrite them', async () => {
    const jar = stubBrowser('https://app.example.com/')
    const requests: { options: LockOptions; run: () => Promise<unknown> }[] = []
    vi.stubGlobal('navigator', {
      locks: {
        request: (_name: string, options: LockOptions, run: () => Promise<unknown>) =>
          new Promise((resolve, reject) => {
            requests.push({ options, run })
            if (options.steal) resolve(run())
            else options.signal!.addEventListener('abort', () => reject(options.signal!.reason))
          }),
      },
    })
    // Nobody grants the first request: its holder is frozen.
    await cookieStorage().open('latchkey').update(() => record())
    expect(requests.map(({ options }) => !!options.steal)).toEqual([false, true])
    expect(jar.values.get('__Host-latchkey')).toContain('at')
  }, 10_000)
  test('R11: of two that wait for a tab that is stopped, one loses its patience first, and the other waits for that one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const patience = vi.spyOn(Math, 'random').mockReturnValueOnce(0.1).mockReturnValueOnce(0.9)
    const jar = stubBrowser('https://app.example.com/')
    const order: string[] = []
    let waiting: (() => void) | undefined
    vi.stubGlobal('navigator', {
      locks: {
        request: (_name: string, { steal, signal }: LockOptions, run: () => Promise<unknown>) =>
          new Promise((resolve, reject) => {
            order.push(steal ? 'takes it' : 'waits')
            signal?.addEventListener('abort', () => reject(signal.reason))
            if (!steal) waiting = () => resolve(run())
            // Whoever has it needs it for a while.
            else resolve(run().then(() => setTimeout(() => waiting!(), 100)))
          }),
      },
    })
    const tabs = [cookieStorage().open('latchkey'), cookieStorage().open('latchkey')]
    const updates = Promise.all([1, 2].map((revision, tab) => tabs[tab]!.update((former) => record((former?.revision ?? 0) + revision))))
    await vi.advanceTimersByTimeAsync(4000)
    await updates
    expect(order).toEqual(['waits', 'waits', 'takes it'])
    expect(decodeURIComponent(jar.values.get('__Host-latchkey')!)).toContain('"revision":3')
    vi.useRealTimers()
    patience.mockRestore()
  })
})
