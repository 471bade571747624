/** What a job sees of the state directory, where it has namespaces: what it works with, and neither keys, tokens and secrets nor what other jobs left. */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import type { BuiltinSteps } from '../ports/builtins.ts'
import type { Hidden, Shown } from './isolation/namespace.ts'

/** What a job works with. */
export type HiddenFrom = {
  readonly stateDir: string
  /** The job's own. */
  readonly folder: string
  readonly plan: JobPlan
  readonly files:
    | { readonly kind: 'layers'; readonly lowers: readonly string[] }
    | { readonly kind: 'given' | 'shared'; readonly directory: string }
  /** Whose objects checkouts borrow; null without one. */
  readonly repository: string | null
  readonly builtins: BuiltinSteps | null
}

/** All of the state directory but that. Folders that steps write to are made, so that they can be shown. */
export const hiddenFrom = (from: HiddenFrom): Hidden => {
  const { stateDir, folder, plan, files, repository, builtins } = from
  const state = resolve(stateDir)
  const tools = plan.dialect === 'github' ? [join(state, 'tools')] : []
  const ofSteps = [
    ...tools,
    ...plan.steps.flatMap(({ builtin }) => (builtin === null ? [] : (builtins?.folders(builtin.name) ?? []))),
  ]
  for (const path of ofSteps) mkdirSync(path, { recursive: true, mode: 0o700 })
  const shown = [
    ...[folder, ...ofSteps].map(writable),
    // Nobody but this process writes checkouts: all jobs of a commit work over one.
    ...(files.kind === 'layers'
      ? [join(state, 'checkouts'), ...files.lowers].map(readable)
      : [writable(files.directory)]),
    ...(repository === null ? [] : [writable(resolve(repository))]),
  ]
  const kept: Shown[] = []
  for (const one of shown.toSorted((a, b) => a.path.length - b.path.length)) {
    if (!isBelow(state, one.path)) continue
    if (!kept.some(({ path }) => path === one.path || isBelow(path, one.path))) kept.push(one)
  }
  return { folder: state, shown: kept }
}

const writable = (path: string): Shown => ({ path: resolve(path), access: 'write' })
const readable = (path: string): Shown => ({ path: resolve(path), access: 'read' })

const isBelow = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith('../')
}
