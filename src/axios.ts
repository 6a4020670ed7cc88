/** What {@link axiosConfig} needs of a session. */
export interface AxiosSession {
  readonly fetch: typeof globalThis.fetch
}

/** Members of an axios configuration. */
export interface AxiosConfig {
  adapter: 'fetch'
  env: { fetch: typeof globalThis.fetch }
}

/**
 * Configuration that sends what axios (1.12 or later) sends through `session.fetch`, with all its rules:
 * `axios.create({ baseURL: 'https://api.example.com', ...axiosConfig(session) })`. Its fetch adapter, and no pair of
 * interceptors: those see a request before its URL, headers and body are final, and would send a replay through all
 * interceptors again.
 */
export const axiosConfig = (session: AxiosSession): AxiosConfig => ({ adapter: 'fetch', env: { fetch: session.fetch } })
