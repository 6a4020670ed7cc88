import { SessionError } from './errors.js'
import type { Session, SessionSnapshot } from './types.js'

const snapshot: SessionSnapshot = /* #__PURE__ */ Object.freeze({ status: 'loading', expiresAt: undefined, unverifiedClaims: undefined, reason: undefined })

const refuse = async (): Promise<never> => {
  throw new SessionError('on_server', 'There is no page here: do this in the browser, or set onServer')
}
const nothing = () => () => {}

/**
 * What `createSession` returns where there is no page. A module on a server is shared by all requests, so this session
 * knows nobody: it stays `loading`, as the page does until it has read its storage, and does nothing at all.
 */
export const inertSession = (fetch: typeof globalThis.fetch): Session => ({
  status: 'loading',
  unverifiedClaims: undefined,
  fetch,
  wrapFetch: (underlying) => underlying,
  setTokens: refuse,
  // As `fetch` does: what a server asks for while it renders goes out unattached.
  getAccessToken: async () => undefined,
  refresh: refuse,
  logout: refuse,
  history: () => [],
  on: nothing,
  subscribe: nothing,
  getSnapshot: () => snapshot,
  ready: new Promise(() => {}),
  close() {},
})
