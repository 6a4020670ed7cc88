import { SessionError } from './errors.js'
import { reasonOf } from './abortable.js'
import { restate } from './requests.js'
import type { Extension } from './types.js'

/** `AbortSignal.any`, also where a browser has none: there its listeners stay until one of the signals is aborted. */
const anyOf = (signals: AbortSignal[]): AbortSignal => {
  if (AbortSignal.any) return AbortSignal.any(signals)
  const controller = new AbortController()
  for (const signal of signals) {
    const abort = () => controller.abort(reasonOf(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { signal: controller.signal })
  }
  return controller.signal
}

/**
 * Aborts the attached calls that are under way when the session ends or becomes another's, with a `SessionError`
 * `session_ended`. Without it they go on, and their answers arrive.
 */
export const abortOnLogout = (): Extension => ({
  attach({ on }) {
    let controller = new AbortController()
    const abort = () => {
      controller.abort(new SessionError('session_ended', 'The session ended while the call was under way'))
      controller = new AbortController()
    }
    on('logout', abort)
    on('change', abort)
    return {
      wrap: (fetch) => (input, init) => {
        const whole = { __proto__: null, ...restate(input), ...init } as RequestInit
        const { signal } = controller
        return fetch(input, { __proto__: null, ...whole, signal: whole.signal ? anyOf([whole.signal, signal]) : signal } as RequestInit)
      },
    }
  },
})
