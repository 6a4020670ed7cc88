import { ofDocument } from './platform.js'

/** Nothing is decoded or encoded: cookieStore and the server see the same text. */
export const cookies = {
  get: (name: string): string | undefined =>
    `${ofDocument('cookie')}`.split('; ').find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1),

  /** Attributes by their names, `true` for those without a value; a polluted Object.prototype adds none. */
  set(name: string, value: string, attributes: Readonly<Record<string, unknown>>): void {
    const parts = Object.entries(attributes).map(([attribute, of]) =>
      of ? `; ${attribute}${of === true ? '' : `=${of instanceof Date ? of.toUTCString() : of}`}` : '',
    )
    // An image of that name would stand in for it (see ofDocument).
    Reflect.set(Object.getPrototypeOf(document), 'cookie', `${name}=${value}${parts.join('')}`, document)
  },

  remove(name: string, attributes: Readonly<Record<string, unknown>>): void {
    cookies.set(name, '', { ...attributes, 'max-age': '0' })
  },
}
