/** The fields of a job that the plan knows (limits, services, environment, concurrency …), read from the job as written, as soon as its expressions can be evaluated. */
import type { ConcurrencyPlan, JobPlan, JsonValue, LoweringNote, PlannedStep } from '../../../core/pipeline/job-plan.ts'
import { plainJob, plainStep } from '../../../core/pipeline/plain-plans.ts'
import { limits } from '../../../core/limits.ts'
import { controlOf, flatSteps } from './control-steps.ts'
import { definitionOf, storedDefinition, type Fields, type GithubDefinition } from './definition.ts'
import {
  evaluateValue,
  hasExpression,
  isMapping,
  parseExpression,
  piecesOf,
  textOf,
  usedBy,
  type Scope,
} from './expressions.ts'
import { containerProblem, placementOf, skippedCall, type Placement } from './runners.ts'
import { secretNames } from './secret-names.ts'
import { servicesOf } from './services.ts'

/** Names and needs of a job in its run. */
export type JobPlace = Pick<JobPlan, 'name' | 'needs' | 'partOf' | 'condition'>

/** What became of the fields: the plan, whether some must wait for what runs before, where the job runs, and what is to be said. */
export type Filled = {
  readonly job: JobPlan
  readonly isComplete: boolean
  readonly placement: Placement
  readonly notes: readonly LoweringNote[]
}

/**
 * Fills a plan from the job as written. What refers to a context that `scope` does not have stays as a plan without it, and `isComplete` is false.
 * `ExpressionProblem` where an expression cannot be evaluated.
 */
export const fillJob = (definition: GithubDefinition, place: JobPlace, scope: Scope): Filled => {
  const { job, part, rules, line, id } = definition
  const notes: LoweringNote[] = []
  const say = (level: LoweringNote['level'], key: string, message: string): void => {
    notes.push({ level, key: `jobs.${id}.${key}`, message, file: part.file, line, column: null })
  }
  let isComplete = true
  const read = (value: JsonValue | undefined, otherwise: JsonValue): JsonValue => {
    if (value === undefined) return otherwise
    if (isKnown(value, scope)) return evaluateValue(value, scope)
    isComplete = false
    return otherwise
  }
  const placement = skippedCall(job['uses'], rules) ?? placementOf(read(job['runs-on'], ''), rules)
  if (placement.kind === 'here' && placement.remark !== null) say('warning', 'runs-on', placement.remark)
  if (placement.kind === 'refuse') say('error', 'runs-on', placement.because)
  const inContainer = containerProblem(read(job['container'], null), rules)
  if (inContainer !== null) say('error', 'container', inContainer)
  const { services, remarks } = servicesOf(read(job['services'], {}))
  for (const { key, message } of remarks) say('warning', `services.${key}`, message)
  const title = textOf(read(job['name'], id))
  const filled: JobPlan = {
    ...plainJob(place.name),
    ...place,
    dialect: 'github',
    definition: storedDefinition({ ...definition, title: title === '' ? id : title }),
    steps: stepsOf(job['steps']),
    secrets: secretNames([job, part.env], definition.call),
    environment: environmentOf(job['environment'], read),
    services,
    timeoutMs: timeoutOf(read(job['timeout-minutes'], defaultTimeoutMinutes)),
    mayFail: textOf(read(job['continue-on-error'], false)) === 'true' ? { exitCodes: [] } : null,
    concurrency: concurrencyOf(read(job['concurrency'], null)),
  }
  return { job: filled, isComplete, placement, notes }
}

/** A plan of this dialect with nothing in it: what legs and called jobs are part of. `scope` is what its limits are evaluated in, where they can be. */
export const groupJob = (definition: GithubDefinition, place: JobPlace, scope: Scope): JobPlan => {
  const fields = strategyLimits(definition.job, scope)
  const most = fields['max-parallel']
  return {
    ...plainJob(place.name),
    ...place,
    dialect: 'github',
    timeoutMs: defaultTimeoutMinutes * 60_000,
    definition: storedDefinition(definition),
    failFast: fields['fail-fast'] !== false,
    maxParallel: typeof most === 'number' && most >= 1 ? Math.floor(most) : null,
  }
}

/** `fail-fast` and `max-parallel` of a job, evaluated; nothing where they cannot be yet. */
export const strategyLimits = (job: Fields, scope: Scope): Fields => {
  const written = job['strategy']
  if (!isMapping(written)) return {}
  const { matrix: _matrix, ...rest } = written
  const evaluated = isKnown(rest, scope) ? evaluateValue(rest, scope) : {}
  return isMapping(evaluated) ? evaluated : {}
}

/** A group of one job's workflow, queued, replaced or cancelled as `concurrency` says; null for none. Source: docs.github.com, "Concurrency", read 2026-08. */
export const concurrencyOf = (value: JsonValue): ConcurrencyPlan | null => {
  const fields: Fields = isMapping(value) ? value : { group: value }
  // Upper and lower case are one.
  const group = textOf(fields['group'] ?? null).toLowerCase()
  if (group === '') return null
  const cancels = fields['cancel-in-progress']
  if (cancels === true || cancels === 'true') return { group, onConflict: 'cancel_running' }
  return { group, onConflict: fields['queue'] === 'max' ? 'queue' : 'replace_waiting' }
}

/** Whether everything that a value refers to is there to be evaluated. */
export const isKnown = (value: JsonValue, scope: Scope): boolean => {
  if (typeof value === 'string')
    return (
      !hasExpression(value) || piecesOf(value).every(({ kind, text }) => kind === 'text' || isEvaluable(text, scope))
    )
  if (Array.isArray(value)) return value.every((item: JsonValue) => isKnown(item, scope))
  return isMapping(value)
    ? Object.entries(value).every(([key, inner]) => isKnown(key, scope) && isKnown(inner, scope))
    : true
}

/** The definition of a job with its leg or its admission changed. */
export const withDefinition = (job: JobPlan, change: Partial<GithubDefinition>): JobPlan => ({
  ...job,
  definition: storedDefinition({ ...definitionOf(job), ...change }),
})

const isEvaluable = (expression: string, scope: Scope): boolean => {
  if (expression.trim() === 'insert') return true
  // What a run is called is known only once it is there.
  if (/github\s*\.\s*run_/i.test(expression)) return 'needs' in scope.contexts
  const used = usedBy(parseExpression(expression, everything))
  return [...used].every(
    (name) =>
      name in scope.contexts ||
      builtIn.has(name) ||
      scope.functions.some((one) => `${one.name.toLowerCase()}()` === name),
  )
}

const everything =
  'github env vars job jobs steps runner secrets strategy matrix needs inputs always(0,0) success(0,MAX) failure(0,MAX) cancelled(0,0) hashFiles(1,255)'.split(
    ' ',
  )

const builtIn: ReadonlySet<string> = new Set(
  ['contains', 'endswith', 'format', 'join', 'startswith', 'tojson', 'fromjson', 'case'].map((name) => `${name}()`),
)

/** What GitHub gives a job that says nothing, minutes. */
const defaultTimeoutMinutes = 360

const timeoutOf = (minutes: JsonValue): number => {
  const number = Number(minutes)
  return Math.min(
    Number.isFinite(number) && number > 0 ? number * 60_000 : defaultTimeoutMinutes * 60_000,
    limits.durationMsMax,
  )
}

const environmentOf = (
  value: JsonValue | undefined,
  read: (value: JsonValue | undefined, otherwise: JsonValue) => JsonValue,
): JobPlan['environment'] => {
  if (!isMapping(value)) {
    const name = textOf(read(value, null))
    return name === '' ? null : { name, url: null }
  }
  const name = textOf(read(value['name'], null))
  const url = value['url']
  // An address may come out of a step; then it is told when the job has run.
  const isPlain = typeof url === 'string' && !hasExpression(url)
  return name === '' ? null : { name, url: isPlain ? url : null }
}

/** Steps as a plan shows them. What they do is in the definition. */
const stepsOf = (steps: JsonValue | undefined): readonly PlannedStep[] =>
  flatSteps((Array.isArray(steps) ? steps : []).filter(isMapping)).map((step) =>
    plainStep(titleOf(step), typeof step['run'] === 'string' ? step['run'] : '', {
      continueOnError: step['continue-on-error'] === true,
    }),
  )

const titleOf = (step: Fields): string => {
  const control = controlOf(step)
  return control === null || control.kind === 'parallel'
    ? textOf(step['name'] ?? step['uses'] ?? firstLine(step['run']))
    : control.title
}

/** The first line of a script that says something. */
export const firstLine = (script: JsonValue | undefined): string =>
  textOf(script ?? null)
    .trimStart()
    .split(/[\r\n]/, 1)[0] ?? ''
