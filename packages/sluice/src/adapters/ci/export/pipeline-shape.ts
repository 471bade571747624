/** Jobs as exports and imports see them: without the jobs that only gather, with their scripts taken apart, and with legs that can be one matrix. */
import type { JobPlan, JsonValue, PlannedStep, Texts } from '../../../core/pipeline/job-plan.ts'
import { scriptLines } from '../gitlab/script.ts'

/** A step with its script as it was written. */
export type WrittenStep = Omit<PlannedStep, 'run'> & { readonly lines: readonly string[] }

/** A job as it was written. */
export type WrittenJob = Omit<JobPlan, 'steps'> & {
  readonly steps: readonly WrittenStep[]
  /** Jobs whose artifacts and outputs it takes. */
  readonly takes: readonly string[]
  /** Variables with references (`$NAME`) that only the run fills in. `env` means what it says. */
  readonly late: Texts
}

/** The jobs that do something, in their order; needs of jobs that gather became needs of those that they gather. */
export const writtenJobs = (jobs: readonly JobPlan[]): readonly WrittenJob[] => {
  const plans = new Map(jobs.map((job) => [job.name, job]))
  return jobs
    .filter((job) => !isGather(job, jobs))
    .map((job) => {
      const { needs, takes } = throughGathers(job, plans)
      const needsWithoutArtifacts = needs.filter((name) => !takes.includes(name))
      return written({ ...job, condition: conditionOf(job), needs, needsWithoutArtifacts }, takes)
    })
}

/** `failure()` of a workflow waits for what GitHub means by it; to be written it is `failure`. */
const conditionOf = ({ condition, dialect, definition }: JobPlan): JobPlan['condition'] => {
  if (condition !== 'resolve' || dialect !== 'github' || !isMapping(definition) || !isMapping(definition['job']))
    return condition
  const written = definition['job']['if']
  return /^(?:\$\{\{)?\s*failure\(\)\s*(?:\}\})?$/.test(typeof written === 'string' ? written : '')
    ? 'failure'
    : condition
}

const isMapping = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A job without steps of its own that others are part of, or that says that it gathers. */
const isGather = (job: JobPlan, jobs: readonly JobPlan[]): boolean =>
  job.gathers === true || (job.steps.length === 0 && jobs.some(({ partOf }) => partOf === job.name))

const throughGathers = (
  job: JobPlan,
  plans: ReadonlyMap<string, JobPlan>,
): { readonly needs: readonly string[]; readonly takes: readonly string[] } => {
  const needs = new Set<string>()
  const takes = new Set<string>()
  const seen = new Set<string>()
  const legs = Map.groupBy(plans.values(), ({ partOf }) => partOf)
  const add = (one: JobPlan, isTaking: boolean): void => {
    for (const name of one.needs) {
      const plan = plans.get(name)
      const isTaken = isTaking && !one.needsWithoutArtifacts.includes(name)
      if (plan === undefined || seen.has(`${name} ${isTaken}`)) continue
      seen.add(`${name} ${isTaken}`)
      const members = legs.get(name) ?? []
      if (plan.gathers === true) add(plan, isTaken)
      else if (plan.steps.length === 0 && members.length > 0)
        add({ ...plan, needs: members.map((leg) => leg.name), needsWithoutArtifacts: [] }, isTaken)
      else {
        needs.add(name)
        if (isTaken) takes.add(name)
      }
    }
  }
  add(job, true)
  const order = [...plans.keys()].filter((name) => needs.has(name))
  return { needs: order, takes: order.filter((name) => takes.has(name)) }
}

const written = (job: JobPlan, takes: readonly string[]): WrittenJob => {
  const late: Record<string, string> = {}
  const steps = job.steps.map(({ run, ...step }) => {
    const { head, lines } = scriptLines(run)
    for (const line of head) {
      const variable = lateVariable(line)
      if (variable !== null) late[variable.name] = variable.value
    }
    return { ...step, lines }
  })
  return { ...job, steps, takes, late }
}

/** `export URL="${URL-https://${HOST-}}"` at the head of a script was the variable `URL: https://$HOST`. */
const lateVariable = (line: string): { readonly name: string; readonly value: string } | null => {
  const found = /^export (\w+)="(?:\$\{\1-(.*)\}|(.*))"$/s.exec(line)
  const [, name, overridable, plain] = found ?? []
  const text = overridable ?? plain
  if (name === undefined || text === undefined || machineNames.has(name)) return null
  return { name, value: text.replaceAll(/\$\{(\w+)-\}/g, '$$$1').replaceAll(/\\([\\"$`])/g, '$1') }
}

const machineNames: ReadonlySet<string> = new Set([
  'CI_PROJECT_DIR',
  'CI_BUILDS_DIR',
  'CI_JOB_STARTED_AT',
  'CI_JOB_STATUS',
])

/** Whether a variable is one that GitLab sets by itself. */
export const isPredefined = (name: string): boolean => /^(?:CI|GITLAB)(?:_|$)/.test(name)

/** Legs of one job that differ in their variables only. */
export type MatrixJob = {
  readonly name: string
  /** One leg, for all that they have in common. */
  readonly sample: WrittenJob
  /** Names of the variables that differ; none for legs that only differ in their number. */
  readonly keys: readonly string[]
  readonly legs: readonly { readonly name: string; readonly values: Texts }[]
  /** Of the job that the legs are part of. */
  readonly group: Pick<JobPlan, 'failFast' | 'maxParallel'>
}

/** A job, or legs that can be written as one matrix. */
export type ExportUnit =
  | { readonly kind: 'job'; readonly job: WrittenJob }
  | { readonly kind: 'matrix'; readonly matrix: MatrixJob }

/** Groups the legs of each matrix. Legs that differ in more than their variables, or some of which somebody needs without the others, stay jobs of their own. */
export const exportUnits = (jobs: readonly JobPlan[]): readonly ExportUnit[] => {
  const all = writtenJobs(jobs)
  const plans = new Map(jobs.map((job) => [job.name, job]))
  const groups = Map.groupBy(all, ({ partOf, name }) => partOf ?? name)
  return [...groups].flatMap(([name, legs]): readonly ExportUnit[] => {
    const [first] = legs
    const isWhole = first?.partOf === name && isNeededWhole(legs, all)
    const matrix = isWhole ? matrixOf(name, legs, plans.get(name)) : null
    return matrix === null ? legs.map((job) => ({ kind: 'job', job })) : [{ kind: 'matrix', matrix }]
  })
}

const isNeededWhole = (legs: readonly WrittenJob[], all: readonly WrittenJob[]): boolean => {
  const names = new Set(legs.map(({ name }) => name))
  return all.every(({ needs }) => [0, names.size].includes(needs.filter((need) => names.has(need)).length))
}

const matrixOf = (name: string, legs: readonly WrittenJob[], group: JobPlan | undefined): MatrixJob | null => {
  const [sample] = legs
  if (sample === undefined) return null
  const differing = [...new Set(legs.flatMap(({ env }) => Object.keys(env)))].filter(
    (key) => !isPredefined(key) && new Set(legs.map(({ env }) => env[key])).size > 1,
  )
  const isWhole = legs.every(({ env }) => differing.every((key) => env[key] !== undefined))
  const bodies = new Set(legs.map((leg) => JSON.stringify(commonOf(leg, new Set(differing)))))
  if (!isWhole || bodies.size > 1) return null
  return {
    name,
    sample: { ...sample, services: sharedServices(sample, new Set(differing)) },
    keys: differing,
    legs: legs.map((leg) => ({
      name: leg.name,
      values: Object.fromEntries(differing.map((key) => [key, leg.env[key] ?? ''])),
    })),
    group: { failFast: group?.failFast ?? false, maxParallel: group?.maxParallel ?? null },
  }
}

/** What legs must have in common. Their artifacts are named after them. */
const commonOf = (leg: WrittenJob, differing: ReadonlySet<string>): unknown => {
  const { name, env, artifacts, ...rest } = leg
  return {
    ...rest,
    services: sharedServices(leg, differing),
    env: Object.entries(env).filter(([key]) => !differing.has(key) && !isPredefined(key)),
    artifacts: artifacts.map((one) => ({ ...one, name: one.name.replace(name, '') })),
  }
}

/** Services get the variables of their job as well, those of the matrix too; these come from the job wherever they are needed. */
const sharedServices = ({ services }: WrittenJob, differing: ReadonlySet<string>): WrittenJob['services'] =>
  services.map((service) => ({
    ...service,
    env: Object.fromEntries(Object.entries(service.env).filter(([key]) => !differing.has(key))),
  }))

/** Whether a script of a job writes outputs as Sluice has it: to the file that `$SLUICE_OUTPUT` names. */
export const writesOutputs = ({ steps }: WrittenJob): boolean =>
  steps.some(({ lines }) => lines.some((line) => line.includes('SLUICE_OUTPUT')))

/** Variables that services give a job, with the address that the target has for it. */
export const serviceVariables = ({ services }: WrittenJob, addressOf: (name: string) => string): Texts =>
  Object.fromEntries(
    services.flatMap(({ name, exports, ports }) =>
      Object.entries(exports).map(([key, text]) => [
        key,
        text.replaceAll('{host}', addressOf(name)).replaceAll('{port}', String(ports[0] ?? '')),
      ]),
    ),
  )

/** Names as ids: what is not a letter, a digit, `-` or `_` becomes `-`; two that become the same get numbers. */
export const idsOf = (names: readonly string[]): ReadonlyMap<string, string> => {
  const ids = new Map<string, string>()
  const taken = new Set<string>()
  for (const name of names) {
    const plain = name.replaceAll(/[^\w-]+/g, '-').replaceAll(/^-+|-+$/g, '')
    const base = /^[A-Za-z_]/.test(plain) ? plain : `job-${plain}`
    let id = base
    for (let count = 2; taken.has(id); count += 1) id = `${base}-${count}`
    taken.add(id)
    ids.set(name, id)
  }
  return ids
}

/** A duration in the largest unit that it is a whole number of, spelled as GitLab reads it. */
export const durationText = (ms: number): string => {
  const units = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const
  const [size, unit] = units.find(([one]) => ms % one === 0) ?? [1_000, 'second']
  const count = Math.max(1, Math.ceil(ms / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
