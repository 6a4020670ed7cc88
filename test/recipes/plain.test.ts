// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium, type Engine, launchChromium } from '../browser/engine.js'
import { root } from '../setup.mjs'
import { recipes } from './blocks.js'
import { startServer } from './server.js'

describe.runIf(chromium)('The plain script, as docs/recipes.md says,', () => {
  let engine: Engine
  let server: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    server = await startServer()
    engine = await launchChromium()
  })
  afterAll(async () => {
    await engine?.close()
    await server?.close()
  })

  test('signs in, carries the token in the global fetch, and signs out in every tab', async () => {
    const files = recipes()
    const { 'latchkey.min.js': hash } = JSON.parse(readFileSync(join(root, 'dist/sri.json'), 'utf8')) as Record<string, string>
    expect(files.get('index.html')).toContain('integrity="sha384-…"')
    server.page('/', 'text/html; charset=utf-8', files.get('index.html')!.replace('sha384-…', hash!))
    server.page('/app.js', 'text/javascript', files.get('app.js')!)
    server.page('/latchkey.min.js', 'text/javascript', pathToFileURL(join(root, 'dist/latchkey.min.js')))

    const context = await engine.newContext()
    const tab = await context.newTab()
    await tab.goto(server.url)
    const shown = (at: typeof tab, text: string) =>
      at.waitFor((text) => document.getElementById('me')!.textContent === text, text)
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
})
