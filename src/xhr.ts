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
    #opened: [method: string, url: string | URL, async: boolean, user?: string | null | undefined, password?: string | null | undefined] | undefined
    #url = ''
    #headers: [string, string][] = []
    #controller: AbortController | undefined
    #holds = false
    #reopens = false
    #held: Event[] = []
    #ended: (() => void) | undefined

    constructor() {
      super()
      // The first listeners there are: they can keep an event from all others.
      for (const type of NEWS) {
        this.addEventListener(type, (event) => {
          const holds = this.#holds && this.readyState > 1 && this.status === 401
          if (holds) this.#held.push(event)
          if (holds || this.#reopens) event.stopImmediatePropagation()
          if (type === 'loadend') this.#ended?.()
        })
      }
    }

    override open(method: string, url: string | URL, async = true, user?: string | null, password?: string | null): void {
      super.open(method, url, async, user, password)
      // What was under way is forgotten.
      const former = this.#controller
      this.#controller = this.#ended = undefined
      this.#holds = false
      this.#held = []
      former?.abort()
      this.#opened = [method, url, async, user, password]
      this.#headers = []
      try {
        this.#url = new Request(url).url
      } catch {
        // A URL with a user in it, which XMLHttpRequest takes and the rules do not.
        this.#url = String(url)
      }
    }

    override setRequestHeader(name: string, value: string): void {
      super.setRequestHeader(name, value)
      this.#headers.push([name, value])
    }

    override send(body?: Document | XMLHttpRequestBodyInit | null): void {
      if (this.readyState !== 1 || !this.#opened?.[2]) return super.send(body)
      if (this.#controller) throw new DOMException('The request has been sent', 'InvalidStateError')
      const controller = (this.#controller = new AbortController())
      const { signal } = controller
      const given = new Headers(this.#headers).get('Authorization')
      let first = true

      const attempt = (input: RequestInfo | URL, init?: RequestInit) =>
        new Promise<Response>((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason)
          const token = new Headers(init?.headers ?? (input as Request).headers).get('Authorization')
          this.#ended = () => {
            if (!this.status) return reject(told)
            const headers = { get: (name: string) => this.getResponseHeader(name) }
            resolve({ status: this.status, url: this.responseURL, redirected: true, headers } as unknown as Response)
          }
          if (!first) {
            this.#reopens = true
            this.#held = []
            super.open(...this.#opened!)
            for (const header of this.#headers) super.setRequestHeader(...header)
          }
          // A second header of that name would be joined to the first.
          if (token && !given) super.setRequestHeader('Authorization', token)
          this.#holds = first && !!token && !given
          first = false
          super.send(body)
          this.#reopens = false
        })
      const init = { method: this.#opened[0], headers: this.#headers, signal }
      session.wrapFetch(attempt as typeof fetch)(this.#url, init).then(
        () => {
          if (this.#controller !== controller || signal.aborted) return
          // It was the last answer after all.
          this.#holds = false
          // Copies: the last one may still be on its way.
          for (const event of this.#held.splice(0)) this.dispatchEvent(new (event.constructor as typeof Event)(event.type, event))
        },
        (error) => {
          if (this.#controller !== controller || error === told) return
          this.#holds = false
          this.dispatchEvent(new ProgressEvent(signal.aborted ? 'abort' : 'error'))
          this.dispatchEvent(new ProgressEvent('loadend'))
        },
      )
    }

    override abort(): void {
      super.abort()
      this.#controller?.abort()
    }
  }
