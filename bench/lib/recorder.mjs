import { createServer } from 'node:http'

/** A server of an origin of its own, which allows everything and writes down what it gets. */
export const startRecorder = async () => {
  const seen = []
  const server = createServer((request, response) => {
    if (request.method !== 'OPTIONS') seen.push(JSON.stringify([request.url, request.headers]))
    response.writeHead(200, { 'Access-Control-Allow-Origin': request.headers.origin ?? '*', 'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? '*', 'Access-Control-Allow-Credentials': 'true' })
    response.end('{}')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { port: server.address().port, seen, close }
}
