import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recorder {
  url: string
  requests: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[]
  close(): Promise<void>
}

/** A server of an origin of its own, which allows everything and writes down what it gets. */
export async function startRecorder(answer: RequestListener = (_, response) => response.end('ok')): Promise<Recorder> {
  const requests: Recorder['requests'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({ method: request.method!, path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString('latin1') })
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*')
    response.setHeader('Access-Control-Allow-Credentials', 'true')
    response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, X-Test')
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH')
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else answer(request, response)
  })
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, requests, close }
}
