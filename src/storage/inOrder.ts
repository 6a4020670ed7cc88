/** Runs one thing after the other, in the order asked: a logout that is asked for during a login must come after it. */
export const inOrder = (): (<Result>(run: () => Promise<Result>) => Promise<Result>) => {
  let last: Promise<unknown> = Promise.resolve()
  return (run) => {
    const result = last.then(run)
    last = result.catch(() => {})
    return result
  }
}

/** Rejects when `work` takes longer than `timeout` milliseconds. */
export const inTime = <Result>(work: Promise<Result>, timeout: number): Promise<Result> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${timeout} ms`)), timeout)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
