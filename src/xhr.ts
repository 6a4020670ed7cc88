/** What {@link authorizeXHR} needs of a session. */
export interface XHRSession {
  wrapFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch
}

/** What tells of an answer; kept from listeners while that is a 401 which a replay may replace. */
const NEWS = ['loadstart', 'readystatechange', 'progress', 'load', 'loadend'] as const

/** The events of this request have told what went wrong. */
const told = new Error()

/**
 * A subclass of `XMLHttpRequest` whose asynchronous requests get the token by the rules of `session.fetch`, the replay
 * after a 401 included: `const XHR = authorizeXHR(session, XMLHttpRequest)`, then `new XHR()`. The global one stays as
 * it is. A request that fails while it waits for a token fires `error`. Synchronous requests go out as they are.
 */
export const authorizeXHR = (session: XHRSession, Base: typeof XMLHttpRequest): typeof XMLHttpRequest =>
  class extends Base {
    #opened: [method: string, url: string, async: boolean, user?: string | null | undefined, password?: string | null | undefined] | undefined
    #headers: [string, string][] = []
    #controller: AbortController | undefined
    // Sent, as the caller sees it, while nothing of it is on its way: before it has a token, or between two tries.
    #waits = false
    #holds = false
    #quiet = false
    #lends = false
    #held: Event[] = []
    #ended: (() => void) | undefined

    constructor() {
      super()
      // The first listeners there are: they can keep an event from all others.
      for (const type of NEWS) {
        this.addEventListener(type, (event) => {
          const holds = this.#holds && this.readyState > 1 && this.status === 401
          if (holds) this.#held.push(event)
          if (holds || this.#quiet) event.stopImmediatePropagation()
          if (type === 'loadend') this.#ended?.()
        })
      }
    }

    override open(method: string, url: string | URL, async = true, user?: string | null, password?: string | null): void {
      // One absolute URL from here on: what it is relative to, and a URL object, can change before it is sent again.
      let href = `${url}`
      try {
        href = new Request(href).url
      } catch {
        // A URL with a user in it, which XMLHttpRequest takes and the rules do not; or none, which it says itself.
      }
      super.open(method, href, async, user, password)
      // What was under way is forgotten.
      const former = this.#controller
      this.#controller = this.#ended = undefined
      this.#holds = this.#waits = false
      this.#held = []
      delete (this as { readyState?: number }).readyState
      if (this.#lends) this.withCredentials = this.#lends = false
      former?.abort()
      this.#opened = [method, href, async, user, password]
      this.#headers = []
    }

    override setRequestHeader(name: string, value: string): void {
      super.setRequestHeader(name, value)
      this.#headers.push([name, value])
    }

    override send(body?: Document | XMLHttpRequestBodyInit | null): void {
      const opened = this.#opened
      if (this.readyState === 1 && !opened?.[2]) return super.send(body)
      if (!opened || this.readyState !== 1 || this.#controller) throw new DOMException('Call open first', 'InvalidStateError')
      const controller = (this.#controller = new AbortController())
      const { signal } = controller
      const given = new Headers(this.#headers)
      let tries = 0
      let begun = false

      const attempt = (input: RequestInfo | URL, init?: RequestInit) =>
        new Promise<Response>((resolve, reject) => {
          if (signal.aborted) return reject(told)
          const { headers = (input as Request).headers, credentials = (input as Request).credentials } = (init ?? { __proto__: null }) as unknown as Request
          // A second header of that name would be joined to the first.
          const pairs: Iterable<[string, string]> = Symbol.iterator in headers ? headers : Object.entries(headers)
          const added = [...pairs].filter(([name]) => !given.has(name))
          const attached = added.length > 0 || credentials === 'include'
          this.#ended = () => {
            if (!this.status) return reject(told)
            this.#waits = this.#holds && this.status === 401
            const headers = { get: (name: string) => this.getResponseHeader(name) }
            resolve({ status: this.status, url: this.responseURL, redirected: true, headers } as unknown as Response)
          }
          this.#waits = false
          this.#quiet = begun
          if (tries) {
            this.#quiet = true
            this.#held = []
            super.open(...opened)
            for (const header of this.#headers) super.setRequestHeader(...header)
          }
          for (const [name, value] of added) super.setRequestHeader(name, value)
          if (credentials === 'include' && !this.withCredentials) this.withCredentials = this.#lends = true
          this.#holds = !tries++ && attached
          super.send(body)
          this.#quiet = false
        })
      // As much as the rules look at. A body would be too much for a GET.
      const text = (typeof body === 'string' || body instanceof URLSearchParams) && !/^(GET|HEAD)$/i.test(opened[0]) ? { body } : {}
      this.#waits = true
      session.wrapFetch(attempt as typeof fetch)(opened[1], { method: opened[0], headers: this.#headers, signal, ...text }).then(
        () => {
          if (this.#controller !== controller || signal.aborted) return
          // It was the last answer after all.
          this.#holds = this.#waits = false
          // Copies: the last one may still be on its way.
          for (const event of this.#held.splice(0)) this.dispatchEvent(new (event.constructor as typeof Event)(event.type, event))
        },
        (error) => {
          if (this.#controller === controller && !signal.aborted && error !== told) this.#finish('error')
        },
      )
      if (!this.#waits) return
      begun = true
      this.dispatchEvent(new ProgressEvent('loadstart'))
    }

    override abort(): void {
      const waits = this.#waits
      super.abort()
      this.#controller?.abort()
      if (waits) this.#finish('abort')
      if (Object.hasOwn(this, 'readyState')) this.#show(0)
    }

    // The end of a request of which the browser knows nothing, or an earlier end.
    #finish(type: 'abort' | 'error'): void {
      this.#holds = this.#waits = false
      this.#show(4)
      this.dispatchEvent(new Event('readystatechange'))
      this.dispatchEvent(new ProgressEvent(type))
      this.dispatchEvent(new ProgressEvent('loadend'))
    }

    #show(value: number): void {
      Object.defineProperty(this, 'readyState', { value, configurable: true })
    }
  }
