// README and reference: getSession() before each call, as supabase-js does for its own.
import { AuthClient } from '@supabase/auth-js'

export const about = { package: '@supabase/auth-js', keeps: 'localStorage', acrossTabs: true, attaches: false }

const create = (more) => new AuthClient({ url: `${location.origin}/supabase`, storageKey: 'sb-auth-token', ...more })

export const open = async () => {
  const client = create()
  return {
    fetch: async (url, init) => {
      const { data } = await client.getSession()
      return fetch(url, { ...init, headers: data.session ? { Authorization: `Bearer ${data.session.access_token}` } : {} })
    },
    signOut: () => client.signOut(),
    signedIn: async () => !!(await client.getSession()).data.session,
  }
}

export const seed = async ({ access_token, refresh_token, expires_in }) => {
  const expires_at = Math.floor(Date.now() / 1000) + Math.round(expires_in)
  const session = { access_token, refresh_token, expires_in, expires_at, token_type: 'bearer', user: { id: 'alice' } }
  localStorage.setItem('sb-auth-token', JSON.stringify(session))
}
