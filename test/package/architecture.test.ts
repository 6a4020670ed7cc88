import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../setup.mjs'
import { judge, type Law, sends } from './referee.js'

const law: Law = {
  ranking: [
    'axios.ts',
    'xhr.ts',
    'script.ts',
    'index.ts',
    'installFetch.ts',
    'createDefaultSession.ts',
    'core.ts',
    'createSession.ts',
    'inertSession.ts',
    'lifecycle.ts',
    'reporting.ts',
    'resume.ts',
    'extensions.ts',
    'authorizedFetch.ts',
    'credentials.ts',
    'schedule.ts',
    'sync.ts',
    'setTokens.ts',
    'logout.ts',
    'refresh.ts',
    'attempt.ts',
    'refreshCall.ts',
    'outcome.ts',
    'lock.ts',
    'channel.ts',
    'session.ts',
    'emitter.ts',
    'schemes/bearer.ts',
    'schemes/cookieSession.ts',
    'schemes/readableCookie.ts',
    'schemes/cookieSessionOptions.ts',
    'tokens.ts',
    'claims.ts',
    'history.ts',
    'limits.ts',
    'abortOnLogout.ts',
    'refreshTokenGrant.ts',
    'storage/cookieStorage.ts',
    'storage/cookieOptions.ts',
    'storage/removeEverywhere.ts',
    'storage/encryptedStorage.ts',
    'storage/indexedDBStorage.ts',
    'storage/database.ts',
    'storage/memoryStorage.ts',
    'storage/inOrder.ts',
    'cookies.ts',
    'abortable.ts',
    'requests.ts',
    'endpoint.ts',
    'origins.ts',
    'record.ts',
    'options.ts',
    'platform.ts',
    'page.ts',
    'tabChannel.ts',
    'types.ts',
    'refreshTypes.ts',
    'eventTypes.ts',
    'recordTypes.ts',
    'errors.ts',
  ],
  owners: {
    'js-cookie': 'schemes/readableCookie.ts',
    'jwt-decode': 'claims.ts',
    'idb-keyval': 'storage/database.ts',
  },
  mayTouchBrowser: (file) => ['platform.ts', 'page.ts', 'tabChannel.ts', 'cookies.ts', 'script.ts', 'xhr.ts', 'limits.ts'].includes(file) || file.startsWith('storage/'),
  longest: 150,
}

const sources = (): Map<string, string> => {
  const folder = join(root, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]))
}

describe('the sources', () => {
  it('import downhill, leave packages to their owner and the browser to the platform, and keep files short', () => {
    expect(judge(sources(), law)).toEqual([])
  })
})

/**
 * What may be handed to the network: a URL that was made absolute once and judged, or what another place has judged. What is
 * relative is resolved again when it is sent, and by then a `<base>` may have made it another (S1).
 */
const DECIDED = [
  // What the rule of origins, open(), or the factory of a refresh function has made of it.
  /\((href|request!?|\w+URL\(origin\))$/,
  // Hands on what it was given.
  /: (\w+\.)*(fetch|sender|underlying)\((input|\.\.\.args)$/,
  /^xhr\.ts: (super\.open\((method|\.\.\.opened)|session\.wrapFetch\(.*\)\(opened\[1\])$/,
]
describe('what is sent', () => {
  it('S1: goes to a URL that was decided on before, at every place that sends', () => {
    const found = sends(sources())
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter((one) => !DECIDED.some((form) => form.test(one)))).toEqual([])
  })
  it.each([
    ["export const top = (fetch: typeof globalThis.fetch) => fetch('/raw')", "top.ts: fetch('/raw'"],
    ['export const top = (url: string, given: { fetch: typeof fetch }) => given.fetch(url, {})', 'top.ts: given.fetch(url'],
    ["export class Top extends XMLHttpRequest { again() { super.open('GET', '/raw') } }", "top.ts: super.open('GET'"],
    ["export const top = (navigator: Navigator) => navigator.sendBeacon('/raw')", "top.ts: navigator.sendBeacon('/raw'"],
    ["export const top = () => new EventSource('/raw')", "top.ts: new EventSource('/raw')"],
  ])('is seen in %s', (top, found) => {
    expect(sends(new Map([['top.ts', top]]))).toEqual([found])
  })
})

describe('the referee', () => {
  /** What it says about two files, of which `low.ts` is the lower. */
  const complaints = (top: string, low = 'export const low = 1', extra: Partial<Law> = {}) =>
    judge(new Map([['top.ts', top], ['low.ts', low]]), {
      ranking: ['top.ts', 'low.ts'],
      owners: { 'jwt-decode': 'low.ts' },
      mayTouchBrowser: () => false,
      longest: 5,
      ...extra,
    })

  it('has nothing to say about files that keep the law', () => {
    expect(complaints(`import { low } from './low.js'\nexport const top = low + 1`, `import { jwtDecode } from 'jwt-decode'\nexport const low = 1`)).toEqual([])
  })

  it.each([
    [`import { top } from './top.js'`, 'low.ts:1 imports top.ts, which is above it'],
    [`import type { Top } from './top.js'`, 'low.ts:1 imports top.ts, which is above it'],
    [`export * from './top.js'`, 'low.ts:1 imports top.ts, which is above it'],
    [`export const f = () => import('./top.js')`, 'low.ts:1 imports top.ts, which is above it'],
    [`export type T = import('./top.js').Top`, 'low.ts:1 imports top.ts, which is above it'],
    [`import './low.js'`, 'low.ts:1 imports low.ts, which is above it'],
    [`import './gone.js'`, 'low.ts:1 imports gone.ts, which is not in src'],
  ])('sees the upward import in %s', (low, complaint) => {
    expect(complaints('export const top = 1; export type Top = 1', low)).toEqual([complaint])
  })

  it.each([
    [`import { jwtDecode } from 'jwt-decode'`, 'top.ts:1 imports jwt-decode, which only low.ts may'],
    [`import 'lodash'`, 'top.ts:1 imports lodash, which only nobody may'],
    [`import 'node:fs'`, 'top.ts:1 imports node:fs, which only nobody may'],
  ])('sees a package in the wrong hands in %s', (top, complaint) => {
    expect(complaints(top)).toEqual([complaint])
  })

  it.each([
    ['window.name', 'window'],
    ['document.cookie', 'document'],
    ['navigator.onLine', 'navigator'],
    ['location.href', 'location'],
    ['localStorage.length', 'localStorage'],
    ['indexedDB.open("x")', 'indexedDB'],
    ['new BroadcastChannel("x")', 'BroadcastChannel'],
    ['setTimeout(() => {}, 1)', 'setTimeout'],
    ['queueMicrotask(() => {})', 'queueMicrotask'],
    ['performance.now()', 'performance'],
    ['crypto.randomUUID()', 'crypto'],
    ['fetch("/")', 'fetch'],
    ['cookieStore.get("x")', 'cookieStore'],
    ['addEventListener("focus", () => {})', 'addEventListener'],
    ['console.log(1)', 'console'],
    ['globalThis.name', 'globalThis'],
    ['globalThis["fetch"]', 'globalThis'],
    ['self.name', 'self'],
    ['Date.now()', 'Date.now'],
    ['new Date()', 'Date'],
    ['Math.random()', 'Math.random'],
    ['Math["random"]()', 'Math as a whole'],
    ['AbortSignal.timeout(1)', 'AbortSignal.timeout'],
    ['eval("1")', 'eval'],
    ['new Function("1")', 'Function'],
    ['({ fetch })', 'fetch'],
    ['[document]', 'document'],
    ['`${location}`', 'location'],
    ['typeof navigator', 'navigator'],
    ['((url = location) => url)()', 'location'],
    ['nowhere', 'nowhere, which is declared nowhere'],
  ])('sees %s', (expression, harm) => {
    expect(complaints(`export const top: unknown = ${expression}`)).toEqual([`top.ts:1 touches ${harm}`])
  })

  it.each([
    'const document = { cookie: 1 }; export const top = document.cookie',
    'export const top = (fetch: () => void, { location }: { location: string }) => [fetch(), location]',
    'export interface Top { fetch: typeof fetch; window: Window; now: Date }',
    'export const top = { fetch: 1, document: 2 }; top.fetch; top.document',
    'export const top = (platform: { setTimeout(): void }) => platform.setTimeout()',
    'export const top = [new URL("https://a.b"), new Headers(), new AbortController(), Date.parse("x"), Math.max(1, 2)]',
    'export class Top extends Error { readonly crypto = undefined }',
    'fetch: for (const x of [1]) { continue fetch }; export {}',
  ])('lets pass %s', (top) => {
    expect(complaints(top)).toEqual([])
  })

  it('lets those touch the browser that may', () => {
    expect(complaints('export const top = document.title', undefined, { mayTouchBrowser: (file) => file === 'top.ts' })).toEqual([])
  })

  it('sees long files, and files that the ranking does not know or knows in vain', () => {
    expect(complaints('export {}\n\n\n\n\n//', undefined, { ranking: ['low.ts', 'old.ts'] })).toEqual([
      'top.ts is missing from the ranking',
      'old.ts is in the ranking but not in src',
      'top.ts has 6 lines, 5 is the limit',
    ])
  })
})
