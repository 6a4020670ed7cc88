// README and EXAMPLES: refresh tokens in localStorage, and a fetcher that attaches the token.
import { Auth0Client } from '@auth0/auth0-spa-js'

export const about = { package: '@auth0/auth0-spa-js', keeps: 'localStorage', acrossTabs: true }

const create = () =>
  new Auth0Client({
    domain: `${location.origin}/auth0`,
    clientId: 'demo',
    useRefreshTokens: true,
    cacheLocation: 'localstorage',
    authorizationParams: { redirect_uri: location.origin },
  })

export const open = async () => {
  const client = create()
  const fetcher = client.createFetcher()
  return {
    fetch: (url, init) => fetcher.fetchWithAuth(new URL(url, location.href).href, init),
    // logout() alone would leave the refresh token valid.
    signOut: async () => {
      await client.revokeRefreshToken().catch(() => {})
      await client.logout({ openUrl: false })
    },
    signedIn: () => client.isAuthenticated(),
  }
}

export const seed = (answer) =>
  create().exchangeToken({ subject_token: answer.refresh_token, subject_token_type: 'urn:bench:login' })
