// Short histories, one for each mutant and each mended defect: the sources pass them, those do not. Written by pin.mjs.
import { readFileSync, writeFileSync } from 'node:fs'
import { MUTANTS } from './mutants.mjs'

/** Each is run with so many dice for the world, so that a change of the sources that costs a throw does not make it blind. */
export const WORLDS = 20

const JSON_FILE = new URL('pins.json', import.meta.url)
const DOCUMENT = new URL('../../docs/how-it-works.md', import.meta.url)
const HEAD = '| What is broken on purpose | Found after so many histories | By |\n|---|---|---|\n'

export const readPins = () => JSON.parse(readFileSync(JSON_FILE, 'utf8'))
export const writePins = (pins) => {
  writeFileSync(JSON_FILE, `[\n${pins.map((pin) => JSON.stringify(pin)).join(',\n')}\n]\n`)
  const [before, after] = parts()
  writeFileSync(DOCUMENT, before + HEAD + rowsOf(pins) + after)
}

/** What the documents say, and what they should. */
export const readTable = () => parts()[2]
/** Of a defect that was there the first seed says nothing. */
export const rowsOf = (pins) => pins.slice(0, MUTANTS.length).map(({ sentence, histories, breaks }) => `| ${sentence} | ${histories} | ${breaks} |\n`).join('')

const parts = () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [before, rest] = text.split(HEAD)
  const [table] = /^(\|.*\n)*/.exec(rest)
  return [before, rest.slice(table.length), table]
}
