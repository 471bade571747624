/** Finding the project that a command is typed in. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configFiles } from '../core/config/file-names.ts'
import { SluiceError } from '../core/errors.ts'

const hasConfig = (directory: string): boolean => configFiles.some((name) => existsSync(join(directory, name)))

/** The nearest directory upwards with a config; without one the nearest repository; without one the directory itself. */
export const findProject = (cwd: string): string => {
  const start = existsSync(cwd) ? realpathSync(cwd) : cwd
  return upwards(start, hasConfig) ?? upwards(start, (directory) => existsSync(join(directory, '.git'))) ?? start
}

const upwards = (directory: string, holds: (directory: string) => boolean): string | null => {
  if (holds(directory)) return directory
  const above = dirname(directory)
  return above === directory ? null : upwards(above, holds)
}

/** Throws `config_missing` where there is neither a config nor a state: a command typed in the wrong place makes no state there. */
export const requireProject = ({
  projectDir,
  stateDir,
}: {
  readonly projectDir: string
  readonly stateDir: string
}): void => {
  if (hasConfig(projectDir) || existsSync(stateDir)) return
  throw new SluiceError('config_missing', {
    detail: `there is no sluice.config.ts in ${projectDir} or above it`,
    hint: 'sluice init   or   cd into your project',
  })
}

/** Why the config of a folder would never be found in a commit; null where it is. A commit is checked out whole, and its config looked for at the root. */
export const misplacedConfig = (directory: string): { readonly why: string; readonly root: string } | null => {
  const place = realpathSync(directory)
  const root = upwards(place, (above) => existsSync(join(above, '.git')))
  if (root === null || root === place) return null
  return { why: `${place} is a folder of the repository ${root}, and commits have their config at the root`, root }
}

/** Throws `not_found` outside of a repository, where even a pipeline of another system has no commit to be one of. */
export const requireRepository = ({ projectDir }: { readonly projectDir: string }): void => {
  if (upwards(projectDir, (directory) => existsSync(join(directory, '.git'))) !== null) return
  throw new SluiceError('not_found', {
    detail: `${projectDir} is not in a git repository`,
    hint: 'git init, then commit',
  })
}
