import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startServer } from '../../demo/server/index.mjs'
import { root } from '../setup.mjs'

/** Runs the command of `npm run demo` with options that are wrong, so that it ends before it does anything. */
const start = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(root, 'demo/start.mjs'), ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })

describe('npm run demo', () => {
  it.each<[string[], Record<string, string>, string]>([
    [['--port', 'many'], {}, '--port must be a whole number from 1 to 65534, such as --port 4400.'],
    [['--port', '70000'], {}, '--port must be a whole number from 1 to 65534, such as --port 4400.'],
    [['--port'], {}, '--port must be a whole number from 1 to 65534, such as --port 4400.'],
    [['--lifetime=0'], {}, '--lifetime must be a number from 1 to 86400, such as --lifetime 20.'],
    [['--grace', '-1'], {}, '--grace must be a number from 0 to 3600, such as --grace 10.'],
    [['--alg', 'none'], {}, '--alg must be HS256 or RS256.'],
    [['--prot', '4400'], {}, 'There is no option --prot; there are --port, --alg, --lifetime, --grace and --help.'],
    [['4400'], {}, 'Options begin with --, such as --port 4400; --help lists them.'],
    [[], { DEMO_PORT: 'many' }, 'DEMO_PORT must be a whole number from 1 to 65534, such as DEMO_PORT=4400.'],
  ])('says what is wrong with %j %j in one sentence', (args, env, sentence) => {
    const { status, stdout, stderr } = start(args, env)
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `${sentence}\n` })
  })

  it('lists its options', () => {
    const { status, stdout } = start(['--help'])
    expect(status).toBe(0)
    for (const option of ['--port', '--alg', '--lifetime', '--grace']) expect(stdout).toContain(option)
  })

  it('says which port cannot be had', async () => {
    const first = await startServer({ quiet: true })
    try {
      await expect(startServer({ quiet: true, port: first.port })).rejects.toThrow(`Port ${first.port} cannot be had.`)
      const next = await startServer({ quiet: true, port: first.port, tries: 40 })
      expect(next.port).toBeGreaterThan(first.port)
      await next.close()
    } finally {
      await first.close()
    }
  })
})
