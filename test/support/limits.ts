import { it } from 'vitest'
import { engineName } from './browsers/launch.js'
import type { EngineName } from './browsers/types.js'

/** What cannot be done to an engine here, and why. docs/browsers.md shows the same list. */
export const LIMITS: Record<string, Partial<Record<EngineName, string>>> = {
  offline: { webkit: 'WebKitWebDriver has no switch for it: the server is taken away instead' },
  killStorage: {
    chromium: 'its storage process comes back without pages noticing',
    firefox: 'its storage is in the process of the browser itself',
  },
  regular: {
    firefox: 'its other contexts are on disk already: containers of one profile',
    webkit: 'an automated MiniBrowser keeps nothing on disk',
  },
  kill: { webkit: 'killing a page ends the whole session of WebKitWebDriver: tabs are closed instead' },
}

/** `it` where the engine can do that; elsewhere the test does not exist, and a line says so. */
export const itWhere = (need: string): typeof it | ((title: string, ...rest: unknown[]) => void) => {
  const reason = LIMITS[need]![engineName]
  return reason ? (title) => console.log(`Not in ${engineName}: ${title}: ${reason}`) : it
}
