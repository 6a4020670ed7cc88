export interface Emitter<Events> {
  on<Type extends keyof Events>(
    type: Type,
    listener: (event: Events[Type]) => void,
    options?: { signal?: AbortSignal },
  ): () => void
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void
}

/** `rethrow` gets what a listener threw: it must surface, and stop no other listener. */
export const createEmitter = <Events>(rethrow: (error: unknown) => void): Emitter<Events> => {
  const listeners = new Map<keyof Events, Set<{ listener: (event: never) => void }>>()
  return {
    on(type, listener, { signal } = {}) {
      const entry = { listener: listener as (event: never) => void }
      const entries = listeners.get(type) ?? new Set()
      const off = () => {
        entries.delete(entry)
        signal?.removeEventListener('abort', off)
      }
      if (signal?.aborted) return off
      listeners.set(type, entries.add(entry))
      signal?.addEventListener('abort', off)
      return off
    },
    emit(type, event) {
      for (const { listener } of [...(listeners.get(type) ?? [])]) {
        try {
          listener(event as never)
        } catch (error) {
          rethrow(error)
        }
      }
    },
  }
}
