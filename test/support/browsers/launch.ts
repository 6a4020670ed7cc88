import { findBrowsers } from '../../setup.mjs'
import { launchChromium } from './chromium.js'
import { launchFirefox } from './firefox.js'
import type { Engine, EngineName, LaunchOptions } from './types.js'
import { launchWebKit } from './webkit.js'

const launchers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebKit }
const paths = findBrowsers() as Partial<Record<EngineName, string>>

/** The engine this run is about: the vitest projects say which. */
export const engineName: EngineName = (process.env.ENGINE as EngineName | undefined) ?? 'chromium'

/** Whether it is installed. */
export const available: boolean = paths[engineName] !== undefined

export const launch = (options?: LaunchOptions): Promise<Engine> => launchers[engineName](paths[engineName]!, options)

/** Where Chromium is; `undefined` when it is not installed. */
export const chromium: string | undefined = paths.chromium
