/** A project whose pipeline makes an artifact, checks it, and leaves processes where it can; and `sluice` as people type it, to be killed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeStateDir } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject, type Project } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'

/** What the torture works on. */
export type World = { readonly project: Project; readonly stateDir: string }

const program = fileURLToPath(new URL('../../packages/sluice/bin/sluice.js', import.meta.url))

/** Many files with their sums: a half-written artifact or checkout cannot pass. */
const build = `mkdir dist
for number in $(seq 20); do head -c 20000 /dev/urandom > dist/$number; done
(cd dist; sha256sum [0-9]* > sums)`

const escape = `setsid sleep 300 & (setsid sh -c 'trap "" TERM HUP; sleep 300' </dev/null >/dev/null 2>&1 &)`

const check = `cd dist; sha256sum --check --quiet sums`

/** Makes it; each job takes a quarter of a second, so that kills fall into all of them. */
export const makeWorld = async (): Promise<World> => {
  const listen = await freePort()
  const jobs = {
    build: { steps: [build, `${escape}; sleep 0.2`, check], artifacts: { app: ['dist'] } },
    lint: { steps: [`${escape}; sleep 0.25`, 'git status --short'] },
    test: { needs: ['build'], steps: [check, `${escape}; sleep 0.2`] },
    late: { needs: ['test', 'lint'], steps: 'sleep 0.1' },
  }
  const environment = { listen, after: null, instances: 1, strategy: { kind: 'rolling', batchSize: 1 } } as const
  const project = await makeProject({ production: environment }, { pipeline: { jobs } })
  return { project, stateDir: await makeStateDir() }
}

/** Starts `sluice` with some words. */
export const startSluice = ({ project, stateDir }: World, words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [program, ...words, '--json', '--project', project.directory, '--state-dir', stateDir], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })

/** What a reading command gives as JSON. */
export const readSluice = ({ project, stateDir }: World, words: readonly string[]): unknown => {
  const all = [program, ...words, '--json', '--project', project.directory, '--state-dir', stateDir]
  const text = execFileSync(process.execPath, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return JSON.parse(text.trim().split('\n').at(-1) ?? '')
}

/** Processes that carry the mark of a job of this world. Source: proc(5). */
export const jobProcesses = ({ stateDir }: World): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLUICE_JOB_MARK=${stateDir}/`)
      } catch {
        return false
      }
    })

/** Files that are not what their name says: artifacts by content, checkouts that are not whole. What is hidden (`.…`) is not yet there by definition. */
export const badEntries = ({ stateDir }: World): readonly string[] => {
  const artifacts = join(stateDir, 'artifacts', 'sha256')
  const bad = names(artifacts).filter((name) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(artifacts, name)))
      .digest('hex')
    return name !== `${hash}.tar`
  })
  const checkouts = join(stateDir, 'checkouts')
  const broken = names(checkouts).filter((name) => {
    const directory = join(checkouts, name, 'checkout')
    if (!names(join(checkouts, name)).includes('checkout')) return true
    if (!readdirSync(directory).includes('.git')) return false
    return execFileSync('git', ['status', '--porcelain'], { cwd: directory, encoding: 'utf8' }) !== ''
  })
  return [...bad.map((name) => join(artifacts, name)), ...broken.map((name) => join(checkouts, name))]
}

const names = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'))
  } catch {
    return []
  }
}
