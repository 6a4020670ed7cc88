// For tests in TypeScript.
export interface ServerOptions {
  port?: number
  apiPort?: number
  /** How many ports to try from `port` and `apiPort` on. Default: 1. */
  tries?: number
  alg?: 'HS256' | 'RS256'
  /** Seconds an access token lasts. Default: 20. */
  lifetime?: number
  /** Seconds a refresh token lasts. Default: 8 hours. */
  refreshLifetime?: number
  /** Seconds in which a spent refresh token gets the same answer again; 0 is strict. Default: 10. */
  grace?: number
  /** The folder that holds demo/, dist/ and node_modules/. */
  root?: string
  quiet?: boolean
}

export interface LoggedRequest {
  at: number
  method: string
  path: string
  query: string
  /** The origin that received it. */
  origin: string
  headers: Record<string, string | string[] | undefined>
  /** Name, value, name, value, as received. */
  rawHeaders: string[]
  /** Absent until answered, and when the connection was cut. */
  status?: number
}

export interface Faults {
  delayTokenBefore: number
  delayToken: number
  delayNext: number
  downUntil: number
  dropTokenRequest: number
  dropTokenAnswer: number
  breakTokenAnswer: number
  failToken: { status: number; body?: unknown; headers?: Record<string, string>; times?: number; spend?: boolean } | null
  lifetime: number | null
  omitRefreshToken: boolean
  omitExpiresIn: boolean
}

export interface ServerState {
  url: string
  apiUrl: string
  tokenRequests: number
  /** Requests to the backend to renew a cookie session. */
  sessionRefreshes: number
  rotations: number
  repeats: number
  reuses: number
  spentTwice: number
  unauthorized: number
  revocations: number
  logins: number
  apiCalls: number
  /** What tabs said of sessions that ended in them; `live`: this server still honoured it. */
  signOuts: { sid: string; at: number; reason: string | undefined; asked: boolean; live: boolean }[]
  readonly wronglySignedOut: number
  refreshTokensSeen: Map<string, number>
  log: LoggedRequest[]
  events: { id: number; at: number; kind: string; sentence: string; times: number }[]
  faults: Faults
  reset(): void
}

export interface RunningServer {
  url: string
  apiUrl: string
  port: number
  state: ServerState
  close(): Promise<void>
}

export function startServer(options?: ServerOptions): Promise<RunningServer>
