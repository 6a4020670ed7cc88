import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningServer } from '../../demo/server/index.mjs'

export interface Front {
  port: number
  /** The site at that host name, API included. */
  at(host: string): string
  /** While true, every connection is cut. */
  down: boolean
  close(): Promise<void>
}

/** Paths that the test answers rather than the site. */
export type Pages = Record<string, (query: URLSearchParams) => string>

/**
 * Shows a site, and its API, under any host name; also to a browser that takes this for its proxy. Without the
 * policy of the site, which knows of no other name; and it can be gone.
 */
export async function startFront(site: RunningServer, pages: Pages = {}): Promise<Front> {
  const server = createServer((incoming, outgoing) => {
    if (front.down) return void incoming.socket.destroy()
    const { pathname, search, searchParams } = new URL(incoming.url!, 'http://front')
    const page = pages[pathname]?.(searchParams)
    if (page !== undefined) return void outgoing.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(page)
    const target = new URL(pathname.startsWith('/api/') ? site.apiUrl : site.url)
    const headers = { ...incoming.headers, host: target.host, ...(incoming.headers.origin && { origin: site.url }) }
    const { port } = target
    const outward = request({ host: '127.0.0.1', port, path: pathname + search, method: incoming.method, headers }, (answer) => {
      const { 'content-security-policy': _, 'connection-allowlist': __, ...rest } = answer.headers
      outgoing.writeHead(answer.statusCode!, { ...rest, ...(rest['access-control-allow-origin'] && { 'access-control-allow-origin': incoming.headers.origin }) })
      answer.pipe(outgoing)
    })
    outward.on('error', () => incoming.socket.destroy())
    outgoing.on('close', () => outward.destroy())
    incoming.pipe(outward)
  })
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const front = {
    port,
    at: (host: string) => `http://${host}:${port}`,
    down: false,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return front
}
