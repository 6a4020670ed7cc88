import { Session } from 'node:inspector'

/** Which blocks of the sources a thread has run, as V8 counts them. */
export interface Block {
  file: string
  /** Of the bundle. */
  from: number
  to: number
}

interface Range {
  startOffset: number
  endOffset: number
  count: number
}

const post = (session: Session, method: string, parameters = {}) =>
  new Promise<never>((resolve, reject) => session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result as never))))

/** Starts counting. The result stops, and answers the ranges of this very script. */
export const startCoverage = async (): Promise<() => Promise<Range[][]>> => {
  const session = new Session()
  session.connect()
  await post(session, 'Profiler.enable')
  await post(session, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return async () => {
    const { result } = await post(session, 'Profiler.takePreciseCoverage') as { result: { url: string; functions: { ranges: Range[] }[] }[] }
    session.disconnect()
    return result.filter(({ url }) => !/^node:/.test(url)).flatMap(({ functions }) => functions.map(({ ranges }) => ranges))
  }
}
