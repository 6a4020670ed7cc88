import { beforeAll, describe, expect, it } from 'vitest'
import { behaves } from './behaviour.js'
import { stage } from './pages.js'

stage('R63: every client of a session behaves the same', ['/latchkey.min.js', '/axios.js'], (stage) => {
  beforeAll(async () => {
    await stage.page.addScriptTag({ url: '/clients.js', type: 'module' })
    await stage.page.waitForFunction(() => globalThis.clients)
  })
  const clients = ['session.fetch', 'wrapFetch around another fetch', 'session.fetch, given a Request', 'the global fetch after installFetch', 'axios', 'XMLHttpRequest']

  it('and none is left out', async () => {
    expect(await stage.page.evaluate(() => Object.keys(clients))).toEqual(clients)
  })
  for (const client of clients) describe(client, () => behaves(stage, client))
})
