/** From the jobs of a workflow (the one that was started, or one that is called) to plans. */
import type {
  ConcurrencyPlan,
  JobCondition,
  JobPlan,
  JsonValue,
  LoweringNote,
} from '../../../core/pipeline/job-plan.ts'
import type { CalledWorkflow, Fields, GithubDefinition, Leg, WorkflowPart } from './definition.ts'
import { conditionOf, evaluateValue, isMapping, textOf, type Scope } from './expressions.ts'
import { concurrencyOf, fillJob, groupJob, isKnown, strategyLimits, type JobPlace } from './job-fields.ts'
import { jobContexts } from './job-scope.ts'
import { expandMatrix, legLabel, type Expansion } from './matrix.ts'

/** A workflow and what it is planned for. */
export type Planning = Pick<GithubDefinition, 'event' | 'rules' | 'vars' | 'top' | 'inputs' | 'part' | 'call'> & {
  readonly jobs: Fields
  /** Lines of the jobs, of their steps and fields; see `linesOf`. */
  readonly lines: Readonly<Record<string, number>>
  readonly calls: Readonly<Record<string, CalledWorkflow>>
  /** The job that called; null for the workflow that was started. */
  readonly partOf: string | null
}

/** The plans, and what is to be said about them. */
export type Planned = { readonly jobs: readonly JobPlan[]; readonly notes: readonly LoweringNote[] }

/**
 * Plans every job. Matrices and conditions that are known already are decided now (a group and its legs); whatever depends on jobs before it has the
 * condition `resolve`, and is decided then.
 */
export const planJobs = (planning: Planning): Planned => {
  const notes: LoweringNote[] = []
  const afterSkippable = behindSkippable(planning.jobs)
  const jobs = Object.entries(planning.jobs).flatMap(([id, body]) => {
    if (!isMapping(body)) return []
    const definition = definitionFor(planning, id, body)
    const place = placeOf(planning, definition, afterSkippable)
    try {
      const planned = planJob(definition, place)
      notes.push(...planned.notes)
      return planned.jobs
    } catch (error) {
      notes.push(problemNote(definition, error))
      return []
    }
  })
  return { jobs, notes: notes.map((one) => ({ ...one, line: lineOf(one, planning.lines) })) }
}

/** The line of the field that a note is about, which is nearer than that of its job. */
const lineOf = ({ key, line }: LoweringNote, lines: Planning['lines']): number | null => {
  const [, id = '', field = ''] = /^jobs\.([^.]+)\.([\w-]+)/.exec(key) ?? []
  return lines[`${id}:${field}`] ?? line
}

/** A job that is not a leg of a matrix or the call of a workflow, or one leg. Adds to the notes; `resolve` where something must wait. */
const planOne = (definition: GithubDefinition, place: JobPlace, scope: Scope): Planned => {
  if (definition.called !== null) {
    const { concurrency, notes } = callConcurrency(definition, scope)
    const group = groupJob(definition, { ...place, condition: 'resolve' }, scope)
    return { jobs: [{ ...group, concurrency }], notes }
  }
  const { job, isComplete, placement, notes } = fillJob(definition, place, scope)
  const condition = isComplete && placement.kind !== 'skip' ? job.condition : 'resolve'
  return { jobs: [{ ...job, condition }], notes }
}

/** The legs of a matrix as plans, named as GitHub names them. */
export const planLegs = (
  definition: GithubDefinition,
  legs: readonly Leg[],
  { place, scope }: { readonly place: JobPlace; readonly scope: Scope },
): Planned => {
  const limits = strategyLimits(definition.job, scope)
  const seen = new Map<string, number>()
  const planned = legs.map((leg) => {
    const label = `${place.name} (${legLabel(leg.matrix)})`
    const count = (seen.get(label) ?? 0) + 1
    seen.set(label, count)
    const own = { ...definition, leg: { ...leg, limits } }
    const name = count === 1 ? label : `${label} #${count}`
    return planOne(own, { ...place, name, partOf: place.name }, staticScope(own))
  })
  const notes = planned.flatMap((one) => one.notes)
  // Each leg says the same of what they have in common.
  const told = new Map(notes.map((one) => [`${one.key} ${one.message}`, one]))
  return { jobs: planned.flatMap(({ jobs }) => jobs), notes: [...told.values()] }
}

/** The matrix of a job, evaluated and expanded; null where it has none or it cannot be known yet. */
const matrixOf = (job: Fields, scope: Scope): Expansion | null => {
  const strategy = job['strategy']
  if (strategy === undefined || !isKnown(strategy, scope)) return null
  const evaluated = evaluateValue(strategy, scope)
  const matrix = isMapping(evaluated) ? evaluated['matrix'] : undefined
  return matrix === undefined ? null : expandMatrix(matrix)
}

/** What expressions may use before anything has run. */
export const staticScope = (definition: GithubDefinition): Scope => {
  const contexts = jobContexts(definition, { run: null, commit: null, token: '', needs: null })
  return { contexts, functions: [] }
}

/** A note about a job that something is wrong with. */
export const problemNote = ({ part, id, line }: GithubDefinition, error: unknown): LoweringNote => ({
  level: 'error',
  key: `jobs.${id}`,
  message: error instanceof Error ? error.message : String(error),
  file: part.file,
  line,
  column: null,
})

/** The group of a job that calls: its own, else that of what it calls, as far as it is known before the jobs that it waits for. */
const callConcurrency = (
  definition: GithubDefinition,
  scope: Scope,
): { readonly concurrency: ConcurrencyPlan | null; readonly notes: readonly LoweringNote[] } => {
  const { job, called, part, line } = definition
  const own = job['concurrency'] ?? null
  const inside = called?.part.concurrency ?? null
  const { github = null, vars = null } = scope.contexts
  const isOwnKnown = isKnown(own, scope)
  const known =
    own !== null
      ? { value: own, isKnown: isOwnKnown, scope }
      : { value: inside, isKnown: isKnown(inside, { contexts: { github, vars }, functions: [] }), scope }
  const left = own !== null && inside !== null ? 'that of the workflow which it calls' : 'it'
  const isLeftOut = !known.isKnown || (own !== null && inside !== null)
  const warning: LoweringNote = {
    level: 'warning',
    key: `jobs.${definition.id}.concurrency`,
    message: `a job that calls a workflow waits for one group, which is known before it begins: ${left} is left out`,
    file: part.file,
    line,
    column: null,
  }
  return {
    concurrency: known.isKnown ? concurrencyOf(evaluateValue(known.value, known.scope)) : null,
    notes: isLeftOut ? [warning] : [],
  }
}

const planJob = (definition: GithubDefinition, place: JobPlace): Planned => {
  const scope = staticScope(definition)
  const hasMatrix = isMapping(definition.job['strategy'])
    ? definition.job['strategy']['matrix'] !== undefined
    : definition.job['strategy'] !== undefined
  if (!hasMatrix) return planOne(definition, place, scope)
  const expansion = place.condition === 'resolve' ? null : matrixOf(definition.job, scope)
  if (expansion === null) {
    // The matrix is looked at now all the same where it can be, so that what is wrong with it is told before the run.
    const early = matrixOf(definition.job, scope)
    const notes = early?.kind === 'invalid' ? [problemNote(definition, early.message)] : []
    const legs = early?.kind === 'legs' ? planLegs(definition, early.legs, { place, scope }).notes : []
    return { jobs: [groupJob(definition, { ...place, condition: 'resolve' }, scope)], notes: [...notes, ...legs] }
  }
  if (expansion.kind === 'invalid') return { jobs: [], notes: [problemNote(definition, expansion.message)] }
  const legs = planLegs(definition, expansion.legs, { place, scope })
  return { jobs: [groupJob(definition, place, scope), ...legs.jobs], notes: legs.notes }
}

const definitionFor = (planning: Planning, id: string, job: Fields): GithubDefinition => {
  const { event, rules, vars, top, part, inputs, call, lines, calls } = planning
  const uses = job['uses']
  const steps = Array.isArray(job['steps']) ? job['steps'] : []
  return {
    event,
    rules,
    vars,
    top,
    part,
    inputs,
    id,
    job,
    line: lines[id] ?? null,
    lines: steps.map((_, index) => lines[`${id}.${index}`] ?? 0),
    title: textOf(job['name'] ?? id),
    leg: null,
    isAdmitted: false,
    call,
    called: typeof uses === 'string' ? (calls[uses] ?? null) : null,
  }
}

const placeOf = (
  planning: Planning,
  { id, job, call }: GithubDefinition,
  afterSkippable: ReadonlySet<string>,
): JobPlace => {
  const prefix = call?.prefix ?? ''
  const ids = Object.keys(planning.jobs)
  const needs = needsOf(job).map((need) => ids.find((one) => one.toLowerCase() === need.toLowerCase()) ?? need)
  return {
    name: `${prefix}${id}`,
    needs: needs.map((need) => `${prefix}${need}`),
    partOf: planning.partOf,
    condition: conditionFor(job['if'], afterSkippable.has(id)),
  }
}

/** Ids that a job needs. */
export const needsOf = (job: Fields): readonly string[] => {
  const needs = job['needs']
  if (needs === undefined || needs === null) return []
  return Array.isArray(needs) ? needs.map(textOf) : [textOf(needs)]
}

/**
 * A condition that the scheduler can decide by itself; `failure()` it cannot, because on GitHub a job that took too long has not failed. On GitHub a job that was skipped by its own condition keeps those after it from running (`success()` is false), which
 * is not what Sluice's own `success` means; so that one is left to the scheduler only where nothing before the job can be skipped.
 */
const conditionFor = (written: JsonValue | undefined, isAfterSkippable: boolean): JobCondition => {
  const expression = conditionOf(written).replaceAll(/\s+/g, '').toLowerCase()
  if (expression === 'always()') return 'always'
  if (expression === '!cancelled()') return 'settled'
  return expression === 'success()' && !isAfterSkippable ? 'success' : 'resolve'
}

/** Jobs behind one that may be skipped though nothing failed: one with a condition of its own, or a call, which hands on what happens inside. */
const behindSkippable = (jobs: Fields): ReadonlySet<string> => {
  const known = new Map<string, boolean>()
  const isBehind = (id: string): boolean => {
    const before = known.get(id)
    if (before !== undefined) return before
    known.set(id, false)
    const job = jobs[id]
    const found = (isMapping(job) ? needsOf(job) : []).some((need) => maySkip(jobs[need]) || isBehind(need))
    known.set(id, found)
    return found
  }
  return new Set(Object.keys(jobs).filter(isBehind))
}

const maySkip = (job: JsonValue | undefined): boolean =>
  isMapping(job) && (job['if'] !== undefined || job['uses'] !== undefined)

/** A part of a workflow as every job of it knows it. */
export const partOf = (file: string, body: Fields): WorkflowPart => {
  const defaults = body['defaults']
  const run = isMapping(defaults) ? defaults['run'] : null
  return {
    file,
    name: textOf(body['name'] ?? file) || file,
    env: body['env'] ?? {},
    defaults: isMapping(run) ? run : {},
    permissions: body['permissions'] ?? null,
    concurrency: body['concurrency'] ?? null,
  }
}
