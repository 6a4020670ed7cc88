// README: refreshAuthLogic, and a request interceptor that reads the token anew each time.
import axios from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'

export const about = { package: 'axios-auth-refresh', with: 'axios', keeps: 'localStorage', acrossTabs: true }

export const open = async () => {
  const api = axios.create()
  api.interceptors.request.use((request) => {
    const token = localStorage.getItem('token')
    if (token) request.headers.Authorization = `Bearer ${token}`
    return request
  })
  createAuthRefresh(api, async (failedRequest) => {
    const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: localStorage.getItem('refreshToken') }
    const { data } = await axios.post('/oauth/token', new URLSearchParams(form))
    localStorage.setItem('token', data.access_token)
    localStorage.setItem('refreshToken', data.refresh_token)
    failedRequest.response.config.headers.Authorization = `Bearer ${data.access_token}`
  })
  return {
    fetch: (url, init) => api(url, { signal: init?.signal }),
    // It has none: this is what is left to the app.
    signOut: async () => {
      const token = localStorage.getItem('refreshToken')
      localStorage.removeItem('token')
      localStorage.removeItem('refreshToken')
      await axios.post('/oauth/revoke', new URLSearchParams({ token, client_id: 'demo' }))
    },
    signedIn: async () => !!localStorage.getItem('token'),
  }
}

export const seed = async ({ access_token, refresh_token }) => {
  localStorage.setItem('token', access_token)
  localStorage.setItem('refreshToken', refresh_token)
}
