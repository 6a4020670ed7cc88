export interface Emitter<Events> {
  on<Type extends keyof Events & string>(
    type: Type,
    listener: (event: Events[Type]) => void,
    options?: { signal?: AbortSignal },
  ): () => void
  emit<Type extends keyof Events & string>(type: Type, event: Events[Type]): void
}

/** `rethrow` gets what a listener threw: it must surface, and stop no other listener. */
export const createEmitter = <Events>(rethrow: (error: unknown) => void): Emitter<Events> => {
  const target = new EventTarget()
  return {
    on(type, listener, { signal } = {}) {
      // A function of its own, so that one listener can be added twice.
      const run = (event: Event) => {
        try {
          listener((event as CustomEvent).detail)
        } catch (error) {
          rethrow(error)
        }
      }
      target.addEventListener(type, run, { signal: signal! })
      return () => target.removeEventListener(type, run)
    },
    emit: (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail })),
  }
}
