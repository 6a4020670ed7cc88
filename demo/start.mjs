// npm run demo. Node's own modules only, until setup() has installed the others.
import { parseArgs } from 'node:util'

const USAGE = `Usage: npm run demo -- [options]

  --port 4400      port of the page; the next free one is taken if it is in use   (DEMO_PORT)
  --alg HS256      HS256 or RS256, what the access tokens are signed with         (DEMO_ALG)
  --lifetime 20    seconds an access token lasts                                  (DEMO_LIFETIME)
  --grace 10       seconds in which a spent refresh token gets the same answer
                   again; 0 is strict, then it ends the session                   (DEMO_GRACE)
  --help`

const DEFAULTS = { port: '4400', alg: 'HS256', lifetime: '20', grace: '10' }

const stop = (sentence, code) => {
  console.error(sentence)
  process.exit(code)
}

/** Each option with the name it was given by, so that a wrong one can be called by it. */
const readOptions = () => {
  const { tokens } = parseArgs({ strict: false, tokens: true, options: Object.fromEntries([...Object.keys(DEFAULTS).map((name) => [name, { type: 'string' }]), ['help', { type: 'boolean' }]]) })
  const given = {}
  for (const { kind, name, rawName, value } of tokens) {
    if (kind === 'positional') stop('Options begin with --, such as --port 4400; --help lists them.', 2)
    if (kind !== 'option') continue
    if (name === 'help') {
      console.log(USAGE)
      process.exit(0)
    }
    if (!Object.hasOwn(DEFAULTS, name)) stop(`There is no option ${rawName}; there are --port, --alg, --lifetime, --grace and --help.`, 2)
    given[name] = { label: rawName, value: value ?? '' }
  }
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const variable = `DEMO_${name.toUpperCase()}`
    given[name] ??= process.env[variable] ? { label: variable, value: process.env[variable] } : { label: `--${name}`, value: fallback }
  }
  return given
}

const numberOf = ({ label, value }, min, max, whole) => {
  const number = Number(value)
  if (value.trim() === '' || !(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
    stop(`${label} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, such as ${label.startsWith('--') ? `${label} ` : `${label}=`}${DEFAULTS[label.replace(/^--|^DEMO_/, '').toLowerCase()]}.`, 2)
  }
  return number
}

const { port, alg, lifetime, grace } = readOptions()
const options = {
  port: numberOf(port, 1, 65_534, true),
  alg: alg.value.toUpperCase(),
  lifetime: numberOf(lifetime, 1, 86_400),
  grace: numberOf(grace, 0, 3600),
}
if (!['HS256', 'RS256'].includes(options.alg)) stop(`${alg.label} must be HS256 or RS256.`, 2)

try {
  const { build, setup } = await import('../test/setup.mjs')
  await setup()
  await build()
  const { startServer } = await import('./server/index.mjs')
  const { url, port: taken, apiUrl } = await startServer({ ...options, apiPort: options.port + 1, tries: 40 })
  if (taken !== options.port) console.log(`Port ${options.port} is in use, so this is the next free one.`)
  console.log(`The demo runs at ${url} (its API at ${apiUrl}). Ctrl+C ends it.`)
} catch (problem) {
  stop(`The demo could not start. ${problem.message}`, 1)
}
