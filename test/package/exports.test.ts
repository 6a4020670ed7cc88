import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { root } from '../setup.mjs'

const VALUES = [
  'RefreshError',
  'SessionError',
  'abortOnLogout',
  'cookieSession',
  'cookieStorage',
  'createSession',
  'encryptedStorage',
  'eventHistory',
  'findSessionError',
  'indexedDBStorage',
  'installFetch',
  'isSessionError',
  'memoryStorage',
  'refreshTokenGrant',
  'sessionLimits',
]

const TYPES = [
  'CookieSessionOptions',
  'CookieSessionResponse',
  'CookieStorageOptions',
  'EncryptedStorageOptions',
  'EndReason',
  'Extension',
  'HistoryEntry',
  'IndexedDBStorageOptions',
  'InternalEvents',
  'RecordStore',
  'RefreshContext',
  'RefreshErrorCode',
  'RefreshFunction',
  'RefreshIntent',
  'RefreshTokenGrantOptions',
  'RevokeFunction',
  'Scheme',
  'Session',
  'SessionDoor',
  'SessionErrorCode',
  'SessionEvents',
  'SessionLimits',
  'SessionLimitsOptions',
  'SessionOptions',
  'SessionRecord',
  'SessionSnapshot',
  'SessionStatus',
  'TokenResponse',
  'TokenSet',
  'TokenStorage',
  'UnverifiedClaims',
]

const dist = (file: string) => join(root, 'dist', file)

describe('the exports', () => {
  it('are these values, and no default', async () => {
    const exported: object = await import(dist('index.js'))
    expect(Object.keys(exported).sort()).toEqual(VALUES)
  })

  it('are these types, and the same values', () => {
    const program = ts.createProgram([dist('index.d.ts')], { lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] })
    const checker = program.getTypeChecker()
    const module = checker.getSymbolAtLocation(program.getSourceFile(dist('index.d.ts'))!)!
    const names = checker.getExportsOfModule(module).map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return { name: symbol.name, isValue: (target.flags & ts.SymbolFlags.Value) !== 0 }
    })
    const sorted = (isValue: boolean) => names.filter((one) => one.isValue === isValue).map(({ name }) => name).sort()
    expect(sorted(true)).toEqual(VALUES)
    expect(sorted(false)).toEqual(TYPES)
  })

  it('C17: are in the script build under the one global it makes, with `session` beside them', () => {
    const document = { currentScript: null }
    const context = createContext({ document })
    const before = Object.getOwnPropertyNames(context)
    new Script(readFileSync(dist('latchkey.min.js'), 'utf8')).runInContext(context)
    expect(Object.getOwnPropertyNames(context).filter((name) => !before.includes(name))).toEqual(['latchkey'])
    expect(Object.keys((context as { latchkey: object }).latchkey).sort()).toEqual([...VALUES, 'session'].sort())
  })
})
