import { fileURLToPath } from 'node:url'
import { createApiApp, createPageApp } from './app.mjs'
import { createFamilies } from './families.mjs'
import { listen } from './listen.mjs'
import { createState } from './state.mjs'
import { ALGORITHMS, createTokens } from './tokens.mjs'

/**
 * An authorization server, an API on another origin, and the page, on loopback.
 * Lifetimes and the grace window are in seconds; port 0 takes any.
 */
export const startServer = async ({
  port = 0,
  apiPort = 0,
  /** How many ports to try from `port` on. */
  tries = 1,
  alg = 'HS256',
  lifetime = 20,
  refreshLifetime = 8 * 3600,
  grace = 10,
  /** The folder that holds demo/, dist/ and node_modules/. */
  root = fileURLToPath(new URL('../..', import.meta.url)),
  quiet = false,
} = {}) => {
  if (!ALGORITHMS.includes(alg)) throw new TypeError(`startServer: alg must be ${ALGORITHMS.join(' or ')}, not ${alg}`)
  const state = createState({ alg, lifetime, refreshLifetime, grace, startedAt: Date.now(), url: '', apiUrl: '' })
  const tokens = await createTokens({ alg, issuer: () => state.url, audience: () => state.apiUrl })
  const families = createFamilies({ grace, lifetime: refreshLifetime, onRevoke: ({ id }) => tokens.forgetFamily(id) })
  const parts = { state, tokens, families, root, quiet }

  const page = await listen(createPageApp(parts), port, tries)
  state.url = page.url
  try {
    const api = await listen(createApiApp(parts), apiPort, apiPort ? tries : 1)
    state.apiUrl = api.url
    const close = async () => {
      await Promise.all([page.close(), api.close()])
    }
    return { url: page.url, apiUrl: api.url, port: page.port, state, close }
  } catch (problem) {
    await page.close()
    throw problem
  }
}
