/**
 * The keyed cache that fits a project's package manager: its downloads under the lockfile. Downloads rather than `node_modules`, because a fresh install from them
 * runs what it must, and checks them. Sources: docs of npm (`cache`), pnpm (`store-dir`), Yarn (`cacheFolder`), 2026.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyedCachePlan, Texts } from '../../core/pipeline/job-plan.ts'

/** What to keep of downloads, or of the installed packages too where an install needs seconds even with them. */
export type DependencyCacheOptions = {
  readonly directory: string
  readonly env: Texts
  readonly platform: string
  readonly keep: 'downloads' | 'node_modules'
}

/** A plan for the lockfile that is there; null where there is none. */
export const dependencyCache = ({ directory, env, platform, keep }: DependencyCacheOptions): KeyedCachePlan | null => {
  const found = managers.find(({ lockfile }) => existsSync(join(directory, lockfile)))
  if (found === undefined) return null
  const { name, lockfile } = found
  const start = `${name}-${keep}-${platform}`
  const paths = keep === 'node_modules' ? ['node_modules'] : [found.downloads(env, directory)]
  // Installed packages are right only for their lockfile; downloads are a start for any.
  const restoreKeys = keep === 'node_modules' ? [] : [`${start}-`]
  return { key: start, restoreKeys, keyFiles: [lockfile], paths, policy: 'pull-push', when: 'success' }
}

type Manager = {
  readonly name: string
  readonly lockfile: string
  /** The folder of its downloads. */
  readonly downloads: (env: Texts, directory: string) => string
}

const managers: readonly Manager[] = [
  { name: 'npm', lockfile: 'package-lock.json', downloads: (env) => env['npm_config_cache'] ?? '~/.npm' },
  { name: 'npm', lockfile: 'npm-shrinkwrap.json', downloads: (env) => env['npm_config_cache'] ?? '~/.npm' },
  {
    name: 'pnpm',
    lockfile: 'pnpm-lock.yaml',
    downloads: (env) =>
      env['npm_config_store_dir'] ??
      (env['PNPM_HOME'] !== undefined
        ? `${env['PNPM_HOME']}/store`
        : `${env['XDG_DATA_HOME'] ?? '~/.local/share'}/pnpm/store`),
  },
  {
    name: 'yarn',
    lockfile: 'yarn.lock',
    downloads: (env, directory) => {
      if (env['YARN_CACHE_FOLDER'] !== undefined) return env['YARN_CACHE_FOLDER']
      // Yarn 1 writes its name into the lockfile's head; later ones keep downloads in a folder of their own.
      const isClassic = readFileSync(join(directory, 'yarn.lock'), 'utf8').slice(0, 200).includes('yarn lockfile v1')
      return isClassic ? `${env['XDG_CACHE_HOME'] ?? '~/.cache'}/yarn` : '~/.yarn/berry/cache'
    },
  },
]
