import { createSession } from './createDefaultSession.js'
import { installFetch } from './installFetch.js'
import { own } from './options.js'
import { ofDocument } from './platform.js'
import { refreshTokenGrant } from './refreshTokenGrant.js'
import { cookieStorage } from './storage/cookieStorage.js'
import { indexedDBStorage } from './storage/indexedDBStorage.js'
import { memoryStorage } from './storage/memoryStorage.js'
import type { Session, SessionOptions } from './types.js'

export * from './index.js'

const storages = { indexeddb: indexedDBStorage, cookie: cookieStorage, memory: memoryStorage }
const attributes = ['refreshUrl', 'revokeUrl', 'clientId', 'storage', 'origins', 'name', 'installFetch']

const attributeOf = (key: string) => `data-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Makes a session of the `data-*` attributes of the script's tag. @throws {Error} that names the attribute */
const sessionOf = (data: DOMStringMap): Session | undefined => {
  const given = Object.keys(data)
  if (!given.length) return
  const unknown = given.find((key) => !attributes.includes(key))
  if (unknown) throw new Error(`there is no attribute ${attributeOf(unknown)}; there are ${attributes.map(attributeOf).join(', ')}`)
  const { refreshUrl, revokeUrl, clientId, storage, origins, name } = own(data)
  if (storage !== undefined && !Object.hasOwn(storages, storage)) {
    throw new Error(`data-storage must be one of ${Object.keys(storages).join(', ')}`)
  }
  if (!refreshUrl && (refreshUrl === '' || revokeUrl !== undefined || clientId !== undefined)) {
    throw new Error('data-refresh-url must be the URL of the token endpoint')
  }
  if (!['', 'true', 'false', undefined].includes(data.installFetch)) throw new Error('data-install-fetch takes no value')
  const options: SessionOptions = {
    ...(refreshUrl && {
      refresh: refreshTokenGrant({ url: refreshUrl, ...(clientId && { clientId }), ...(revokeUrl && { revokeUrl }) }),
    }),
    ...(storage && { storage: storages[storage as keyof typeof storages]() }),
    ...(origins !== undefined && { origins: origins.split(/[\s,]+/).filter(Boolean) }),
    ...(name !== undefined && { name }),
  }
  const made = createSession(options)
  if (data.installFetch !== undefined && data.installFetch !== 'false') installFetch(made)
  return made
}

const attempt = () => {
  try {
    return sessionOf((ofDocument('currentScript') as HTMLElement | null)?.dataset ?? {})
  } catch (error) {
    console.error(`latchkey: on the script tag, ${(error as Error).message}`)
  }
  return undefined
}

/** Ready made when the tag has `data-*` attributes. */
export const session: Session | undefined = attempt()
