// README: start the service, getOrRenewAccessToken for each call. The /core entry is the smallest that does it.
import { OktaAuth } from '@okta/okta-auth-js/core'

export const about = { package: '@okta/okta-auth-js', keeps: 'localStorage', acrossTabs: true, attaches: false }

const create = (more) =>
  new OktaAuth({
    issuer: `${location.origin}/okta`,
    clientId: 'demo',
    redirectUri: location.origin,
    scopes: ['api', 'offline_access'],
    tokenManager: { storage: 'localStorage', ...more },
  })

export const open = async () => {
  const auth = create()
  void auth.start() // not awaited, as in okta-react: it answers when a refresh that is due has
  return {
    fetch: async (url, init) => {
      const accessToken = await auth.getOrRenewAccessToken()
      return fetch(url, { ...init, headers: accessToken ? { Authorization: `Bearer ${accessToken}` } : {} })
    },
    // signOut() does the same and leaves the page for the server's.
    signOut: async () => {
      await auth.revokeRefreshToken()
      await auth.revokeAccessToken()
      auth.tokenManager.clear()
    },
    signedIn: async () => !!auth.tokenManager.getTokensSync().refreshToken,
  }
}

export const seed = async ({ access_token, refresh_token, expires_in }) => {
  const auth = create({ autoRenew: false, autoRemove: false })
  const expiresAt = Math.floor(Date.now() / 1000) + Math.round(expires_in)
  const urls = { authorizeUrl: auth.options.issuer, issuer: auth.options.issuer, tokenUrl: `${auth.options.issuer}/oauth2/v1/token` }
  const scopes = ['api', 'offline_access']
  auth.tokenManager.setTokens({
    accessToken: { accessToken: access_token, tokenType: 'Bearer', userinfoUrl: auth.options.issuer, claims: { sub: 'alice' }, expiresAt, scopes, ...urls },
    refreshToken: { refreshToken: refresh_token, expiresAt: expiresAt + 86_400, scopes, ...urls },
  })
}
