/** Reads an AnalysisTemplate that a YAML parser has read, and says what of it has no meaning here. */
import { z } from 'zod'
import { SluiceError } from '../../errors.ts'
import { parseCondition } from './expression.ts'
import type { ArgoMetric, ArgoTemplate } from './types.ts'

/** A template that was read, and what of it was left behind, a sentence each. */
export type ReadArgo = { readonly template: ArgoTemplate; readonly notes: readonly string[] }

const whole = z.union([z.number().int(), z.string()])

const metricSchema = z.object({
  name: z.string().min(1),
  successCondition: z.string().optional(),
  failureCondition: z.string().optional(),
  interval: z.string().optional(),
  initialDelay: z.string().optional(),
  count: whole.optional(),
  failureLimit: whole.optional(),
  inconclusiveLimit: whole.optional(),
  consecutiveErrorLimit: whole.optional(),
  consecutiveSuccessLimit: whole.optional(),
  provider: z.record(z.string(), z.unknown()).optional(),
})

const templateSchema = z.object({
  kind: z.enum(['AnalysisTemplate', 'ClusterAnalysisTemplate']),
  metadata: z.object({ name: z.string().optional() }).default({}),
  spec: z.object({
    args: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
    metrics: z.array(metricSchema).default([]),
    dryRun: z.array(z.object({ metricName: z.string() })).default([]),
    measurementRetention: z.array(z.unknown()).default([]),
    templates: z.array(z.unknown()).default([]),
  }),
})

type Written = z.infer<typeof templateSchema>
type WrittenMetric = z.infer<typeof metricSchema>

/** Reads one document. `config_invalid` for what is no template, or says what cannot be evaluated here. */
export const readArgo = (document: unknown): ReadArgo => {
  const parsed = templateSchema.safeParse(document)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { metadata, spec } = parsed.data
  if (spec.templates.length > 0) throw invalid('it is made of other templates; import each of them')
  if (spec.metrics.length === 0) throw invalid('it has no metrics')
  const values = new Map(spec.args.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])))
  const metrics = spec.metrics.map((metric) => readMetric(metric, { values, dryRun: spec.dryRun }))
  const twice = metrics.find(({ name }, index) => metrics.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) throw invalid(`the metric ${twice.name} is there twice`)
  return { template: { name: metadata.name ?? 'argo', metrics }, notes: notesOn(spec) }
}

const invalid = (detail: string): SluiceError =>
  new SluiceError('config_invalid', { detail: `This is no AnalysisTemplate that can be kept: ${detail}` })

type Context = {
  readonly values: ReadonlyMap<string, string>
  readonly dryRun: readonly { readonly metricName: string }[]
}

const readMetric = (metric: WrittenMetric, { values, dryRun }: Context): ArgoMetric => {
  const put = (text: string, key: string): string => withArguments(text, values, `${key} of ${metric.name}`)
  const condition = (key: 'successCondition' | 'failureCondition'): string | null => {
    const text = put(metric[key] ?? '', key)
    if (text === '') return null
    const parsed = parseCondition(text)
    if (parsed.kind === 'refused') throw invalid(`${key} of ${metric.name}: ${parsed.detail}`)
    return text
  }
  const duration = (key: 'interval' | 'initialDelay'): number | null => {
    const text = put(metric[key] ?? '', key)
    const ms = text === '' ? null : parseGoDuration(text)
    if (Number.isNaN(ms)) throw invalid(`${key} of ${metric.name} is no duration: ${text}`)
    return ms
  }
  const number = (key: NumberKey): number | null => {
    const given = metric[key]
    if (given === undefined) return null
    const value = Number(put(String(given), key))
    if (!Number.isInteger(value)) throw invalid(`${key} of ${metric.name} is no whole number: ${given}`)
    return value
  }
  const count = number('count')
  const intervalMs = duration('interval')
  if (count !== null && count > 1 && intervalMs === null)
    throw invalid(`${metric.name} has a count of ${count} and no interval, which Argo refuses too`)
  return {
    name: metric.name,
    successCondition: condition('successCondition'),
    failureCondition: condition('failureCondition'),
    intervalMs,
    initialDelayMs: duration('initialDelay') ?? 0,
    count,
    failureLimit: number('failureLimit') ?? 0,
    inconclusiveLimit: number('inconclusiveLimit') ?? 0,
    consecutiveErrorLimit: number('consecutiveErrorLimit') ?? 4,
    consecutiveSuccessLimit: number('consecutiveSuccessLimit') ?? 0,
    dryRun: dryRun.some(({ metricName }) => matches(metricName, metric.name)),
  }
}

type NumberKey = 'count' | 'failureLimit' | 'inconclusiveLimit' | 'consecutiveErrorLimit' | 'consecutiveSuccessLimit'

const matches = (pattern: string, name: string): boolean => {
  try {
    return new RegExp(pattern).test(name)
  } catch {
    throw invalid(`dryRun names ${pattern}, which is no regular expression here`)
  }
}

const withArguments = (text: string, values: ReadonlyMap<string, string>, where: string): string =>
  text
    .replaceAll(/\{\{\s*args\.([^\s}]+)\s*\}\}/g, (_, name: string) => {
      const value = values.get(name)
      if (value === undefined)
        throw invalid(`${where} takes the argument ${name}, which the template gives no value; write the value in`)
      return value
    })
    .trim()

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A duration of Go, milliseconds; NaN for what is none. */
const parseGoDuration = (text: string): number => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return Number.NaN
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)
  return [...parts].reduce((total, [, amount, unit]) => total + Number(amount) * (units[unit ?? ''] ?? 0), 0)
}

const notesOn = ({ metrics, measurementRetention }: Written['spec']): readonly string[] => [
  ...metrics.flatMap(({ name, provider, successCondition, failureCondition }) => [
    ...(provider === undefined
      ? []
      : [
          `${name}: its provider (${Object.keys(provider).join(', ')}) was not kept; the policy judges the values that it is given`,
        ]),
    ...(successCondition === undefined && failureCondition === undefined
      ? [`${name}: it has no condition, so whatever is measured is a success`]
      : []),
  ]),
  ...(measurementRetention.length > 0 ? ['measurementRetention was not kept: all measurements are looked at'] : []),
]
