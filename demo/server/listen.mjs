import { createAdaptorServer } from '@hono/node-server'

const HOST = '127.0.0.1'
const NO_HTTP = JSON.stringify({ error: 'invalid_request', error_description: 'That is not a request in HTTP/1.1, or its headers are too large.' })

const tryPort = (app, port) =>
  new Promise((resolve, reject) => {
    const server = createAdaptorServer({ fetch: app.fetch })
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.removeListener('error', reject)
      server.on('clientError', (problem, socket) => {
        // A client that goes away in the middle is no fault of the server.
        if (problem.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
        socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${NO_HTTP.length}\r\nConnection: close\r\n\r\n${NO_HTTP}`)
      })
      resolve(server)
    })
  })

/** Listens on loopback only; with `tries`, on the next free port. */
export const listen = async (app, port, tries = 1) => {
  for (let at = port; ; at++) {
    try {
      const server = await tryPort(app, at)
      const close = () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          server.closeAllConnections()
        })
      return { url: `http://localhost:${server.address().port}`, port: server.address().port, close }
    } catch (problem) {
      if (!['EADDRINUSE', 'EACCES'].includes(problem.code)) throw problem
      const last = Math.min(port + tries - 1, 65_535)
      if (at < last) continue
      throw new Error(tries > 1 ? `None of the ports ${port} to ${last} can be had: name another.` : `Port ${port} cannot be had.`, { cause: problem })
    }
  }
}
