import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  pid: number
  parent: number
  command: string
}

const read = (pid: string): Process[] => {
  try {
    const [, parent] = /^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return [{ pid: Number(pid), parent: Number(parent), command }]
  } catch {
    return [] // It has ended.
  }
}

/** Ids of the processes below one process whose command line matches. */
export const processesBelow = (root: number, pattern: RegExp): number[] => {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap(read)
  const below = new Set([root])
  for (let size = 0; size < below.size; ) {
    size = below.size
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid)
  }
  return all.filter(({ pid, command }) => pid !== root && below.has(pid) && pattern.test(command)).map(({ pid }) => pid)
}

/** CPU time a process has used, in ticks; 0 when it has ended. */
export const ticksOf = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}

/** Starts a program that the kernel ends with this one. */
export const spawnTied = (command: string, args: string[], options: SpawnOptions): ChildProcess =>
  spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], options)

// A test worker whose parent was killed ends, and its browsers with it.
process.once('disconnect', () => process.exit(1))
