// JavaScript adapter guide: updateToken(30) before each call.
import Keycloak from 'keycloak-js'

export const about = {
  package: 'keycloak-js', keeps: 'memory', acrossTabs: false, attaches: false,
  note: 'each tab signs in by itself with a redirect, and keeps its own tokens in memory',
}

export const open = async (answer) => {
  const keycloak = new Keycloak({ url: `${location.origin}/keycloak`, realm: 'bench', clientId: 'demo' })
  await keycloak.init({ token: answer.access_token, refreshToken: answer.refresh_token, checkLoginIframe: false }).catch(() => {})
  return {
    fetch: async (url, init) => {
      await keycloak.updateToken(30)
      return fetch(url, { ...init, headers: { Authorization: `Bearer ${keycloak.token}` } })
    },
    // logout() leaves the page for the server's; this is the part before that.
    signOut: async () => {
      const token = keycloak.refreshToken
      keycloak.clearToken()
      await fetch('/keycloak/revoke', { method: 'POST', body: token })
    },
    signedIn: async () => !!keycloak.authenticated,
  }
}
