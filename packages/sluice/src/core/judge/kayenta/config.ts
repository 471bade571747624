/** Reads a Kayenta canary config, the JSON that Spinnaker keeps, and says what of it has no meaning here. */
import { z } from 'zod'
import { SluiceError } from '../../errors.ts'
import type { ClassifierSettings, KayentaConfig, KayentaMetric } from './types.ts'

/** A config that was read, and what of it was left behind, a sentence each. */
export type ReadKayenta = { readonly config: KayentaConfig; readonly notes: readonly string[] }

const effectSizeSchema = z
  .object({
    measure: z.string().optional(),
    allowedIncrease: z.number().optional(),
    allowedDecrease: z.number().optional(),
    criticalIncrease: z.number().optional(),
    criticalDecrease: z.number().optional(),
  })
  .default({})

const canarySchema = z
  .object({
    direction: z.string().default('either'),
    nanStrategy: z.string().default('none'),
    critical: z.boolean().default(false),
    mustHaveData: z.boolean().default(false),
    muted: z.boolean().default(false),
    effectSize: effectSizeSchema,
    outliers: z
      .object({ strategy: z.string().optional(), outlierFactor: z.number().positive().optional() })
      .default({}),
  })
  .prefault({})

const metricSchema = z.object({
  name: z.string().min(1),
  groups: z.array(z.string()).default([]),
  query: z.record(z.string(), z.unknown()).optional(),
  scopeName: z.string().optional(),
  analysisConfigurations: z.object({ canary: canarySchema }).prefault({}),
})

const configSchema = z.object({
  name: z.string().default('kayenta'),
  judge: z.object({ name: z.string().optional() }).optional(),
  metrics: z.array(metricSchema).min(1, 'a canary config has at least one metric'),
  classifier: z
    .object({
      groupWeights: z.record(z.string(), z.number()).default({}),
      scoreThresholds: z.object({ pass: z.number(), marginal: z.number() }).partial().optional(),
    })
    .prefault({}),
})

type Metric = z.infer<typeof metricSchema>

/** Spinnaker's own recommendation where the config leaves the thresholds to the pipeline (spinnaker.io, canary best practices). */
const usualThresholds = { pass: 95, marginal: 75 } as const

/** Reads the text of a canary config. `config_invalid` for what is none, or asks for another judge than NetflixACAJudge-v1.0. */
export const readKayenta = (text: string): ReadKayenta => {
  const parsed = configSchema.safeParse(parseJson(text))
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { name, judge, metrics, classifier } = parsed.data
  if (judge?.name !== undefined && judge.name !== 'NetflixACAJudge-v1.0')
    throw invalid(`it asks for the judge ${judge.name}; only NetflixACAJudge-v1.0 is known here`)
  const twice = metrics.find((metric, index) => metrics.findIndex((other) => other.name === metric.name) !== index)
  if (twice !== undefined) throw invalid(`the metric ${twice.name} is there twice`)
  const read = metrics.map(readMetric)
  const { groupWeights, scoreThresholds: { pass, marginal } = {} } = classifier
  const thresholds = { pass: pass ?? usualThresholds.pass, marginal: marginal ?? usualThresholds.marginal }
  const isUsual = pass === undefined || marginal === undefined
  return {
    config: { name, metrics: read, groupWeights, ...thresholds },
    notes: [...notesOn(metrics), ...(isUsual ? [usualNote] : [])],
  }
}

/** Documented parser of JSON text: what comes out is looked at by the schema. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
}

const invalid = (detail: string): SluiceError =>
  new SluiceError('config_invalid', { detail: `This is no canary config of Kayenta: ${detail}` })

const readMetric = ({ name, groups, analysisConfigurations: { canary } }: Metric): KayentaMetric => ({
  name,
  groups,
  classifier: classifierOf(canary),
  outliers: {
    strategy: canary.outliers.strategy === 'remove' ? 'remove' : 'keep',
    factor: canary.outliers.outlierFactor ?? 3,
  },
  muted: canary.muted,
})

/** What Kayenta's judge makes of a word that it does not know is its default, without a word. So here. */
const classifierOf = (canary: z.infer<typeof canarySchema>): ClassifierSettings => {
  const { effectSize } = canary
  const effectMeasure = effectSize.measure === 'cles' ? 'cles' : 'meanRatio'
  const usual = effectMeasure === 'cles' ? 0.5 : 1
  const { direction } = canary
  return {
    // Hard-coded in Kayenta's judge; the properties of the same names are injected there and never read.
    tolerance: 0.25,
    confidence: 0.98,
    direction: direction === 'increase' || direction === 'decrease' ? direction : 'either',
    nanStrategy: canary.nanStrategy === 'replace' ? 'replace' : 'remove',
    critical: canary.critical,
    mustHaveData: canary.mustHaveData,
    effectMeasure,
    allowed: { increase: effectSize.allowedIncrease ?? usual, decrease: effectSize.allowedDecrease ?? usual },
    criticalBounds: { increase: effectSize.criticalIncrease ?? usual, decrease: effectSize.criticalDecrease ?? usual },
  }
}

const notesOn = (metrics: readonly Metric[]): readonly string[] =>
  metrics.flatMap(({ name, query, groups, analysisConfigurations: { canary } }) => [
    ...(query === undefined ? [] : [`${name}: its query was not kept; the policy judges the series that it is given`]),
    ...(groups.length === 0 ? [`${name}: it is in no group, so it counts only if it is critical`] : []),
    ...(canary.nanStrategy === 'replace'
      ? [`${name}: a side without data passes in Kayenta (nanStrategy replace); here it is broken`]
      : []),
    ...(canary.critical || canary.mustHaveData
      ? []
      : [`${name}: without data it counts for nothing in Kayenta; here the verdict is then broken`]),
  ])

const usualNote = 'not both score thresholds are there: what the pipeline says belongs here; 95 and 75 were taken'
