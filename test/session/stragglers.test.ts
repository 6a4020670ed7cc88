import { expect, test } from 'vitest'
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
