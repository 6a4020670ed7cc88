import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cookieStorage, type CookieStorageOptions } from '../../src/storage/cookieStorage.js'
import { record } from './contract.js'

interface Kept {
  name: string
  value: string
  domain: string | undefined
  path: string
  partitioned: boolean
}

/** A jar that keeps cookies apart as browsers do, seen from one page. Without cookieStore, document.cookie is all there is. */
const stubPage = (href: string, { store = true } = {}): Kept[] => {
  const url = new URL(href)
  const jar: Kept[] = []
  const seen = () =>
    jar.filter(({ domain = url.hostname, path }) =>
      (url.hostname === domain || url.hostname.endsWith(`.${domain}`)) && (url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)))
  vi.stubGlobal('location', url)
  vi.stubGlobal('navigator', {})
  // Its members are on its class, as in browsers.
  vi.stubGlobal('document', Object.create({
    get cookie() {
      return seen().map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    set cookie(text: string) {
      const [pair = '', ...rest] = text.split('; ')
      const [name = '', value = ''] = pair.split('=')
      const attributes = new Map(rest.map((each) => each.toLowerCase().split('=') as [string, string]))
      const domain = attributes.get('domain')
      if (domain && !url.hostname.endsWith(domain)) return
      if (name.startsWith('__Host-') && (domain || attributes.get('path') !== '/')) return
      const path = attributes.get('path') ?? url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/')))
      const key = { name, domain, path, partitioned: attributes.has('partitioned') }
      const at = jar.findIndex((kept) => Object.entries(key).every(([member, wanted]) => kept[member as keyof Kept] === wanted))
      if (attributes.get('max-age') === '0') {
        if (at >= 0) jar.splice(at, 1)
      } else if (at >= 0) jar[at]!.value = value
      else jar.push({ ...key, value })
    },
  }))
  vi.stubGlobal('cookieStore', store ? { getAll: async (name: string) => seen().filter((kept) => kept.name === name) } : undefined)
  return jar
}

const tombstone = (id: string, revision: number) => ({ id, revision, tokens: null, endedBecause: 'logout' as const })

describe('a cookie of the same name with other attributes', () => {
  afterEach(() => vi.unstubAllGlobals())

  const cases: [what: string, before: CookieStorageOptions, after: CookieStorageOptions][] = [
    ['host-only, now with a domain', { prefix: '' }, { domain: 'example.com' }],
    ['with a domain, now host-only', { domain: 'example.com' }, { prefix: '' }],
    ['with the domain of the host', { domain: 'app.example.com' }, { domain: 'example.com' }],
    ['with a narrower path', { path: '/app' }, { prefix: '' }],
    ['with a path that ends in a slash', { path: '/app/' }, { domain: 'example.com' }],
    ['partitioned, now not', { partitioned: true }, {}],
  ]
  for (const [what, before, after] of cases) {
    for (const store of [true, false]) {
      test(`F4: ${what}${store ? '' : ', without cookieStore'}: a login works, what was left is removed, and a logout stays`, async () => {
        const jar = stubPage('https://app.example.com/app/page', { store })
        await cookieStorage({ ...before, mirror: 'access' }).open('auth').update(() => ({ ...record(5, 'old'), id: 'old' }))
        const now = cookieStorage({ ...after, mirror: 'access' }).open('auth')
        expect((await now.read())!.id).toBe('old')
        await now.update((stored) => ({ ...record(stored!.revision + 1, 'new'), id: 'new' }))
        expect((await now.read())!.id).toBe('new')
        expect(jar.map(({ value }) => decodeURIComponent(value)).filter((value) => value.includes('old'))).toEqual([])
        expect(jar).toHaveLength(2)
        await now.update((stored) => tombstone('new', stored!.revision + 1))
        expect((await cookieStorage({ ...after, mirror: 'access' }).open('auth').read())!.tokens).toBeNull()
        expect(jar.map(({ value }) => decodeURIComponent(value)).join()).not.toMatch(/accessToken/)
      })
    }
  }

  test('F4: a tombstone wins over the session that it ended, whichever of the two a browser names first', async () => {
    const jar = stubPage('https://app.example.com/')
    const text = (value: unknown) => encodeURIComponent(JSON.stringify(value))
    const shadow = { name: 'auth', path: '/', partitioned: false }
    jar.push({ ...shadow, value: text({ ...record(9), id: 'a' }), domain: undefined }, { ...shadow, value: text(tombstone('a', 8)), domain: 'example.com' })
    const store = cookieStorage({ domain: 'example.com' }).open('auth')
    expect((await store.read())!.tokens).toBeNull()
    jar.reverse()
    expect((await store.read())!.tokens).toBeNull()
  })

  test('F4: what is not of latchkey is passed by, and left alone', async () => {
    const jar = stubPage('https://app.example.com/')
    jar.push({ name: 'auth', value: 'theirs', domain: undefined, path: '/', partitioned: false })
    const store = cookieStorage({ domain: 'example.com' }).open('auth')
    await store.update(() => record())
    await store.update(() => tombstone('id', 2))
    expect((await store.read())!.tokens).toBeNull()
    expect(jar.map(({ value }) => value)).toContain('theirs')
  })
})

describe('cookies', () => {
  let jar: Kept[]
  beforeEach(() => {
    jar = stubPage('https://app.example.com/')
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  test('S18: the mirror has the prefix of the cookie, so that no other host of the domain can put another in its place', async () => {
    await cookieStorage({ mirror: 'access_token' }).open('auth').update(() => record())
    expect(jar.map(({ name }) => name)).toEqual(['__Host-auth', '__Host-access_token'])
    await cookieStorage({ mirror: 'access_token', domain: 'example.com' }).open('other').update(() => record())
    expect(jar.map(({ name }) => name).slice(2)).toEqual(['other', 'access_token'])
  })

  test('S9: a cookieStore that is slow each time is not asked without end: the update fails with a code', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const getAll = vi.fn(() => new Promise((resolve) => setTimeout(() => resolve([]), 200)))
    vi.stubGlobal('cookieStore', { getAll })
    const failure = expect(cookieStorage().open('auth').update(() => record())).rejects.toMatchObject({ code: 'storage_failed' })
    await vi.advanceTimersByTimeAsync(60_000)
    await failure
    expect(getAll.mock.calls.length).toBeLessThan(10)
    expect(jar).toEqual([])
  })

  test('F7 S9: one that never answers is not waited for without end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    vi.stubGlobal('cookieStore', { getAll: () => new Promise(() => {}) })
    const store = cookieStorage().open('auth')
    const failure = expect(store.update(() => record())).rejects.toMatchObject({ code: 'storage_failed' })
    const read = store.read()
    await vi.advanceTimersByTimeAsync(60_000)
    await failure
    expect(await read).toBeUndefined()
  })

  test('F47: on a server, cookieStorage() is made without a page, and says what is missing when it is opened', () => {
    vi.stubGlobal('location', undefined)
    expect(() => cookieStorage().open('auth')).toThrow(expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining('server') }))
  })

  test('S3: a polluted Object.prototype sets no option', async () => {
    Object.assign(Object.prototype, { mirror: 'stolen', domain: 'example.com' })
    try {
      await cookieStorage().open('auth').update(() => record())
    } finally {
      for (const name of ['mirror', 'domain']) delete (Object.prototype as Record<string, unknown>)[name]
    }
    expect(jar).toMatchObject([{ name: '__Host-auth', domain: undefined }])
  })
})

describe('a cookie that hosts of a domain share', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('F5: says that those hosts share no lock, and tells of changes by an event that crosses hosts, until it is closed', () => {
    stubPage('https://app.example.com/')
    const target = new EventTarget()
    vi.stubGlobal('cookieStore', Object.assign(target, { get() {}, getAll: async () => [] }))
    const change = (name: string, kind = 'changed') => target.dispatchEvent(Object.assign(new Event('change'), { changed: [], deleted: [], [kind]: [{ name }] }))
    expect(cookieStorage().open('auth').degraded).toBeUndefined()
    const store = cookieStorage({ domain: 'example.com' }).open('auth')
    expect(store.degraded).toMatch(/no lock.*grace window/)
    const heard = vi.fn()
    store.watch!(heard)
    change('auth')
    change('other')
    expect(heard).toHaveBeenCalledTimes(1)
    change('auth', 'deleted')
    expect(heard).toHaveBeenCalledTimes(2)
    store.close()
    change('auth')
    expect(heard).toHaveBeenCalledTimes(2)
  })

  test('F5: without cookieStore it says both, and throws nothing', () => {
    stubPage('https://app.example.com/', { store: false })
    const store = cookieStorage({ domain: 'example.com' }).open('auth')
    expect(store.degraded).toMatch(/no lock.*No cookieStore/)
    store.watch!(() => {})
    store.close()
  })
})
