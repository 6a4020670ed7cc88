import type { Tab } from './platform.js'
import type { World } from './world.js'

/** The IndexedDB server of a browser: one process behind all tabs, and every way to fail that was seen in the field. */
export interface IndexedDBServer {
  stores: Map<string, Map<string, unknown>>
  faults: {
    /** Milliseconds that one step takes. */
    latency: number
    /** Chance that a request fails, which aborts its transaction. */
    failing: number
    /** Chance that a commit fails: the disk is full. */
    full: number
    /** Nothing answers. */
    hanging: boolean
    /** Nothing opens, and nothing that is open works (Safari: "Connection to Indexed Database server lost"). */
    lost: boolean
  }
  /** A transaction of a page that was stopped keeps others waiting (WebKit); else the page's transaction is aborted. */
  stoppedPagesBlock: boolean
  /** When something last failed, or kept somebody waiting for long. */
  failedAt: number
  onWrite?: () => void
  heal(): void
  /** Transactions of the connections that are open now never answer; new ones do. */
  stick(): void
  /** The next time that a page opens it, nothing comes. */
  mute(): void
  /** Every connection is gone, as after a crash of the server. */
  drop(): void
  open(tab: Tab): unknown
}

type Handler = ((event: unknown) => void) | null | undefined

interface FakeRequest {
  result: unknown
  error: unknown
  onsuccess?: Handler
  onerror?: Handler
  onupgradeneeded?: Handler
  onblocked?: Handler
}

interface Transaction {
  tab: Tab
  mode: string
  started: boolean
  over: boolean
  pending: (() => void)[]
  /** Those without an answer yet: whoever aborts it fails them (IndexedDB 3.0, "abort a transaction"). */
  unanswered: Set<FakeRequest>
  /** Seen by this transaction only, until it commits. */
  writes: Map<Map<string, unknown>, Map<string, unknown>>
  busy: boolean
  since: number
  error: unknown
  oncomplete?: Handler
  onabort?: Handler
  onerror?: Handler
  abort(): void
}

/** How long a stopped page's transaction is put up with while another waits. */
const PATIENCE = 500

export const createIndexedDB = (world: World): IndexedDBServer => {
  let connections: { tab: Tab; closed: boolean; stuck: boolean; onclose?: Handler }[] = []
  let muted: Set<Tab> | undefined
  /** Somebody waits in vain for as long as it is put up with. */
  const swallow = () => {
    server.failedAt = world.time
    world.schedule(undefined, 3500, () => (server.failedAt = world.time))
  }
  /** In order of creation. A writer runs alone, readers run together (IndexedDB 3.0, "transaction scheduling"). */
  let queue: Transaction[] = []
  let hung: (() => void)[] = []
  const serverLost = () => new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError')

  const wait = () => server.faults.latency * (0.25 + world.random() / 2)
  const fail = <Failure>(error: Failure): Failure => {
    server.failedAt = world.time
    return error
  }
  /** In the server's process, unless it hangs. */
  const inServer = (work: () => void) => {
    world.schedule(undefined, wait(), () => {
      if (server.faults.hanging) hung.push(work)
      else work()
    })
  }
  const inPage = (tab: Tab, work: () => void) => world.schedule(tab, wait() / 2, work)

  const end = (transaction: Transaction) => {
    transaction.over = true
    queue = queue.filter((other) => other !== transaction)
    advance()
  }
  const abort = (transaction: Transaction, error: unknown) => {
    if (transaction.over) return
    transaction.error = fail(error)
    end(transaction)
    for (const request of transaction.unanswered) {
      inPage(transaction.tab, () => {
        request.error = new DOMException('The transaction was aborted', 'AbortError')
        request.onerror?.({ target: request })
      })
    }
    inPage(transaction.tab, () => transaction.onabort?.({}))
  }

  let patient = false
  const advance = () => {
    queue = queue.filter((transaction) => {
      // What a dead page had not committed is undone.
      if (!transaction.tab.dead) return true
      transaction.over = true
      return false
    })
    let someone = false
    let writer = false
    for (const transaction of queue) {
      const blocked = transaction.mode === 'readwrite' ? someone : writer
      if (!blocked && !transaction.started) {
        transaction.started = true
        next(transaction)
      }
      if (blocked) putUpWithOthers()
      someone = true
      writer ||= transaction.mode === 'readwrite'
    }
  }
  const putUpWithOthers = () => {
    if (patient) return
    patient = true
    world.schedule(undefined, PATIENCE, () => {
      patient = false
      for (const stopped of queue.filter(({ started, tab }) => started && tab.frozen)) {
        // What nobody mends for an hour is another matter.
        if (server.stoppedPagesBlock && world.time - stopped.since < 60_000) fail(undefined)
        else abort(stopped, new DOMException('The page was stopped', 'AbortError'))
      }
      advance()
    })
  }

  /** One request after the other; when a page has asked for nothing more, the transaction commits by itself. */
  const next = (transaction: Transaction) => {
    if (transaction.over || !transaction.started || transaction.busy) return
    const request = transaction.pending.shift()
    if (request) {
      transaction.busy = true
      inServer(request)
      return
    }
    transaction.busy = true
    inServer(() => {
      if (transaction.over) return
      if (transaction.tab.dead) return end(transaction)
      if (transaction.pending.length) {
        transaction.busy = false
        return next(transaction)
      }
      if (server.faults.lost) return abort(transaction, serverLost())
      if (transaction.writes.size && world.random() < server.faults.full) {
        return abort(transaction, new DOMException('The disk is full', 'QuotaExceededError'))
      }
      for (const [values, written] of transaction.writes) {
        for (const [key, value] of written) {
          if (value === undefined) values.delete(key)
          else values.set(key, value)
        }
      }
      if (transaction.writes.size) server.onWrite?.()
      end(transaction)
      inPage(transaction.tab, () => transaction.oncomplete?.({}))
    })
  }

  const begin = (tab: Tab, mode: string, stuck = false): Transaction => {
    const transaction: Transaction = {
      tab, mode, started: false, over: false, pending: [], unanswered: new Set(), writes: new Map(), busy: false, since: world.time, error: null,
      abort: () => abort(transaction, new DOMException('Aborted by the page', 'AbortError')),
    }
    if (stuck) {
      swallow()
      return transaction
    }
    queue.push(transaction)
    // It can be used until the task ends, then it starts.
    world.schedule(undefined, 0, advance)
    return transaction
  }

  const ask = (transaction: Transaction, work: () => unknown): FakeRequest => {
    if (transaction.over) throw new DOMException('The transaction is over', 'TransactionInactiveError')
    const request: FakeRequest = { result: undefined, error: null }
    transaction.unanswered.add(request)
    transaction.pending.push(() => {
      if (transaction.over) return
      transaction.unanswered.delete(request)
      const error = server.faults.lost
        ? serverLost()
        : world.random() < server.faults.failing
          ? new DOMException('The disk failed', 'UnknownError')
          : undefined
      if (error) {
        request.error = fail(error)
        inPage(transaction.tab, () => request.onerror?.({ target: request }))
        return abort(transaction, error)
      }
      request.result = work()
      inPage(transaction.tab, () => {
        request.onsuccess?.({ target: request })
        transaction.busy = false
        // After the microtasks of the handler, which may ask for more.
        world.schedule(transaction.tab, 0, () => next(transaction))
      })
    })
    if (transaction.started) next(transaction)
    return request
  }

  const objectStore = (transaction: Transaction, name: string) => {
    const values = server.stores.get(name)!
    const write = (key: string, value: unknown) =>
      ask(transaction, () => {
        const written = transaction.writes.get(values) ?? new Map<string, unknown>()
        transaction.writes.set(values, written.set(key, value))
      })
    return {
      transaction,
      get: (key: string) =>
        ask(transaction, () => {
          const written = transaction.writes.get(values)
          return structuredClone((written?.has(key) ? written : values).get(key))
        }),
      put: (value: unknown, key: string) => write(key, structuredClone(value)),
      delete: (key: string) => write(key, undefined),
    }
  }

  const server: IndexedDBServer = {
    stores: new Map(),
    faults: { latency: 1, failing: 0, full: 0, hanging: false, lost: false },
    stoppedPagesBlock: false,
    failedAt: -Infinity,
    heal() {
      if (hung.length) server.failedAt = world.time
      server.faults = { latency: 1, failing: 0, full: 0, hanging: false, lost: false }
      for (const work of hung.splice(0)) world.schedule(undefined, wait(), work)
    },
    stick() {
      server.failedAt = world.time
      for (const connection of connections) connection.stuck = true
      for (const transaction of queue.splice(0)) transaction.over = true
      swallow()
    },
    mute() {
      muted = new Set()
      swallow()
    },
    drop() {
      server.failedAt = world.time
      for (const transaction of [...queue]) abort(transaction, serverLost())
      for (const connection of connections.splice(0)) {
        connection.closed = true
        inPage(connection.tab, () => connection.onclose?.({}))
      }
    },
    open: (tab) => ({
      open(name: string) {
        const request: FakeRequest = { result: undefined, error: null }
        if (muted && !muted.has(tab)) {
          muted.add(tab)
          swallow()
          return request
        }
        inServer(() => {
          if (server.faults.lost) {
            request.error = fail(serverLost())
            inPage(tab, () => request.onerror?.({ target: request }))
            return
          }
          const connection = {
            tab, closed: false, stuck: false,
            name,
            onclose: undefined as Handler,
            objectStoreNames: { contains: (store: string) => server.stores.has(`${name}/${store}`) },
            createObjectStore(store: string) {
              if (!server.stores.has(`${name}/${store}`)) server.stores.set(`${name}/${store}`, new Map())
            },
            transaction(_: string | string[], mode = 'readonly') {
              if (connection.closed) throw fail(new DOMException('The connection is closing', 'InvalidStateError'))
              const transaction = begin(tab, mode, connection.stuck)
              return Object.assign(transaction, { db: connection, objectStore: (store: string) => objectStore(transaction, `${name}/${store}`) })
            },
            close() {
              connection.closed = true
              connections = connections.filter((other) => other !== connection)
            },
            addEventListener() {},
          }
          connections.push(connection)
          request.result = connection
          const fresh = ![...server.stores.keys()].some((key) => key.startsWith(`${name}/`))
          inPage(tab, () => {
            if (fresh) request.onupgradeneeded?.({ target: request })
            request.onsuccess?.({ target: request })
          })
        })
        return request
      },
    }),
  }
  return server
}
