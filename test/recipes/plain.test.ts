// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { available as chromium, launch as launchChromium } from '../support/browsers/launch.js'
import type { Context, Engine, Tab } from '../support/browsers/types.js'
import { root } from '../setup.mjs'
import { filesOf } from './blocks.js'
import { type Server, startServer } from './server.js'

const filesIn = (path: string) => filesOf(readFileSync(join(root, path), 'utf8'))

/** The one thing that changes with every build. */
const withHash = (html: string) => {
  const { 'latchkey.min.js': hash } = JSON.parse(readFileSync(join(root, 'dist/sri.json'), 'utf8')) as Record<string, string>
  expect(html).toContain('integrity="sha384-…"')
  return html.replace('sha384-…', hash!)
}

describe.runIf(chromium)('the script tag, in a real page,', () => {
  let engine: Engine
  let server: Server
  let context: Context
  beforeAll(async () => {
    server = await startServer()
    server.page('/latchkey.min.js', 'text/javascript', readFileSync(join(root, 'dist/latchkey.min.js')))
    engine = await launchChromium()
  })
  beforeEach(async () => {
    context = await engine.newContext()
    return () => context.close()
  })
  afterAll(async () => {
    await engine?.close()
    await server?.close()
  })

  test('as docs/recipes.md has it, signs in, carries the token in the global fetch, and signs out in every tab', async () => {
    const files = filesIn('docs/recipes.md')
    server.page('/', 'text/html; charset=utf-8', withHash(files.get('index.html')!))
    server.page('/app.js', 'text/javascript', files.get('app.js')!)

    const tab = await context.newTab()
    await tab.goto(server.url)
    const shown = (at: Tab, text: string) => at.waitFor((text) => document.getElementById('me')!.textContent === text, text)
    await shown(tab, 'Nobody is signed in.')

    const signIn = (password: string) =>
      tab.evaluate((password) => {
        const form = document.forms[0]!
        ;(form.elements.namedItem('user') as HTMLInputElement).value = 'ada'
        ;(form.elements.namedItem('password') as HTMLInputElement).value = password
        form.requestSubmit()
      }, password)
    await signIn('wrong')
    await shown(tab, 'User and password do not go together.')
    await signIn('secret')
    await shown(tab, 'You are ada.')

    const other = await context.newTab()
    await other.goto(server.url)
    await shown(other, 'You are ada.')
    await other.click('#logout')
    await shown(other, 'Nobody is signed in.')
    await shown(tab, 'Nobody is signed in.')
    expect([...tab.problems, ...other.problems]).toEqual([])
  })

  test('as README.md has it, signs in with a form and shows it', async () => {
    const form = '<form id="form"><input name="user" value="ada"><input name="password" value="secret"></form>'
    const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>README</title><body>${form}${filesIn('README.md').get('block-2.html')!}`
    server.page('/readme', 'text/html; charset=utf-8', withHash(page))
    const tab = await context.newTab()
    await tab.goto(`${server.url}/readme`)
    await tab.evaluate(() => (globalThis as unknown as { signIn(form: HTMLFormElement): Promise<void> }).signIn(document.forms[0]!))
    await tab.waitFor(() => document.body.className === 'signed-in')
    expect(tab.problems).toEqual([])
  })
})
