/** Pipelines of jobs that do nothing, as projects for Sluice and its peers: what remains is what an engine takes for itself. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A job and the jobs that it needs. */
export type Job = { readonly name: string; readonly needs: readonly string[] }

/** Jobs that run at the same time, for every engine. */
export const parallelMax = 4

const nameOf = (index: number): string => `j${index}`

/** Jobs in layers of a width, each needing two of the layer before. */
export const layers = (count: number, width: number): readonly Job[] =>
  Array.from({ length: count }, (_, index) => {
    const before = (Math.floor(index / width) - 1) * width
    const needs = before < 0 ? [] : [before + (index % width), before + ((index + 1) % width)]
    return { name: nameOf(index), needs: needs.map(nameOf) }
  })

/** One after the other. */
export const chain = (count: number): readonly Job[] =>
  Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    needs: index === 0 ? [] : [nameOf(index - 1)],
  }))

/** One, then all the others at once, then one that needs them all. */
export const fan = (count: number): readonly Job[] => {
  const names = Array.from({ length: count }, (_, index) => nameOf(index))
  const [first = ''] = names
  const last = names.at(-1) ?? ''
  return names.map((name) => ({
    name,
    needs: name === first ? [] : name === last ? names.slice(1, -1) : [first],
  }))
}

/** A repository with files in it, committed. */
export type Project = { readonly directory: string; readonly remove: () => void }

/** Makes a repository; files by their path in it. */
export const makeProject = (files: Readonly<Record<string, string>>): Project => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-bench-pipeline-')))
  const directory = join(root, 'project')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const git = (...words: string[]): void => void execFileSync('git', words, { cwd: directory, stdio: 'ignore' })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.invalid', 'commit', '--quiet', '--message', 'all')
  return { directory, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** The jobs as a config of Sluice. */
export const configOf = (jobs: readonly Job[], isolation: 'auto' | 'none'): object => {
  const byName = Object.fromEntries(jobs.map(({ name, needs }) => [name, { needs, steps: 'true' }]))
  return { service: 'bench', pipeline: { parallel: parallelMax, isolation, jobs: byName } }
}

/** The jobs as a project of Sluice. */
export const sluiceProject = (jobs: readonly Job[], isolation: 'auto' | 'none'): Project =>
  makeProject({
    'sluice.config.ts': `export default ${JSON.stringify(configOf(jobs, isolation))}\n`,
    'package.json': JSON.stringify({ name: 'bench', version: '1.0.0', type: 'module' }),
    '.gitignore': '.sluice\n',
  })
