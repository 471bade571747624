/** Where the jobs of a called workflow run, as far as it says so itself: what this machine is not is told before the run, though such jobs are planned only within it. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import { entriesOf } from './check-meaning.ts'
import type { RunnerRules } from './definition.ts'
import { hasExpression, isMapping } from './expressions.ts'
import { containerProblem, placementOf } from './runners.ts'
import { child, toJson, type Tree } from './tree.ts'
import { note, type Checking } from './validate.ts'

type Places = { readonly rules: RunnerRules; readonly isReached: (id: string) => boolean }

/** Adds an error for each job that can come to run and asks for another system, or for a container. */
export const checkPlaces = (checking: Checking, tree: Tree, { rules, isReached }: Places): void => {
  for (const { key: id, value: job } of entriesOf(child(tree, 'jobs'))) {
    if (!isReached(id)) continue
    const say = (key: string, message: string): void =>
      note(checking, 'error', { key: `jobs.${id}.${key}`, message, place: child(job, key)?.place ?? null })
    const told = new Set<string>()
    for (const runsOn of runnersOf(toJson(job))) {
      const placement = placementOf(runsOn, rules)
      if (placement.kind === 'refuse') told.add(placement.because)
    }
    for (const because of told) say('runs-on', because)
    const container = child(job, 'container')
    const problem = container === null ? null : containerProblem(plain(toJson(container)), rules)
    if (problem !== null) say('container', problem)
  }
}

/** What `runs-on` comes to: as it stands, or by a key of the matrix that stands there. */
const runnersOf = (job: JsonValue): readonly JsonValue[] => {
  const runsOn = isMapping(job) ? (job['runs-on'] ?? null) : null
  if (!isMapping(job) || !JSON.stringify(runsOn).includes('${{')) return [runsOn]
  const [, key] = /^\$\{\{\s*matrix\.([\w-]+)\s*\}\}$/.exec(typeof runsOn === 'string' ? runsOn.trim() : '') ?? []
  const strategy = job['strategy']
  const matrix = isMapping(strategy) ? strategy['matrix'] : undefined
  if (key === undefined || !isMapping(matrix)) return []
  const includes = Array.isArray(matrix['include']) ? matrix['include'] : []
  return [matrix[key] ?? [], ...includes.map((one: JsonValue) => (isMapping(one) ? (one[key] ?? []) : []))]
    .flatMap((values) => (Array.isArray(values) ? values : [values]))
    .filter((value) => !JSON.stringify(value).includes('${{'))
}

const plain = (container: JsonValue): JsonValue => {
  const image = isMapping(container) ? (container['image'] ?? '') : container
  return typeof image === 'string' && !hasExpression(image) ? image : ''
}
