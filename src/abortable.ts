/** Why a signal was aborted; browsers got that later than signals (docs/browsers.md). */
export const reasonOf = ({ reason = new DOMException('The call was aborted', 'AbortError') }: AbortSignal): unknown => reason

/** Rejects with the signal's reason at once; what is awaited goes on for others (R62). */
export const abortable = <Result>(promise: Promise<Result>, signal?: AbortSignal | null): Promise<Result> =>
  signal
    ? new Promise((resolve, reject) => {
        const abort = () => reject(reasonOf(signal))
        if (signal.aborted) abort()
        signal.addEventListener('abort', abort)
        void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
      })
    : promise
