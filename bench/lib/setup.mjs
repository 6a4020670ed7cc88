// Node's own modules only: it runs before anything is installed.
import { build, installPackages, setup as setupProject } from '../../test/setup.mjs'

/** Installs the project, the rivals and a browser, and builds `dist/`. */
export const setup = async () => {
  await setupProject({ browsers: true })
  installPackages('bench')
  await build()
}
