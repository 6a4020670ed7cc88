// README and docs/protocols: UserManager, automaticSilentRenew (on by default), signinSilent with a refresh token.
import { User, UserManager, WebStorageStateStore } from 'oidc-client-ts'

export const about = { package: 'oidc-client-ts', keeps: 'localStorage', acrossTabs: true, attaches: false }

const create = (more) => {
  const { origin } = location
  return new UserManager({
    authority: origin,
    client_id: 'demo',
    redirect_uri: `${origin}/`,
    scope: 'api',
    metadata: { issuer: origin, token_endpoint: `${origin}/oauth/token`, revocation_endpoint: `${origin}/oauth/revoke` },
    userStore: new WebStorageStateStore({ store: localStorage }),
    ...more,
  })
}

export const open = async () => {
  const manager = create()
  const token = async () => {
    let user = await manager.getUser()
    if (user?.expired) user = await manager.signinSilent()
    return user?.access_token
  }
  return {
    fetch: async (url, init) => {
      const accessToken = await token()
      return fetch(url, { ...init, headers: accessToken ? { Authorization: `Bearer ${accessToken}` } : {} })
    },
    // What signoutRedirect with revokeTokensOnSignout does before it leaves the page.
    signOut: async () => {
      await manager.revokeTokens(['refresh_token'])
      await manager.removeUser()
    },
    signedIn: async () => !!(await manager.getUser()),
  }
}

export const seed = async (answer) => {
  const manager = create({ automaticSilentRenew: false })
  const expires_at = Math.floor(Date.now() / 1000) + Math.round(answer.expires_in)
  await manager.storeUser(new User({ ...answer, expires_at, profile: { sub: 'alice' } }))
}
