import { expect, test } from 'vitest'
import { API, bench } from './harness.js'

const signedIn = async () => {
  const b = bench()
  const opened = await b.open()
  await b.finish(opened.session.setTokens(b.server.login('alice')))
  return { ...b, ...opened }
}

test('F22: refresh() brings tokens that were asked for after the call', async () => {
  const b = await signedIn()
  const first = b.session.refresh()
  await b.world.runUntil(() => b.server.tokenRequests.length === 1, 5000)
  // The server changes what the user may do, and the app asks for a token that says so.
  const changedAt = b.world.time
  await b.finish(b.session.refresh())
  expect(b.server.tokenRequests).toHaveLength(2)
  expect(b.server.tokenRequests[1]!.at).toBeGreaterThanOrEqual(changedAt)
  await b.finish(first)
  expect((await b.finish(b.session.fetch(API))).status).toBe(200)
})

test('F22: however many ask while a request is under way, one follows it', async () => {
  const b = await signedIn()
  const all = [b.session.refresh(), b.session.refresh()]
  await b.world.runUntil(() => b.server.tokenRequests.length === 1, 5000)
  for (let i = 0; i < 10; i++) all.push(b.session.refresh())
  await b.finish(Promise.all(all))
  expect(b.server.tokenRequests).toHaveLength(2)
})

test('F22: when the one under way is refused, so is who waits for it', async () => {
  const b = await signedIn()
  b.server.families[0]!.revoked = true
  const first = b.session.refresh().catch((error) => error.code)
  await b.world.runUntil(() => b.server.tokenRequests.length === 1, 5000)
  expect(await b.outcome(b.session.refresh())).toBe('RefreshError:rejected')
  expect(await first).toBe('rejected')
  expect(b.server.tokenRequests).toHaveLength(1)
})

test('F22: calls that wait for a token are content with the one under way', async () => {
  const b = await signedIn()
  b.world.sleep(400_000)
  const call = b.session.fetch(API)
  await b.world.runUntil(() => b.server.tokenRequests.length === 1, 5000)
  await b.finish(Promise.all([call, b.session.fetch(API), b.session.getAccessToken()]))
  expect(b.server.tokenRequests).toHaveLength(1)
})

test('F22: what another tab has under way is joined, as the documents say', async () => {
  const b = await signedIn()
  const other = await b.open()
  const first = b.session.refresh()
  await b.world.runUntil(() => b.server.tokenRequests.length === 1, 5000)
  await b.finish(other.session.refresh())
  await b.finish(first)
  expect(b.server.tokenRequests).toHaveLength(1)
})
