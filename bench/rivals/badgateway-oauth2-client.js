// README, "Fetch wrapper" and "Storing tokens for later use".
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'

export const about = { package: '@badgateway/oauth2-client', keeps: 'localStorage', acrossTabs: false }

const KEY = 'token-store'

export const open = async () => {
  const client = new OAuth2Client({
    server: location.origin,
    clientId: 'demo',
    tokenEndpoint: '/oauth/token',
    revocationEndpoint: '/oauth/revoke',
  })
  const wrapper = new OAuth2Fetch({
    client,
    getNewToken: async () => null,
    storeToken: (token) => localStorage.setItem(KEY, JSON.stringify(token)),
    getStoredToken: () => JSON.parse(localStorage.getItem(KEY)),
  })
  return {
    fetch: (url, init) => wrapper.fetch(new URL(url, location.href), init),
    // It has no sign-out: this is what is left to the app, and the wrapper's copy in memory stays.
    signOut: async () => {
      const token = JSON.parse(localStorage.getItem(KEY))
      localStorage.removeItem(KEY)
      if (token) await client.revoke(token, 'refresh_token')
    },
    signedIn: async () => !!localStorage.getItem(KEY),
  }
}

export const seed = async ({ access_token, refresh_token, expires_in }) => {
  const token = { accessToken: access_token, refreshToken: refresh_token, expiresAt: Date.now() + expires_in * 1000 }
  localStorage.setItem(KEY, JSON.stringify(token))
}
