import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of a response after the server has done its work: cut off, never sent, or replaced by a gateway's 504. */
export type Fault = 'drop' | 'hang' | 'gateway'

export interface Exchange {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** What the server answered; 0 until it did. */
  status: number
}

export interface Proxy {
  url: string
  /** The port of the server behind. */
  target: number
  /** All requests but those for pages. */
  log: Exchange[]
  /** Of the next response for each of these paths. */
  faults: Map<string, Fault>
  /** Statuses of the requests for a path, without preflights. */
  to(path: string): number[]
  close(): Promise<void>
}

export const listen = async (server: Server): Promise<number> => {
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export const shut = (server: Server): Promise<void> => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

/**
 * Stands between the browser and a server: serves the pages, writes down every request, and can lose a response
 * after the server has worked. No connection is used twice, or Chromium would send a lost POST again by itself.
 */
export async function startProxy(host: string, pages: ReadonlyMap<string, string> = new Map()): Promise<Proxy> {
  const server = createServer(async (incoming, outgoing) => {
    outgoing.shouldKeepAlive = false
    const { pathname } = new URL(incoming.url!, 'http://proxy')
    const page = incoming.method === 'GET' ? pages.get(pathname) : undefined
    if (page !== undefined) {
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8'
      return void outgoing.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(page)
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const exchange = { method: incoming.method!, path: pathname, headers: incoming.headers, body: String(body), status: 0 }
    proxy.log.push(exchange)
    const fault = incoming.method === 'OPTIONS' ? undefined : proxy.faults.get(pathname)
    if (fault) proxy.faults.delete(pathname)
    const outward = request({ host: '127.0.0.1', port: proxy.target, path: incoming.url, method: incoming.method, headers: incoming.headers }, async (answer) => {
      exchange.status = answer.statusCode!
      const { connection: _, ...headers } = answer.headers
      if (!fault) return void answer.pipe(outgoing.writeHead(answer.statusCode!, headers))
      for await (const _ of answer); // the server has done everything by now
      if (fault === 'drop') incoming.socket.destroy()
      if (fault === 'gateway') outgoing.writeHead(504, Object.fromEntries(Object.entries(headers).filter(([header]) => /^access-control|^vary/.test(header)))).end('Gateway Timeout')
    })
    outward.on('error', () => incoming.socket.destroy())
    outward.end(body)
  })
  const port = await listen(server)
  const proxy: Proxy = {
    url: `http://${host}:${port}`,
    target: 0,
    log: [],
    faults: new Map(),
    to: (path) => proxy.log.filter((exchange) => exchange.path === path && exchange.method !== 'OPTIONS').map(({ status }) => status),
    close: () => shut(server),
  }
  return proxy
}
