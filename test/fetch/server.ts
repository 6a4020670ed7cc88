import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { root } from '../setup.mjs'

/** All that can be seen of a request from outside the browser. */
export interface Seen {
  line: string
  /** As they came, in order: `Name: value`. */
  headers: string[]
  body: string
}

export interface Origin {
  url: string
  close(): Promise<void>
}

const file = (type: string, ...path: string[]) => ({ type, text: () => readFileSync(join(root, ...path)) })

const FILES: Record<string, { type: string; text(): Buffer | string }> = {
  '/': { type: 'text/html', text: () => '<!doctype html><meta charset="utf-8"><title>fetch</title><link rel="icon" href="data:,">' },
  '/latchkey.min.js': file('text/javascript', 'dist/latchkey.min.js'),
  '/axios.js': file('text/javascript', 'node_modules/axios/dist/axios.min.js'),
  '/latchkey/axios.js': file('text/javascript', 'dist/axios.js'),
  '/latchkey/xhr.js': file('text/javascript', 'dist/xhr.js'),
  '/clients.js': file('text/javascript', 'test/fetch/page/clients.js'),
  '/cases.js': file('text/javascript', 'test/fetch/page/cases.js'),
  '/compare.js': file('text/javascript', 'test/fetch/page/compare.js'),
}

/**
 * An origin that writes down what it gets, in a list that origins share. What it answers is in the path: `/status/404`, `/redirect/307/to…`, `/gzip`,
 * `/drip` (one byte, then more when released), `/hang`, `/drop`. To `Bearer stale` it answers 401,
 * whatever the path, and to `Bearer endless` a 401 that does not end.
 */
export async function startOrigin(seen: Seen[]): Promise<Origin> {
  const held = new Set<ServerResponse>()
  /** Those who wait for a request to arrive. */
  const waiting = new Set<() => void>()

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { origin } = request.headers
    const path = request.url!
    if (origin) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Credentials', 'true')
      response.setHeader('Access-Control-Allow-Headers', request.headers['access-control-request-headers'] ?? '')
      response.setHeader('Access-Control-Allow-Methods', request.headers['access-control-request-method'] ?? '')
      response.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate, X-Exposed')
      response.setHeader('Access-Control-Max-Age', '0')
    }
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Exposed', 'yes')
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method']) return response.writeHead(204).end()
    if (request.headers.authorization === 'Bearer stale' && path === '/late') {
      response.statusCode = 401
      return void held.add(response)
    }
    if (request.headers.authorization === 'Bearer stale') return response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end('stale')
    if (request.headers.authorization === 'Bearer endless') {
      response.writeHead(401)
      return void response.write('more to come')
    }
    const [, kind, value, ...rest] = path.split(/[/?]/)
    if (kind === 'status') return response.writeHead(Number(value)).end(/^(204|205|304)$/.test(value!) ? undefined : `status ${value}`)
    if (kind === 'challenge') return response.writeHead(Number(value), { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }).end('more')
    if (kind === 'redirect') return response.writeHead(Number(value), { Location: decodeURIComponent(rest.join('/')) }).end()
    if (kind === 'gzip') return response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('zipped'.repeat(100)))
    // Where a connection just ends, a browser may send the request again by itself.
    if (kind === 'rubbish') return request.socket.end('rubbish\r\n\r\n')
    if (kind === 'drop') return request.socket.destroy()
    if (kind === 'hang') return void held.add(response)
    if (kind === 'drip') {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      response.write('first')
      return void held.add(response)
    }
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Set-Cookie': 'seen=1; Path=/' }).end(`${request.method} ${path}`)
  }

  const control = async (name: string, response: ServerResponse) => {
    if (name === 'arrived') while (seen.length === 0) await new Promise<void>((resolve) => waiting.add(resolve))
    if (name === 'release') {
      for (const each of held) each.end('last')
      held.clear()
    }
    response.end(JSON.stringify(name === 'take' ? seen.splice(0) : []))
  }

  const server = createServer((request, response) => {
    const path = request.url!
    if (path.startsWith('/control/')) return void control(path.slice('/control/'.length), response)
    if (path === '/favicon.ico') return void response.writeHead(404).end()
    if (FILES[path] && request.method === 'GET' && !request.headers['x-case']) {
      const { type, text } = FILES[path]!
      return void response.writeHead(200, { 'Content-Type': type }).end(text())
    }
    const headers: string[] = []
    for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
    const entry: Seen = { line: `${request.method} ${path} HTTP/${request.httpVersion}`, headers, body: '' }
    seen.push(entry)
    for (const resolve of waiting) resolve()
    waiting.clear()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      entry.body = Buffer.concat(chunks).toString('latin1')
      answer(request, response)
    })
  })
  // Node knows no method `patch`: what came is written down all the same.
  server.on('clientError', ({ rawPacket }: Error & { rawPacket?: Buffer }, socket) => {
    const [line, ...headers] = rawPacket?.toString('latin1').split('\r\n\r\n')[0]!.split('\r\n') ?? []
    if (line) seen.push({ line, headers, body: '' })
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
