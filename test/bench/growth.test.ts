import { describe, expect, it } from 'vitest'
import { idleHour, storm } from '../../bench/growth/hour.js'

describe('From one tab to many', () => {
  it.each([1, 2, 5, 10, 20, 50])('R2: %i tabs that come up on an expired token send one token request', async (tabs) => {
    const { tokenRequests, messages, answers } = await storm(tabs)
    expect(answers).toEqual(Array(tabs * 10).fill(200))
    expect({ tokenRequests, messages }).toEqual({ tokenRequests: 1, messages: 1 })
  })

  it.each([1, 2, 10, 50, 100])('R2 R47: %i tabs cost one request and one message for each refresh, in an hour without a call', async (tabs) => {
    const { tokenRequests, repeated, messages, writes, wakeUps } = await idleHour(tabs)
    expect(repeated).toBe(0)
    // With a token of five minutes and a minute's lead: twelve to nineteen.
    expect(tokenRequests).toBeGreaterThanOrEqual(12)
    expect(tokenRequests).toBeLessThanOrEqual(19)
    expect(messages).toBe(tokenRequests)
    expect(writes).toBe(2 * tokenRequests)
    // The tabs behind do not wake up for it.
    expect(wakeUps).toBe(tokenRequests)
  })
})
