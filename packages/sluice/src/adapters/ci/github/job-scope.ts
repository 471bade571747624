/** Contexts and status functions of expressions at the level of jobs. */
import type { FunctionDefinition } from '@actions/expressions/funcs/info'
import { data } from '@actions/expressions'
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { Need } from '../../../ports/dialect.ts'
import type { Fields, GithubDefinition } from './definition.ts'
import { isMapping } from './expressions.ts'
import { githubContext, type RunIdentity } from './github-context.ts'
import type { EventCommit } from './payload.ts'

/** What is known at the time. */
export type Moment = {
  readonly run: RunIdentity | null
  readonly commit: EventCommit | null
  readonly token: string
  /** Direct needs; null before they are settled. */
  readonly needs: readonly Need[] | null
}

/** Contexts that a job's own fields may use, as far as they are known: github, inputs, vars, and needs, strategy, matrix where there are any. */
export const jobContexts = (definition: GithubDefinition, moment: Moment): Fields => {
  const { event, top, id, inputs, vars, leg, job } = definition
  return {
    github: githubContext({ ...moment, event, workflow: top, job: id }),
    inputs,
    vars,
    ...(moment.needs === null ? {} : { needs: needsContext(moment.needs, definition) }),
    matrix: leg?.matrix ?? null,
    strategy: strategyContext(job, leg),
  }
}

/** The `needs` context: results and outputs of the direct needs, by job id. */
const needsContext = (needs: readonly Need[], { call }: Pick<GithubDefinition, 'call'>): Fields => {
  const prefix = call?.prefix ?? ''
  return Object.fromEntries(
    needs.map(({ name, result, outputs }) => [
      name.startsWith(prefix) ? name.slice(prefix.length) : name,
      { result, outputs },
    ]),
  )
}

/** Status functions over what came before: `success(…)` and `failure(…)` may name jobs, by their ids, which follow `prefix` in the names. */
export const statusFunctions = (
  before: readonly Need[],
  isCancelled: boolean,
  prefix: string,
): readonly FunctionDefinition[] => {
  const among = (names: readonly data.ExpressionData[]): readonly Need[] => {
    const wanted = names.map((name) => `${prefix}${name.coerceString()}`.toLowerCase())
    return wanted.length === 0 ? before : before.filter(({ name }) => wanted.includes(name.toLowerCase()))
  }
  const yes = (value: boolean): data.BooleanData => new data.BooleanData(value)
  const any = { minArgs: 0, maxArgs: 255 }
  return [
    { name: 'always', minArgs: 0, maxArgs: 0, call: () => yes(true) },
    { name: 'cancelled', minArgs: 0, maxArgs: 0, call: () => yes(isCancelled) },
    {
      name: 'success',
      ...any,
      call: (...names) => yes(!isCancelled && among(names).every(({ result }) => result === 'success')),
    },
    {
      name: 'failure',
      ...any,
      call: (...names) => yes(!isCancelled && among(names).some(({ result }) => result === 'failure')),
    },
  ]
}

const strategyContext = (job: Fields, leg: GithubDefinition['leg']): JsonValue => {
  const written = job['strategy']
  const fields = leg?.limits ?? (isMapping(written) ? written : {})
  const total = leg?.total ?? 1
  return {
    'fail-fast': fields['fail-fast'] ?? true,
    'job-index': leg?.index ?? 0,
    'job-total': total,
    'max-parallel': fields['max-parallel'] ?? total,
  }
}
