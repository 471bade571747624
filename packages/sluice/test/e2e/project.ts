/** A real git repository of the tiny service, for end-to-end tests and benchmarks. */
import { cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { Config, EnvironmentConfig } from '../../src/core/config/types.ts'

/** How the service of a commit behaves. */
export type Behaviour = {
  /** Of the requests to `/`, every which one is answered with 500; 0 for none. */
  readonly badEvery?: number
  /** Which part of them is, by chance. */
  readonly badShare?: number
  readonly healthy?: boolean
  readonly exitAtOnce?: boolean
}

/** A repository. */
export type Project = {
  readonly directory: string
  /** Makes a commit of this version and behaviour. */
  readonly commit: (version: string, behaviour?: Behaviour) => Promise<void>
  readonly remove: () => Promise<void>
}

const service = fileURLToPath(new URL('service', import.meta.url))

/** Makes the repository with its first commit, version 1.0.0. */
export const makeProject = async (
  environments: Readonly<Record<string, EnvironmentConfig>>,
  more: Partial<Config> = {},
): Promise<Project> => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sluice-e2e-')))
  await cp(service, directory, { recursive: true })
  await writeFile(
    join(directory, 'sluice.config.ts'),
    `export default ${JSON.stringify(configOf(environments, more), null, 2)}\n`,
  )
  await git(directory, 'init', '--quiet', '--initial-branch=main')
  const commit = async (version: string, behaviour: Behaviour = {}): Promise<void> => {
    const whole: Required<Behaviour> = { badEvery: 0, badShare: 0, healthy: true, exitAtOnce: false, ...behaviour }
    await writeFile(join(directory, 'behaviour.json'), JSON.stringify(whole))
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'tiny', version, type: 'module' }))
    await git(directory, 'add', '--all', '--', ':!.sluice')
    await git(directory, 'commit', '--quiet', '--message', `feat: version ${version}`)
  }
  await commit('1.0.0')
  return { directory, commit, remove: () => rm(directory, { recursive: true, force: true }) }
}

const configOf = (environments: Readonly<Record<string, EnvironmentConfig>>, more: Partial<Config>): Config => ({
  service: 'tiny',
  pipeline: {
    jobs: {
      build: {
        steps: 'node --check server.js',
        artifacts: { app: ['server.js', 'websocket.js', 'package.json', 'behaviour.json'] },
      },
    },
  },
  start: { command: 'exec node server.js', artifact: 'app' },
  health: { path: '/healthz', interval: '50ms', timeout: '1s', healthyAfter: 1, unhealthyAfter: 3, startTimeout: '5s' },
  environments,
  ...more,
})

const git = async (directory: string, ...words: readonly string[]): Promise<void> => {
  await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd: directory })
}
