import { own } from './options.js'
export interface Emitter<Events> {
  on<Type extends keyof Events & string>(
    type: Type,
    listener: (event: Events[Type]) => void,
    options?: { signal?: AbortSignal | undefined },
  ): () => void
  emit<Type extends keyof Events & string>(type: Type, event: Events[Type]): void
}

/** `rethrow` gets what a listener threw: it must surface, and stop no other listener. */
export const createEmitter = <Events>(rethrow: (error: unknown) => void): Emitter<Events> => {
  const target = new EventTarget()
  return {
    on(type, listener, options) {
      const { signal } = own(options)
      // A function of its own, so that one listener can be added twice.
      const run = (event: Event) => {
        try {
          listener((event as CustomEvent).detail)
        } catch (error) {
          rethrow(error)
        }
      }
      const off = () => {
        target.removeEventListener(type, run)
        signal?.removeEventListener('abort', off)
      }
      // Not as an option of the listener, which a signal of another realm cannot be.
      signal?.addEventListener('abort', off)
      if (!signal?.aborted) target.addEventListener(type, run)
      return off
    },
    emit: (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail })),
  }
}
