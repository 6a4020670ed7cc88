import { expect, test } from 'vitest'
import { createTab } from '../simulation/platform.js'
import { API, bench } from './harness.js'

test('a 401 that comes while the refresh of another 401 has lost its answer waits for the next try, in every tab', async () => {
  const { world, server, open, finish } = bench()
  const [first, second] = [await open(), await open()]
  await finish(first.session.setTokens(server.login('ada')))
  await world.run(1_000)
  server.expireAll()
  server.faults.dropAfter = 1
  const calls = [first.session.fetch(API)]
  await world.run(1_000)
  expect(server.tokenRequests).toHaveLength(1)
  calls.push(first.session.fetch(API), second.session.fetch(API))
  expect((await finish(Promise.all(calls))).map(({ status }) => status)).toEqual([200, 200, 200])
  expect(server.tokenRequests).toHaveLength(2)
})

test('while refreshes fail without doubt, further 401s cause none of their own', async () => {
  const { world, server, open, finish } = bench()
  const { session } = await open()
  await finish(session.setTokens(server.login('ada')))
  server.expireAll()
  server.faults.status = { code: 503, times: 1 }
  expect((await finish(session.fetch(API))).status).toBe(401)
  for (let i = 0; i < 10; i++) {
    await world.run(1_000)
    expect((await finish(session.fetch(API))).status).toBe(401)
  }
  expect(server.tokenRequests).toHaveLength(1)
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a response that never comes costs nothing on a server with a grace window of ten seconds (seed %i)', async (seed) => {
  const { world, server, open, finish } = bench({ seed })
  server.grace = 10_000
  const { session } = await open()
  await finish(session.setTokens(server.login('ada')))
  await world.run(1_000)
  server.expireAll()
  server.faults.back = 60_000
  const call = session.fetch(API)
  await world.run(2_000)
  expect(server.tokenRequests).toHaveLength(1)
  server.faults.back = 10
  expect((await finish(call)).status).toBe(200)
  expect(session.status).toBe('authenticated')
  const [first, second] = server.tokenRequests
  expect(second!.at - first!.at).toBeLessThanOrEqual(9_100)
})

test('a 401 is replayed with new tokens however many messages from other tabs arrive meanwhile', async () => {
  const { world, browser, server, open, finish } = bench()
  const [first, second] = [await open(), await open()]
  await finish(first.session.setTokens(server.login('ada')))
  await world.run(1_000)
  server.expireAll()
  const other = createTab(browser, 'other', server.fetch).platform.openChannel('latchkey', () => {})!
  let flooding = true
  const flood = () => {
    other.post({ v: 1, type: 'changed', id: 'x', revision: 0 })
    if (flooding) first.tab.platform.setTimer(flood, 1)
  }
  flood()
  const calls = [first, second].flatMap(({ session }) => Array.from({ length: 10 }, () => session.fetch(API)))
  const answers = await finish(Promise.all(calls))
  flooding = false
  expect(answers.map(({ status }) => status)).toEqual(calls.map(() => 200))
  expect(server.tokenRequests).toHaveLength(1)
})
