/** Legs out of the output of an earlier job: a JSON list of texts, or of objects of variables. */
import { limits } from '../limits.ts'
import type { JobCondition, JobPlan, JsonValue, Texts } from './job-plan.ts'
import { legName, twiceIn } from './matrix.ts'
import type { NeedOutcome } from './types.ts'

/** Where a job's legs come from; what its plan keeps as `definition`. */
export type FanOut = { readonly job: string; readonly output: string; readonly as: string }

type Definition = { readonly from: FanOut; readonly if: JobCondition }

/** Parser of what `lowerJob` put into the definition of a job whose legs come from an output; null for any other. */
const definitionOf = ({ dialect, definition }: JobPlan): Definition | null =>
  dialect === 'sluice' && definition !== null && typeof definition === 'object' && 'from' in definition
    ? (definition as Definition)
    : null

/** Where a job's legs come from; null where not from an output. */
export const fanOutOf = (job: JobPlan): FanOut | null => definitionOf(job)?.from ?? null

/** When a job starts. That of one whose legs come from an output is in its definition: `resolve` only says that its legs are to be found out once it does. */
export const conditionOf = (job: JobPlan): JobCondition => definitionOf(job)?.if ?? job.condition

/** The legs, or what is wrong with the list. An empty list gives no legs. */
export type FannedOut =
  | { readonly kind: 'legs'; readonly legs: readonly JobPlan[] }
  | { readonly kind: 'invalid'; readonly detail: string }

/** Makes the legs of a job from the outcomes of its needs. */
export const fanOut = (job: JobPlan, from: FanOut, needs: readonly NeedOutcome[]): FannedOut => {
  const text = needs.find(({ name }) => name === from.job)?.outputs[from.output]
  const where = `output ${from.output} of job ${from.job}`
  if (text === undefined) return { kind: 'invalid', detail: `${where} was not set` }
  const list = parseList(text)
  if (list === null)
    return { kind: 'invalid', detail: `${where} is no JSON list: ${text.slice(0, limits.evidenceLineMax)}` }
  if (list.length > limits.matrixLegsMax)
    return {
      kind: 'invalid',
      detail: `${where} has ${list.length} entries; a matrix has at most ${limits.matrixLegsMax}`,
    }
  const combinations = list.map((entry) => valuesOf(entry, from.as))
  const bad = combinations.indexOf(null)
  if (bad >= 0) return { kind: 'invalid', detail: `entry ${bad} of ${where} is neither a text nor an object of texts` }
  const legs = combinations.flatMap((values) => (values === null ? [] : [legOf(job, values)]))
  const twice =
    twiceIn(legs.map(({ name }) => name)) ?? twiceIn(legs.flatMap(({ artifacts }) => artifacts.map(({ name }) => name)))
  if (twice !== null) return { kind: 'invalid', detail: `${where} makes ${twice} more than once` }
  return { kind: 'legs', legs }
}

/** One leg of a job: the job with the values of a combination in its environment. */
export const legOf = (job: JobPlan, values: Texts): JobPlan => ({
  ...job,
  name: legName(job.name, Object.values(values)),
  partOf: job.name,
  definition: null,
  condition: 'success',
  concurrency: null,
  manual: null,
  delayMs: 0,
  env: { ...job.env, ...values },
  artifacts: job.artifacts.map((one) => ({
    ...one,
    name: `${one.name}-${Object.values(values).join('-')}`.replaceAll(/[^\w.-]+/g, '-'),
  })),
})

const parseList = (text: string): readonly JsonValue[] | null => {
  try {
    const value: JsonValue = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const valuesOf = (entry: JsonValue, as: string): Texts | null => {
  const text = textOf(entry)
  if (text !== null) return { [as]: text }
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return null
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(entry)) {
    const one = textOf(value)
    if (one === null) return null
    values[name] = one
  }
  return values
}

const textOf = (value: JsonValue): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
