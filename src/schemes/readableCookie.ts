import Cookies from 'js-cookie'

/** As servers that encode it expect it, and axios and Angular send it. What is no header then stays as it is. */
const plain = (value: string): string => {
  try {
    const decoded = decodeURIComponent(value)
    return /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(decoded) ? decoded : value
  } catch {
    return value
  }
}

const jar = /* #__PURE__ */ Cookies.withConverter<string>({ read: plain, write: plain })

/** The value of a cookie that the server sets for script to read. */
export const readableCookie = (name: string): string | undefined => {
  try {
    return jar.get(name)
  } catch {
    // An element named `cookie` hides `document.cookie`: as good as no cookie, so that nothing is sent with its text.
    return undefined
  }
}
