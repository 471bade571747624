/** Which jobs of a workflow can come to run at all: what only the others would need is nothing that this machine has to have. */
import { data } from '@actions/expressions'
import type { FunctionDefinition } from '@actions/expressions/funcs/info'
import type { JsonValue, LoweringNote } from '../../../core/pipeline/job-plan.ts'
import type { Fields } from './definition.ts'
import { conditionOf, evaluate, isMapping, truthy, type Scope } from './expressions.ts'
import { isKnown } from './job-fields.ts'
import { needsOf } from './plan-jobs.ts'

/**
 * Whether a job, by its id, can run: it is asked for (`only`: names of jobs, of their legs or of jobs that they call; null for all) or needed by one that is, and its condition is not false whatever
 * comes of the jobs before it.
 */
export const reachOf = (jobs: Fields, only: readonly string[] | null, scope: Scope): ((id: string) => boolean) => {
  const ids = Object.keys(jobs)
  const asked = new Set<string>()
  const take = (id: string): void => {
    if (asked.has(id)) return
    asked.add(id)
    const job = jobs[id]
    for (const need of isMapping(job) ? needsOf(job) : [])
      for (const other of ids) if (other.toLowerCase() === need.toLowerCase()) take(other)
  }
  for (const id of ids)
    if (only === null || only.some((name) => name === id || name.startsWith(`${id} (`) || name.startsWith(`${id} / `)))
      take(id)
  return (id) => asked.has(id) && !neverHolds(conditionIn(jobs[id]), scope)
}

/** Whether a note is about what a job that does not run would ask of this machine. */
export const isOfOthers = ({ key }: LoweringNote, isReached: (id: string) => boolean): boolean => {
  const [, id] = /^jobs\.([^.]+)\.(?:runs-on|container|services\b.*)$/.exec(key) ?? []
  return id !== undefined && !isReached(id)
}

const conditionIn = (job: JsonValue | undefined): JsonValue | undefined => (isMapping(job) ? job['if'] : undefined)

const neverHolds = (condition: JsonValue | undefined, { contexts }: Scope): boolean => {
  if (condition === undefined) return false
  try {
    const expression = conditionOf(condition)
    return endings.every((ending) => {
      const scope = { contexts, functions: functionsAt(ending) }
      return isKnown(`\${{ ${expression} }}`, scope) && !truthy(evaluate(expression, scope))
    })
  } catch {
    // What is wrong with it is told where it is checked.
    return false
  }
}

/** What the jobs before one may have come to. */
const endings = ['success', 'failure', 'cancelled'] as const

const functionsAt = (ending: (typeof endings)[number]): readonly FunctionDefinition[] =>
  (['always', ...endings] as const).map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 255,
    call: () => new data.BooleanData(name === 'always' || name === ending),
  }))
