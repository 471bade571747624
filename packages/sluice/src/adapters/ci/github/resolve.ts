/** What becomes of a job once everything before it is settled: its condition, its matrix, the workflow that it calls. */
import type { JobPlan, JsonValue, LoweringNote, Texts } from '../../../core/pipeline/job-plan.ts'
import type { Need, Resolution, ResolveRequest } from '../../../ports/dialect.ts'
import { definitionOf, type Call, type CalledWorkflow, type Fields, type GithubDefinition } from './definition.ts'
import { conditionOf, evaluateCondition, evaluateValue, isMapping, textOf, type Scope } from './expressions.ts'
import { typedInputs } from './inputs.ts'
import { fillJob, withDefinition, type JobPlace } from './job-fields.ts'
import { jobContexts, statusFunctions, type Moment } from './job-scope.ts'
import { expandMatrix, type Expansion } from './matrix.ts'
import { isOfOthers, reachOf } from './reach.ts'
import { planJobs, planLegs, problemNote, type Planned } from './plan-jobs.ts'

/** Decides on a job of this dialect; see the port. Never throws for what a document says. */
export const resolveJob = (request: ResolveRequest, moment: Omit<Moment, 'needs'>): Resolution => {
  const definition = definitionOf(request.job)
  try {
    return decide(request, definition, { ...moment, needs: request.needs })
  } catch (error) {
    return { kind: 'invalid', notes: [problemNote(definition, error)] }
  }
}

const decide = (request: ResolveRequest, definition: GithubDefinition, moment: Moment): Resolution => {
  const { job, ancestors, isCancelled } = request
  const scope: Scope = {
    contexts: jobContexts(definition, moment),
    functions: statusFunctions(ancestors, isCancelled, definition.call?.prefix ?? ''),
  }
  if (!definition.isAdmitted && !evaluateCondition(definition.job['if'], scope))
    return { kind: 'skip', because: skipReason(definition.job['if'], ancestors) }
  const expansion = definition.leg === null ? expansionOf(definition.job, scope) : null
  if (expansion?.kind === 'invalid') return invalid(definition, expansion.message)
  const admitted = { ...definition, isAdmitted: true }
  if (expansion !== null)
    return legsOf(planLegs(admitted, expansion.legs, { place: admittedPlace(job, request), scope }))
  if (definition.called !== null) return callOf(job, { definition, called: definition.called, scope })
  return fillNow(job, admitted, scope)
}

const fillNow = (job: JobPlan, definition: GithubDefinition, scope: Scope): Resolution => {
  const { name, needs, partOf, condition } = job
  const filled = fillJob(definition, { name, needs, partOf, condition }, scope)
  const errors = filled.notes.filter(({ level }) => level === 'error')
  if (errors.length > 0) return { kind: 'invalid', notes: errors }
  if (filled.placement.kind === 'skip') return { kind: 'skip', because: filled.placement.because }
  return { kind: 'run', job: withDefinition(filled.job, { isAdmitted: true }) }
}

/** Legs have been admitted with the whole; each runs whatever came before. */
const admittedPlace = (job: JobPlan, { isCancelled }: ResolveRequest): JobPlace => ({
  name: job.name,
  needs: job.needs,
  partOf: job.name,
  condition: isCancelled || /\balways\s*\(/i.test(textOf(definitionOf(job).job['if'] ?? null)) ? 'always' : 'settled',
})

const legsOf = ({ jobs, notes }: Planned): Resolution => {
  const errors = notes.filter(({ level }) => level === 'error')
  if (errors.length > 0) return { kind: 'invalid', notes: errors }
  return { kind: 'legs', legs: jobs, outputs: 'merged' }
}

const expansionOf = (job: Fields, scope: Scope): Expansion | null => {
  const written = job['strategy']
  if (written === undefined) return null
  const strategy = evaluateValue(written, scope)
  const matrix = isMapping(strategy) ? strategy['matrix'] : undefined
  return matrix === undefined ? null : expandMatrix(matrix)
}

type Calling = { readonly definition: GithubDefinition; readonly called: CalledWorkflow; readonly scope: Scope }

const callOf = (job: JobPlan, { definition, called, scope }: Calling): Resolution => {
  const given = evaluateValue(definition.job['with'] ?? {}, scope)
  const declared = evaluateValue(called.interface['inputs'] ?? {}, scope)
  const { values, problems } = typedInputs(declared, isMapping(given) ? given : {})
  if (problems.length > 0) return invalid(definition, problems.map(({ message }) => message).join(' '))
  const call: Call = {
    prefix: `${job.name} / `,
    secrets: secretsOf(definition.job['secrets']),
    contexts: Object.fromEntries(Object.entries(scope.contexts)),
    above: definition.call,
  }
  const { event, rules, vars, top } = definition
  const { part, jobs, lines, calls } = called
  const planned = planJobs({
    event,
    rules,
    vars,
    top,
    part,
    inputs: values,
    call,
    jobs,
    lines,
    calls,
    partOf: job.name,
  })
  const { github = null } = scope.contexts
  const isReached = reachOf(jobs, null, { contexts: { github, vars, inputs: values }, functions: [] })
  const errors = planned.notes.filter((one) => one.level === 'error' && !isOfOthers(one, isReached))
  if (errors.length > 0) return { kind: 'invalid', notes: errors }
  return {
    kind: 'legs',
    legs: planned.jobs,
    outputs: { outputs: called.interface['outputs'] ?? {}, prefix: call.prefix, inputs: values },
  }
}

/** What a call hands on: everything, or texts by name, which are evaluated inside, so that no value of a secret gets into a plan. */
const secretsOf = (written: JsonValue | undefined): Call['secrets'] => {
  if (written === 'inherit') return 'inherit'
  return Object.fromEntries(
    Object.entries(isMapping(written) ? written : {}).map(([name, value]) => [name, textOf(value)]),
  )
}

/** Outputs of a called workflow, evaluated over the jobs inside. `outputs` is what the resolution of the call gave. */
export const callOutputs = (
  job: JobPlan,
  request: { readonly legs: readonly Need[]; readonly outputs: JsonValue },
  moment: Omit<Moment, 'needs'>,
): Texts => {
  const { outputs, legs } = request
  if (!isMapping(outputs)) return {}
  const definition = definitionOf(job)
  const prefix = textOf(outputs['prefix'] ?? null)
  const jobs = Object.fromEntries(
    legs.map(({ name, result, outputs: own }) => [
      name.startsWith(prefix) ? name.slice(prefix.length) : name,
      { result, outputs: own },
    ]),
  )
  const contexts = { ...jobContexts(definition, { ...moment, needs: [] }), inputs: outputs['inputs'] ?? {}, jobs }
  const declared = outputs['outputs']
  return Object.fromEntries(
    Object.entries(isMapping(declared) ? declared : {}).map(([name, one]) => [
      name,
      textOf(evaluateValue(isMapping(one) ? (one['value'] ?? '') : '', { contexts, functions: [] })),
    ]),
  )
}

const invalid = (definition: GithubDefinition, message: string): Resolution => {
  const notes: readonly LoweringNote[] = [problemNote(definition, message)]
  return { kind: 'invalid', notes }
}

const skipReason = (condition: JsonValue | undefined, ancestors: readonly Need[]): string => {
  const bad = ancestors.filter(({ result }) => result !== 'success')
  const expression = conditionOf(condition)
  if (expression === 'success()' || (bad.length > 0 && expression.startsWith('success() && (')))
    return bad.map(({ name, result }) => `${name} ${verbs[result]}`).join(', ')
  if (expression === 'failure()') return 'nothing before it failed'
  return `its condition is false: ${textOf(condition ?? null)}`
}

const verbs: Readonly<Record<Need['result'], string>> = {
  success: 'succeeded',
  failure: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
}
