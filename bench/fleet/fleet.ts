import { seeded } from '../../test/simulation/world.js'

/** When a client asks for tokens. Times in milliseconds. */
export interface Rule {
  /** Of one client, made once: what it keeps for as long as its page lives. */
  create(random: () => number): Client
}

export interface Client {
  /** From receipt of a token to the next request. */
  first(lifetime: number): number
  /** From a failed request to the next, the `attempt`th; `undefined`: the user has to log in again. */
  retry(attempt: number, lifetime: number): number | undefined
}

export interface Story {
  clients: number
  /** Of an access token. */
  lifetime: number
  /** When a client got its first token, given a random number; negative times are before the start. */
  login(random: number): number
  /** The endpoint answers nothing from … to. */
  down?: [number, number]
  duration: number
}

export interface Load {
  /** Requests in each second. */
  perSecond: Uint32Array
  /** Clients whose users had to log in again. */
  signedOut: number
  /** For each client that failed, how long after the outage it had its token, in seconds; sorted. */
  waits: Float64Array
}

/** One endpoint, many clients, each of which is only ever waiting for its next request. */
export const simulate = (rule: Rule, { clients, lifetime, login, down = [0, 0], duration }: Story, seed = 1): Load => {
  const random = seeded(seed)
  const seconds = Math.ceil(duration / 1000)
  const perSecond = new Uint32Array(seconds)
  // A list of clients for each second, linked through `after`.
  const head = new Int32Array(seconds).fill(-1)
  const after = new Int32Array(clients)
  const due = new Float64Array(clients)
  const attempts = new Uint16Array(clients)
  const all: Client[] = new Array(clients)
  const waits: number[] = []
  let signedOut = 0

  const put = (client: number, at: number) => {
    due[client] = at
    const second = Math.floor(at / 1000)
    if (second >= seconds) return
    after[client] = head[second]!
    head[second] = client
  }

  for (let i = 0; i < clients; i++) {
    const client = (all[i] = rule.create(random))
    let at = login(random()) + client.first(lifetime)
    while (at < 0) at += client.first(lifetime)
    put(i, at)
  }
  for (let second = 0; second < seconds; second++) {
    for (let i = head[second]!; i >= 0; i = head[second]!) {
      head[second] = after[i]!
      const client = all[i]!
      const at = due[i]!
      perSecond[second]! += 1
      if (at >= down[0] && at < down[1]) {
        const pause = client.retry(++attempts[i]!, lifetime)
        if (pause === undefined) signedOut++
        else put(i, at + pause)
      } else {
        if (attempts[i]) waits.push((at - down[1]) / 1000)
        attempts[i] = 0
        put(i, at + client.first(lifetime))
      }
    }
  }
  return { perSecond, signedOut, waits: Float64Array.from(waits).sort() }
}
