import { mkdirSync, writeFileSync } from 'node:fs'
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { here } from './bundle.mjs'
import { fleetLabelOf, labelOf } from './report.mjs'

const OWN = '#0b6e4f'
const COLORS = [OWN, '#5fb49c', '#c44536', '#e09f3e', '#3d5a80', '#7b2cbf', '#9c6644', '#6c757d', '#ef476f', '#118ab2', '#adb5bd']
const plain = (label) => label.replace(/ [¹²]$/, '')

const config = { background: 'white', font: 'sans-serif', view: { stroke: null }, axis: { gridColor: '#e9ecef', labelFontSize: 12, titleFontSize: 12 }, legend: { labelFontSize: 12, labelLimit: 300, title: null } }

const svg = async (spec) => {
  const view = new View(parse(compile({ config, ...spec }).spec), { renderer: 'none' })
  const text = await view.toSVG()
  view.finalize()
  return `${text}\n`
}

const series = (names) => ({ field: 'name', type: 'nominal', scale: { domain: names, range: names.map((_, i) => COLORS[i % COLORS.length]) } })
const unique = (values) => [...new Set(values.map(({ name }) => name))]

const charts = {
  size: ({ rows }) => {
    const values = rows.map(({ rival, brotli }) => ({ name: plain(labelOf(rival)), size: brotli / 1000, own: rival.startsWith('latchkey') }))
    const sort = [...values].sort((a, b) => a.size - b.size).map(({ name }) => name)
    const y = { field: 'name', type: 'nominal', sort, title: null, axis: { labelLimit: 240 } }
    const x = { field: 'size', type: 'quantitative', title: 'kB, minified and brotli' }
    return {
      width: 480, data: { values },
      layer: [
        { mark: 'bar', encoding: { x, y, color: { field: 'own', type: 'nominal', legend: null, scale: { domain: [true, false], range: [OWN, '#adb5bd'] } } } },
        { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { x, y, text: { field: 'size', format: '.1f' } } },
      ],
    }
  },
  storm: ({ rows }) => {
    const values = rows.filter(({ grace }) => grace === 0).map(({ rival, tabs, tokenRequests }) => ({ name: plain(labelOf(rival)), tabs, requests: tokenRequests.median }))
    return {
      width: 480, height: 320, data: { values }, mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'tabs', type: 'quantitative', title: 'tabs', scale: { type: 'log' }, axis: { values: unique(values.map(({ tabs }) => ({ name: tabs }))) } },
        y: { field: 'requests', type: 'quantitative', title: 'token requests for one refresh', scale: { type: 'log' } },
        color: series(unique(values)),
      },
    }
  },
  'fleet-rush': ({ curves }) => fleet(curves, 'rush', 3600, 'hours after the first login', 'linear'),
  'fleet-outage': ({ curves }) => fleet(curves, 'outage', 60, 'minutes', 'symlog'),
}

const fleet = (curves, story, unit, title, type) => {
  const range = story === 'outage' ? [15 * 60, 45 * 60] : [0, Infinity]
  const values = curves.filter((curve) => curve.story === story).flatMap(({ rule, step, loads }) =>
    loads
      .map((load, i) => ({ name: plain(fleetLabelOf(rule)), seconds: i * step, at: (i * step) / unit, load }))
      .filter(({ seconds }) => seconds >= range[0] && seconds <= range[1]),
  )
  return {
    width: 560, height: 280, data: { values }, mark: { type: 'line', interpolate: 'step-after' },
    encoding: {
      x: { field: 'at', type: 'quantitative', title, scale: { zero: false, nice: false } },
      y: { field: 'load', type: 'quantitative', title: 'token requests a second', scale: { type, ...(type === 'symlog' && { constant: 100 }) } },
      color: series(unique(values)),
      strokeWidth: { condition: { test: "datum.name === 'latchkey'", value: 3 }, value: 1.5 },
    },
  }
}

const PARTS = { size: 'size', storm: 'storm', 'fleet-rush': 'fleet', 'fleet-outage': 'fleet' }

export const draw = async ({ parts }) => {
  mkdirSync(here('charts'), { recursive: true })
  for (const [name, spec] of Object.entries(charts)) {
    const part = parts[PARTS[name]]
    if (part) writeFileSync(here(`charts/${name}.svg`), await svg(spec(part)))
  }
}
