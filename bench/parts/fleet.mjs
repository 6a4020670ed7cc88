// A million clients and one token endpoint.
import { importTypeScript } from '../lib/bundle.mjs'
import { round } from '../lib/stats.mjs'

const CLIENTS = 1_000_000
/** More lines than these nobody can tell apart in a chart. */
const SHOWN = ['latchkey', 'plain', 'oidc-client-ts', 'supabase-auth-js', 'keycloak-js']

export const run = async ({ say, only, clients = CLIENTS }) => {
  const { latchkey, plain, rivals, simulate, stories } = await importTypeScript('fleet/index.ts')
  const rules = { latchkey, plain, ...rivals }
  const rows = []
  const curves = []
  for (const [story, { story: given, figures }] of Object.entries(stories)) {
    for (const [rule, value] of Object.entries(rules)) {
      if (only && !only.includes(rule)) continue
      const load = simulate(value, { ...given, clients })
      const found = Object.fromEntries(Object.entries(figures(load)).map(([name, value]) => [name, round(value, 2)]))
      rows.push({ story, rule, ...found })
      say(`${story}, ${rule}: ${JSON.stringify(found)}`)
      if (!SHOWN.includes(rule) || story === 'restart') continue
      // A point for each ten seconds, of a whole day for each minute.
      const step = story === 'rush' ? 60 : 10
      const loads = []
      for (let at = 0; at + step <= load.perSecond.length; at += step) {
        loads.push(Math.round(load.perSecond.subarray(at, at + step).reduce((sum, count) => sum + count, 0) / step))
      }
      curves.push({ story, rule, step, loads })
    }
  }
  const titles = Object.fromEntries(Object.entries(stories).map(([story, { title }]) => [story, title]))
  return { clients, titles, rows, curves }
}
