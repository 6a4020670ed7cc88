// What breaks, and whether the user is still signed in afterwards. Facts, no times; a few rivals at once.
import { launch } from '../lib/browser.mjs'
import { rivals } from '../rivals/index.mjs'
import { scenarios } from './faults/scenarios.mjs'
import { createStage } from './faults/stage.mjs'

const AT_ONCE = 3

export const run = async ({ say, only, scenario }) => {
  const chosen = rivals.filter(({ name }) => !only || only.includes(name))
  const jobs = chosen.flatMap((rival) => Object.entries(scenarios).filter(([name]) => !scenario || name === scenario).map(([name, { run, options }]) => ({ rival, name, run, options })))
  const rows = []
  // A browser each: a stopped process is to hold up nobody else.
  const work = async () => {
    for (let job; (job = jobs.shift()); ) {
      const { rival, name, run, options } = job
      const browser = await launch()
      let facts
      try {
        const stage = await createStage(browser, rival, options)
        facts = await run(stage).catch((error) => ({ error: error.message }))
        await stage.close()
      } finally {
        await browser.close()
      }
      rows.push({ scenario: name, rival: rival.name, ...facts })
      say(`${name}, ${rival.name}: ${JSON.stringify(facts)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const order = Object.keys(scenarios)
  const names = rivals.map(({ name }) => name)
  rows.sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario) || names.indexOf(a.rival) - names.indexOf(b.rival))
  return { grace: 10, titles: Object.fromEntries(Object.entries(scenarios).map(([name, { title }]) => [name, title])), rows }
}
