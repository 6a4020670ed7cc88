import { defineConfig } from 'vitest/config'
import { recipeModules } from './test/recipes/plugin.js'

/**
 * Tests in Node that drive a real browser; they need the build. Each file has servers and browsers of its own, so that
 * several run at once: they wait more than they compute.
 */
const driven = { environment: 'node', maxWorkers: 3, testTimeout: 120_000, hookTimeout: 120_000, sequence: { groupOrder: 1 } }

/** `npm test -- --all`, and CI=true: every engine, every history. */
const all = process.env.LATCHKEY_ALL === '1' || process.env.CI === 'true'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['test/{unit,session,storage}/**/*.test.ts'],
          // Nothing waits for a clock here, but the machine may be busy.
          testTimeout: 60_000,
        },
      },
      {
        // Many tabs in one process, seeded. Each file starts threads of its own.
        test: {
          name: 'simulation',
          environment: 'node',
          include: ['test/simulation/**/*.test.ts'],
          env: { LATCHKEY_ALL: all ? '1' : '' },
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'package',
          environment: 'node',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The code blocks of the documents, run as they stand there, and the documents themselves; needs the build.
        plugins: [recipeModules()],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'recipes',
          environment: './test/recipes/environment.ts',
          server: { deps: { inline: [/svelte/] } },
          include: ['test/{recipes,docs}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The same calls natively and through latchkey, in a real Chromium; needs the build.
        test: {
          ...driven,
          name: 'fetch',
          include: ['test/fetch/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // The light part of `npm run bench`: counts and sizes, no times.
        test: {
          name: 'bench',
          environment: 'node',
          include: ['test/bench/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      // What only Chromium can be made to do.
      { test: { ...driven, name: 'browser', include: ['test/browser/**/*.test.ts'] } },
      // Servers that nobody here wrote, some tests of each at once.
      {
        test: {
          ...driven,
          name: 'servers',
          include: ['test/servers/**/*.test.ts'],
          maxWorkers: 1,
          maxConcurrency: 3,
          sequence: { groupOrder: 2 },
        },
      },
      // Attacks that only a browser can be the scene of.
      { test: { ...driven, name: 'security', include: ['test/security/**/*.test.ts'] } },
      // What every engine is made to do. Chromium does some of it elsewhere: test/fetch, test/browser/deaths.
      ...['chromium', 'firefox', 'webkit'].map((engine) => ({
        test: {
          ...driven,
          // Side by side, IndexedDB in WebKit takes longer than the three seconds after which storage counts as failed.
          ...(engine === 'webkit' && { maxWorkers: 1 }),
          name: `engines-${engine}`,
          include: ['test/engines/**/*.test.ts'],
          exclude: engine === 'chromium' ? ['test/engines/{fetch,lost-tabs}.test.ts'] : [],
          env: { ENGINE: engine },
        },
      })),
    ],
  },
})
