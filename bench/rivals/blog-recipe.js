// The interceptor that tutorials teach: a flag, a queue of the failed, localStorage, and out at the first failure.
import axios from 'axios'

export const about = { package: 'interceptor recipe', with: 'axios', keeps: 'localStorage', acrossTabs: true }

export const open = async () => {
  const api = axios.create()
  let isRefreshing = false
  let failedQueue = []

  const processQueue = (error, token) => {
    for (const { resolve, reject } of failedQueue) error ? reject(error) : resolve(token)
    failedQueue = []
  }

  api.interceptors.request.use((config) => {
    const token = localStorage.getItem('accessToken')
    if (token) config.headers.Authorization = `Bearer ${token}`
    return config
  })

  api.interceptors.response.use(
    (response) => response,
    async (error) => {
      const original = error.config
      if (error.response?.status !== 401 || original._retry) return Promise.reject(error)
      if (isRefreshing) {
        const token = await new Promise((resolve, reject) => failedQueue.push({ resolve, reject }))
        original.headers.Authorization = `Bearer ${token}`
        return api(original)
      }
      original._retry = true
      isRefreshing = true
      try {
        const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: localStorage.getItem('refreshToken') }
        const { data } = await axios.post('/oauth/token', new URLSearchParams(form))
        localStorage.setItem('accessToken', data.access_token)
        localStorage.setItem('refreshToken', data.refresh_token)
        processQueue(null, data.access_token)
        original.headers.Authorization = `Bearer ${data.access_token}`
        return api(original)
      } catch (problem) {
        processQueue(problem, null)
        localStorage.removeItem('accessToken')
        localStorage.removeItem('refreshToken')
        return Promise.reject(problem)
      } finally {
        isRefreshing = false
      }
    },
  )

  return {
    fetch: (url, init) => api(url, { signal: init?.signal }),
    signOut: async () => {
      const token = localStorage.getItem('refreshToken')
      localStorage.removeItem('accessToken')
      localStorage.removeItem('refreshToken')
      await axios.post('/oauth/revoke', new URLSearchParams({ token, client_id: 'demo' }))
    },
    signedIn: async () => !!localStorage.getItem('accessToken'),
  }
}

export const seed = async ({ access_token, refresh_token }) => {
  localStorage.setItem('accessToken', access_token)
  localStorage.setItem('refreshToken', refresh_token)
}
