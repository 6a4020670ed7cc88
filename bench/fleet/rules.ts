import { backoff } from '../../src/attempt.js'
import { leadOf } from '../../src/schedule.js'
import type { Client, Rule } from './fleet.js'

const REFRESH_BEFORE = 60_000 // the default

/** Milliseconds from receipt of a token until the schedule is due. */
export const firstOf = (lifetime: number, random: number): number => lifetime - leadOf(lifetime, REFRESH_BEFORE, random)

/** Milliseconds from a failed refresh to the next, whoever asks: the backoff that the record holds. */
export const pauseOf = (attempt: number, random: () => number): number => backoff(attempt, random())

/** latchkey with its default options: the functions that the library itself calls. */
export const latchkey: Rule = {
  create(random) {
    const jitter = random()
    return {
      first: (lifetime) => firstOf(lifetime, jitter),
      retry: (attempt) => pauseOf(attempt, random),
    }
  },
}


/** Users make a call about once a minute; many rivals look at their token only then. */
const CALLS = 60_000
const nextCall = (random: () => number) => -Math.log(1 - random()) * CALLS

/** A rule under which clients remember nothing: one stands for all of them. */
const alike = (make: (random: () => number) => Client): Rule => {
  const made = new WeakMap<() => number, Client>()
  return {
    create(random) {
      const client = made.get(random) ?? make(random)
      made.set(random, client)
      return client
    },
  }
}

/** latchkey without what spreads the load: a minute before expiry sharp, and again every second. */
export const plain: Rule = alike(() => ({ first: (lifetime) => lifetime - 60_000, retry: () => 1000 }))

/** What the rivals' documentation and code say they do (versions as in results.json). */
export const rivals: Record<string, Rule> = {
  // A minute before expiry; a failure raises an event; once it has expired, the next call tries.
  'oidc-client-ts': alike((random) => ({
    first: (lifetime) => lifetime - 60_000,
    retry: (attempt) => (attempt === 1 ? 60_000 : 0) + nextCall(random),
  })),
  // Half a minute before expiry; a failure drops the access token; the next call tries.
  'okta-auth-js': alike((random) => ({ first: (lifetime) => lifetime - 30_000, retry: () => nextCall(random) })),
  // At the first call in the last minute; after a failure at the next.
  'auth0-spa-js': alike((random) => ({ first: (lifetime) => lifetime - 60_000 + nextCall(random), retry: () => nextCall(random) })),
  // A look every 30 s, refresh with 90 s left; 200 ms doubled within the 30 s, and so on at the next look.
  'supabase-auth-js': {
    create: (random) => {
      const phase = random() * 30_000
      return {
        first: (lifetime) => lifetime - 90_000 + phase,
        retry: (attempt) => (attempt % 8 ? 200 * 2 ** ((attempt % 8) - 1) : 30_000 - 25_400),
      }
    },
  },
  // A minute before expiry, if the page is open; after a failure the next call tries.
  'badgateway-oauth2-client': alike((random) => ({ first: (lifetime) => lifetime - 60_000, retry: () => nextCall(random) })),
  // After a 401, so at the first call after expiry; after a failure at the next.
  'axios-auth-refresh': alike((random) => ({ first: (lifetime) => lifetime + nextCall(random), retry: () => nextCall(random) })),
  'supertokens-website': alike((random) => ({ first: (lifetime) => lifetime + nextCall(random), retry: () => nextCall(random) })),
  // At the first call in the last half minute.
  'keycloak-js': alike((random) => ({ first: (lifetime) => lifetime - 30_000 + nextCall(random), retry: () => nextCall(random) })),
  // As after a 401; the first failure ends the session.
  'blog-recipe': alike((random) => ({ first: (lifetime) => lifetime + nextCall(random), retry: () => undefined })),
}
