import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Refusal, route } from './refusal.mjs'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
  '.json': 'application/json',
}

// The three packages the build imports by bare name; the page's import map points here.
const MODULES = {
  'js-cookie.js': 'js-cookie/dist/js.cookie.mjs',
  'jwt-decode.js': 'jwt-decode/build/esm/index.js',
  'idb-keyval.js': 'idb-keyval/dist/index.js',
}

/** The page, the built package and what it imports, under a policy that allows nothing else. */
export const mountPages = (app, { state, root }) => {
  const policy = (html) => {
    const inline = [...html.matchAll(/<script type="importmap">([^]*?)<\/script>/g)]
      .map(([, code]) => ` 'sha256-${createHash('sha256').update(code).digest('base64')}'`)
    return [
      "default-src 'none'", `script-src 'self'${inline.join('')}`, "style-src 'self'", `connect-src 'self' ${state.apiUrl}`,
      "img-src 'self' data:", "frame-src 'self'", "frame-ancestors 'self'", "form-action 'self'", "base-uri 'none'",
      "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].join('; ')
  }

  const send = async (c, path, missing) => {
    let body
    try {
      body = await readFile(join(root, path))
    } catch {
      throw new Refusal(404, 'not_found', missing)
    }
    const type = TYPES[extname(path)] ?? 'application/octet-stream'
    if (extname(path) === '.html') {
      const storage = c.req.query('storage')
      const values = { apiUrl: state.apiUrl, pageUrl: state.url, alg: state.alg, storage: ['memory', 'cookie'].includes(storage) ? storage : 'indexeddb' }
      body = body.toString().replace(/\{\{(\w+)\}\}/g, (_, name) => values[name])
      c.header('Content-Security-Policy', policy(body))
      // Also covers what the policy above does not: links and other navigation, preconnect, WebRTC (Chromium 152).
      c.header('Connection-Allowlist', `(response-origin "${state.apiUrl}")`)
      c.header('Cross-Origin-Opener-Policy', 'same-origin')
    }
    c.header('Content-Type', type)
    c.header('Cache-Control', 'no-cache')
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Referrer-Policy', 'same-origin')
    return c.body(body)
  }

  const nothing = (c) => `There is nothing at ${c.req.path} on this server.`
  route(app, '/', { GET: (c) => send(c, 'demo/index.html', nothing(c)) })
  route(app, '/:file', {
    GET: (c) => {
      const file = c.req.param('file')
      if (!/^[a-z-]+\.(html|js|css|svg)$/.test(file)) throw new Refusal(404, 'not_found', nothing(c))
      return send(c, `demo/${file}`, nothing(c))
    },
  })
  route(app, '/dist/*', {
    GET: (c) => {
      const file = c.req.path.slice('/dist/'.length)
      if (!/^([\w-]+\/)*[\w-]+(\.[\w-]+)+$/.test(file)) throw new Refusal(404, 'not_found', nothing(c))
      return send(c, `dist/${file}`, `There is no ${c.req.path}; npm run build makes the files of dist.`)
    },
  })
  route(app, '/modules/:file', {
    GET: (c) => {
      const path = Object.hasOwn(MODULES, c.req.param('file')) && MODULES[c.req.param('file')]
      return send(c, `node_modules/${path}`, path ? `The package of ${c.req.path} is not installed; npm ci installs it.` : nothing(c))
    },
  })
}
