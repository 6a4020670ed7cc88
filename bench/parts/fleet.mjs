// A million clients and one token endpoint.
import { importTypeScript } from '../lib/bundle.mjs'
import { round } from '../lib/stats.mjs'

const CLIENTS = 1_000_000

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
      // A point for each ten seconds, of a whole day for each minute.
      const every = story === 'rush' ? 60 : 10
      for (let at = 0; at + every <= load.perSecond.length; at += every) {
        const sum = load.perSecond.subarray(at, at + every).reduce((sum, count) => sum + count, 0)
        curves.push([story, rule, at, Math.round(sum / every)])
      }
    }
  }
  const titles = Object.fromEntries(Object.entries(stories).map(([story, { title }]) => [story, title]))
  return { clients, titles, rows, curves }
}
