/**
 * What URLs in the app's options are relative to; nothing on a server. Not `document.baseURI`, which any markup can set. A
 * frame with srcdoc has the origin of the page around it, and no URL of its own.
 */
export const pageURL = (): string | undefined => {
  const { location, origin } = globalThis as { location?: Location; origin?: string }
  return location && !/^https?:/.test(location.href) ? origin : location?.href
}
