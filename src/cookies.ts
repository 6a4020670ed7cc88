import { ofDocument } from './platform.js'

/**
 * Nothing is decoded or encoded: cookieStore and the server see the same text. Not js-cookie's way of writing, which takes
 * attributes from a polluted Object.prototype, and shows one cookie of several that have the same name.
 */
export const cookies = {
  // There may be several of a name: another domain, path or partition makes another cookie.
  all: (name: string): string[] =>
    `${ofDocument('cookie')}`.split('; ').flatMap((cookie) => (cookie.startsWith(`${name}=`) ? cookie.slice(name.length + 1) : [])),

  // Attributes by their names, `true` for those without a value; a polluted Object.prototype adds none.
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

/** RFC 6265 §4.1.1. */
export const isCookieName = (value: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(value)
