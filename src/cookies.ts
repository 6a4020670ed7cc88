import Cookies from 'js-cookie'

/** Nothing is decoded or encoded by js-cookie: cookieStore and the server see the same text. */
export const cookies: ReturnType<typeof Cookies.withConverter<string>> = /* #__PURE__ */ Cookies.withConverter<string>({
  read: (value) => value,
  write: (value) => value,
})
