// In the order of the tables. Versions are those that are installed.
import { readFileSync } from 'node:fs'
import { here } from '../lib/bundle.mjs'

const NAMES = [
  'latchkey', 'latchkey-cookie', 'oidc-client-ts', 'okta-auth-js', 'auth0-spa-js', 'supabase-auth-js', 'badgateway-oauth2-client',
  'axios-auth-refresh', 'supertokens-website', 'keycloak-js', 'blog-recipe',
]

const version = (name) => {
  if (name === 'interceptor recipe') return undefined
  const folder = name === 'latchkey' ? '..' : `node_modules/${name}`
  return JSON.parse(readFileSync(here(`${folder}/package.json`), 'utf8')).version
}

/** What each adapter says of itself, without running its library: `about` is one literal in its file. */
const aboutOf = (name) => {
  const source = readFileSync(here(`rivals/${name}.js`), 'utf8')
  return Function(`return (${/export const about = (\{[^]*?\n?\})\n/.exec(source)[1]})`)()
}

export const rivals = NAMES.map((name) => {
  const about = aboutOf(name)
  const versions = Object.fromEntries([about.package, about.with].filter(Boolean).map((each) => [each, version(each)]))
  const label = name === 'latchkey' ? 'latchkey (IndexedDB)' : name === 'latchkey-cookie' ? 'latchkey (cookie)' : [about.package, about.with].filter(Boolean).join(' + ')
  return { name, label, about, versions, own: about.package === 'latchkey' }
})
