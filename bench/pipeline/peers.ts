/** The same jobs as projects of other tools; every job runs, whatever was done before. Tools that need an installed package get links to ours. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { peerProgram } from '../lib/peers.ts'
import { type Job, makeProject, parallelMax, type Project } from './project.ts'

/** A tool: how its project is made, and what is typed in it. */
export type Peer = {
  readonly name: string
  readonly make: (jobs: readonly Job[]) => Project
  readonly words: () => readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What it keeps in the project and must not find. */
  readonly fresh: readonly string[]
}

const json = (value: object): string => JSON.stringify(value, null, 1)

/** The jobs that no other needs, under one name. */
const lastOf = (jobs: readonly Job[]): readonly string[] => {
  const needed = new Set(jobs.flatMap(({ needs }) => needs))
  return jobs.flatMap(({ name }) => (needed.has(name) ? [] : [name]))
}

const withAll = (jobs: readonly Job[]): readonly Job[] => [...jobs, { name: 'all', needs: lastOf(jobs) }]

const manifest = { name: 'bench', version: '1.0.0', private: true, packageManager: 'npm@10.9.0' }
const lockfile = json({ ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } })

/** Each recipe in a bash of its own, as Sluice and GitLab's runner have it. */
const make: Peer = {
  name: 'make',
  make: (jobs) =>
    makeProject({
      Makefile: [
        'SHELL := /bin/bash',
        '.SHELLFLAGS := --noprofile --norc -euo pipefail -c',
        `.PHONY: ${withAll(jobs)
          .map(({ name }) => name)
          .join(' ')}`,
        ...jobs.map(({ name, needs }) => `${name}: ${needs.join(' ')}\n\t@true; true`),
        `all: ${lastOf(jobs).join(' ')}`,
        '',
      ].join('\n'),
    }),
  words: () => ['make', `-j${parallelMax}`, 'all'],
  env: {},
  fresh: [],
}

const gitlabCiLocal: Peer = {
  name: 'gitlab-ci-local',
  make: (jobs) => {
    const entries = jobs.map(({ name, needs }) => [name, { stage: 'all', needs, script: ['true'] }])
    const project = makeProject({
      '.gitlab-ci.yml': json({ stages: ['all'], ...Object.fromEntries(entries) }),
      '.gitignore': '.gitlab-ci-local\n',
    })
    // It asks for a remote to name the project by.
    const words = ['remote', 'add', 'origin', 'git@example.invalid:bench/bench.git']
    execFileSync('git', words, { cwd: project.directory })
    return project
  },
  words: () => [process.execPath, peerProgram('gitlab-ci-local'), '--concurrency', String(parallelMax)],
  env: {},
  fresh: [],
}

/** `keeps`: what each script gets besides its command. */
const wireitPeer = (name: string, keeps: object, rest: Pick<Peer, 'env' | 'fresh'>): Peer => ({
  name,
  make: (jobs) => {
    const names = withAll(jobs).map((one) => one.name)
    const scripts = Object.fromEntries(names.map((one) => [one, 'wireit']))
    const tasks = jobs.map((job) => [job.name, { command: 'true', dependencies: job.needs, ...keeps }])
    const all = { dependencies: lastOf(jobs) }
    const project = makeProject({
      'package.json': json({ ...manifest, scripts, wireit: { ...Object.fromEntries(tasks), all } }),
      '.gitignore': '.wireit\nnode_modules\n',
    })
    linkPrograms(project, ['wireit'])
    return project
  },
  words: () => [process.execPath, '--run', 'all'],
  fresh: rest.fresh,
  env: { WIREIT_PARALLEL: String(parallelMax), ...rest.env },
})

/** As its users have it: what a script did is kept, so that it need not run again. Each run is a first one. */
const wireit = wireitPeer('wireit', { files: ['package.json'], output: [] }, { env: {}, fresh: ['.wireit'] })

/** Scripts that always run, and of which nothing is kept. */
const wireitUncached = wireitPeer('wireit-uncached', {}, { env: { WIREIT_CACHE: 'none' }, fresh: [] })

const turbo: Peer = {
  name: 'turbo',
  make: (jobs) => {
    const names = withAll(jobs).map(({ name }) => name)
    // A repository of one package, where tasks have no other name than their own.
    const tasks = withAll(jobs).map(({ name, needs }) => [name, { cache: false, dependsOn: needs }])
    return makeProject({
      'package.json': json({ ...manifest, scripts: Object.fromEntries(names.map((name) => [name, 'true'])) }),
      'package-lock.json': lockfile,
      'turbo.json': json({ tasks: Object.fromEntries(tasks) }),
      '.gitignore': '.turbo\nnode_modules\n',
    })
  },
  words: () => [peerProgram('turbo'), 'run', 'all', `--concurrency=${parallelMax}`, '--no-update-notifier'],
  env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', CI: '1' },
  fresh: [],
}

const nx: Peer = {
  name: 'nx',
  make: (jobs) => {
    const targets = withAll(jobs).map(({ name, needs }) => [
      name,
      { executor: 'nx:run-commands', cache: false, dependsOn: needs, options: { command: 'true' } },
    ])
    const project = makeProject({
      'package.json': json(manifest),
      'package-lock.json': lockfile,
      'nx.json': json({ analytics: false }),
      'project.json': json({ name: 'bench', targets: Object.fromEntries(targets) }),
      '.gitignore': '.nx\nnode_modules\n',
    })
    linkPrograms(project, ['nx'])
    return project
  },
  words: () => [peerProgram('nx'), 'run', 'bench:all', `--parallel=${parallelMax}`, '--skip-nx-cache'],
  env: { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', CI: '1' },
  fresh: [],
}

const moon: Peer = {
  name: 'moon',
  make: (jobs) => {
    const tasks = withAll(jobs).map(({ name, needs }) => [
      name,
      { command: 'true', deps: needs.map((need) => `~:${need}`), options: { cache: false } },
    ])
    return makeProject({
      '.moon/workspace.yml': json({ projects: { bench: '.' }, telemetry: false, vcs: { defaultBranch: 'main' } }),
      'moon.yml': json({ tasks: Object.fromEntries(tasks) }),
      '.gitignore': '.moon/cache\n',
    })
  },
  words: () => [peerProgram('moon'), 'run', 'bench:all', '--concurrency', String(parallelMax)],
  env: { CI: '1' },
  // With what it kept of a run before, it takes three times as long.
  fresh: ['.moon/cache'],
}

/** All of them. None is let onto the network: their settings take telemetry, looks for a newer version and shared caches away. */
export const peers: readonly Peer[] = [make, gitlabCiLocal, wireit, wireitUncached, turbo, nx, moon]

/** As if the packages had been installed in the project. */
const linkPrograms = ({ directory }: Project, names: readonly string[]): void => {
  const programs = join(directory, 'node_modules', '.bin')
  mkdirSync(programs, { recursive: true })
  for (const name of names) {
    const program = peerProgram(name)
    symlinkSync(join(dirname(dirname(program)), name), join(directory, 'node_modules', name))
    symlinkSync(join('..', name, 'bin', name === 'nx' ? 'nx.js' : `${name}.js`), join(programs, name))
    chmodSync(program, 0o755)
  }
}
