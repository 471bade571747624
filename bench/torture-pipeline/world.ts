/** A project whose pipeline makes artifacts, keeps results and folders in the cache, checks all of it, and leaves processes where it can; and `sluice` as people type it, to be killed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeStateDir } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject, type Project } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'

/** What the torture works on. */
export type World = { readonly project: Project; readonly stateDir: string }

const program = fileURLToPath(new URL('../../packages/sluice/bin/sluice.js', import.meta.url))

/** Many files with their sums: what is half-written cannot pass. */
const fill = (folder: string): string => `mkdir ${folder}
for number in $(seq 20); do head -c 20000 /dev/urandom > ${folder}/$number; done
(cd ${folder}; sha256sum [0-9]* > sums)`

const check = (folder: string): string => `(cd ${folder}; sha256sum --check --quiet sums)`

const escape = `setsid sleep 300 & (setsid sh -c 'trap "" TERM HUP; sleep 300' </dev/null >/dev/null 2>&1 &)`

/** Makes it; each job takes a quarter of a second, so that kills fall into all of them. */
export const makeWorld = async (): Promise<World> => {
  const listen = await freePort()
  const jobs = {
    build: { steps: [fill('dist'), `${escape}; sleep 0.2`, check('dist')], artifacts: { app: ['dist'] } },
    lint: { steps: [`${escape}; sleep 0.25`, 'git status --short'] },
    test: { needs: ['build'], steps: [check('dist'), `${escape}; sleep 0.2`] },
    compile: {
      cache: { inputs: ['seed'], outputs: ['out/**'] },
      steps: [fill('out'), 'cp seed out/seed', 'sleep 0.1'],
      artifacts: { out: ['out'] },
    },
    link: { needs: ['compile'], steps: [check('out'), 'cmp seed out/seed'] },
    packages: {
      caches: [{ key: 'packages', files: ['seed'], restoreKeys: ['packages-'], paths: ['store'] }],
      steps: `if [ -d store ]; then ${check('store')}; else ${fill('store')}; fi`,
    },
    late: { needs: ['test', 'lint', 'link', 'packages'], steps: 'sleep 0.1' },
  }
  const environment = { listen, after: null, instances: 1, strategy: { kind: 'rolling', batchSize: 1 } } as const
  const project = await makeProject({ production: environment }, { pipeline: { jobs } })
  const world = { project, stateDir: await makeStateDir() }
  await changeSeed(world, 1)
  return world
}

/** Changes what results depend on, so that the next run finds nothing in the cache for it. */
export const changeSeed = async ({ project }: World, seed: number): Promise<void> => {
  await writeFile(join(project.directory, 'seed'), `${seed}\n`)
  await project.commit(`1.0.${seed}`)
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
