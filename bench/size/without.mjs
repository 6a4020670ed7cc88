// What single abilities weigh: `core + memory` again and again, with one module after the other replaced by the least
// that still runs for a user who has no bad luck. `node bench/size/without.mjs` prints a table. Not a build anybody gets.
import { brotli, bundle, kilobytes } from './measure.mjs'

/** What is given up, and the module that is put in its place. */
const CUTS = [
  ['sentences in errors', (code) => code.replace(/(new (?:SessionError|RefreshError)\([^,()]*,\s*)(`[^`]*`|"[^"]*")/g, '$1""')],
  ['checks of options', {
    options: `export const invalidOption = (name) => new TypeError(name)
      export const scoped = (name) => name
      export const checkOptions = (given, fallback) => ({ name: 'latchkey', extensions: [], history: true, refreshBefore: 6e4, refreshTimeout: 8e3,
        maxRetryAfter: 3e5, unauthorizedCooldown: 3e4, storage: fallback?.storage(), ...given })`,
  }],
  ['expiry and claims of JWTs (jwt-decode)', { claims: 'export const decodeClaims = () => undefined' }],
  ['a dead or frozen holder of the lock, browsers without locks', {
    lock: `export const createLock = ({ locks }, name) => ({ run: (body) => locks.request(name, () => body(true, () => true)), release() {} })`,
  }],
  ['browsers without BroadcastChannel', {
    tabChannel: `export const orNothing = (make) => make()
      export const openTabChannel = (name, onMessage) => {
        const channel = new BroadcastChannel(name)
        channel.onmessage = ({ data }) => onMessage(data)
        return { post: (message) => channel.postMessage(message), close: () => channel.close() }
      }`,
  }],
  ['manners of fetch: every form of input, streams, keepalive, step-up', {
    authorizedFetch: `export const createAuthorizedFetch = (underlying, credentials, rules) => async (input, init) => {
      const send = ({ accessToken }) => {
        const request = new Request(input, init)
        for (const [name, value] of Object.entries(rules.headers(accessToken))) request.headers.set(name, value)
        return underlying(request)
      }
      const used = rules.target(input.url ?? input) && (await credentials.obtain())
      if (!used) return underlying(input, init)
      const response = await send(used)
      const next = response.status === 401 && (await credentials.renew(used))
      return next ? send(next) : response
    }`,
  }],
  ['a logout of memory storage in all tabs', {
    'storage/memoryStorage': `export const memoryStorage = () => ({
      open(record) {
        record = undefined
        return { read: async () => record, update: async (change) => void (record = change(record) ?? record), close() {} }
      },
    })`,
  }],
  ['`resume`', { resume: 'export const supposeSession = () => {}' }],
  ['extensions: limits, history, abort', { extensions: `export const attachExtensions = () => ({ enforce() {}, wrap: (fetch) => fetch, history: () => [] })` }],
]

const weigh = async (cuts) => {
  const modules = Object.assign({}, ...cuts.map(([, cut]) => (typeof cut === 'function' ? {} : cut)))
  const edits = cuts.map(([, cut]) => cut).filter((cut) => typeof cut === 'function')
  const { code } = await bundle('core-memory.js', [
    {
      name: 'without',
      load: (id) => Object.entries(modules).find(([name]) => id.endsWith(`/dist/${name}.js`))?.[1],
      transform: (code) => ({ code: edits.reduce((text, edit) => edit(text), code), map: null }),
    },
  ])
  return brotli(code)
}

const whole = await weigh([])
console.log('| without | it is smaller by | and without all above |\n| --- | --- | --- |')
console.log(`| (nothing) | | ${kilobytes(whole)} |`)
for (const [index, cut] of CUTS.entries()) {
  console.log(`| ${cut[0]} | ${whole - (await weigh([cut]))} B | ${kilobytes(await weigh(CUTS.slice(0, index + 1)))} |`)
}
