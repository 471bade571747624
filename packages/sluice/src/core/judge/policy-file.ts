/** A policy as a file: plain data, typed, that `sluice import` writes and `sluice judge replay` reads. */
import { z } from 'zod'
import { SluiceError } from '../errors.ts'
import { unreachable } from '../machine.ts'
import { argoPolicy } from './argo/policy.ts'
import type { ArgoTemplate } from './argo/types.ts'
import { type CanaryStage, kayentaPolicy } from './kayenta/policy.ts'
import type { KayentaConfig } from './kayenta/types.ts'
import type { AnalysisPolicy } from './policy.ts'

/** What a policy file exports. */
export type PolicyFile =
  | { readonly kind: 'kayenta'; readonly config: KayentaConfig; readonly stage: CanaryStage }
  | { readonly kind: 'argo'; readonly template: ArgoTemplate }

/** The policy that a file describes. */
export const policyOf = (file: PolicyFile): AnalysisPolicy => {
  switch (file.kind) {
    case 'kayenta':
      return kayentaPolicy(file.config, file.stage)
    case 'argo':
      return argoPolicy(file.template)
    default:
      return unreachable(file)
  }
}

/** Where a policy came from, and what of it was left behind. */
export type PolicySource = { readonly from: string; readonly notes: readonly string[] }

/** The text of a policy file: what it does and what was left behind as comments, then the data. */
export const renderPolicyFile = (file: PolicyFile, { from, notes }: PolicySource): string =>
  [
    `// Made by \`sluice import ${file.kind}\` from ${oneLine(from)}.`,
    '//',
    '// What it does:',
    ...policyOf(file).semantics.map((sentence) => `//   ${oneLine(sentence)}`),
    ...(notes.length === 0 ? [] : ['//', '// What was not kept:', ...notes.map((note) => `//   ${oneLine(note)}`)]),
    "import type { PolicyFile } from 'sluice'",
    '',
    `const policy: PolicyFile = ${JSON.stringify(file, null, 2)}`,
    '',
    'export default policy',
    '',
  ].join('\n')

/** A line break of any kind would end a comment, and what follows would be code. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ')

const ms = z.number().nonnegative()
const bounds = z.strictObject({ decrease: z.number(), increase: z.number() })
const limit = z.number().int()

const argoMetric = z.strictObject({
  name: z.string().min(1),
  successCondition: z.string().nullable(),
  failureCondition: z.string().nullable(),
  intervalMs: ms.nullable(),
  initialDelayMs: ms,
  count: limit.nullable(),
  failureLimit: limit,
  inconclusiveLimit: limit,
  consecutiveErrorLimit: limit,
  consecutiveSuccessLimit: limit,
  dryRun: z.boolean(),
})

const kayentaMetric = z.strictObject({
  name: z.string().min(1),
  groups: z.array(z.string()),
  classifier: z.strictObject({
    tolerance: z.number(),
    confidence: z.number().gt(0).lt(1),
    direction: z.enum(['increase', 'decrease', 'either']),
    nanStrategy: z.enum(['remove', 'replace']),
    critical: z.boolean(),
    mustHaveData: z.boolean(),
    effectMeasure: z.enum(['meanRatio', 'cles']),
    allowed: bounds,
    criticalBounds: bounds,
  }),
  outliers: z.strictObject({ strategy: z.enum(['keep', 'remove']), factor: z.number().positive() }),
  muted: z.boolean(),
})

const fileSchema: z.ZodType<PolicyFile> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kayenta'),
    config: z.strictObject({
      name: z.string(),
      metrics: z.array(kayentaMetric).min(1),
      groupWeights: z.record(z.string(), z.number()),
      pass: z.number(),
      marginal: z.number(),
    }),
    stage: z.strictObject({ lifetimeMs: ms.positive(), intervalMs: ms.positive(), warmupMs: ms }),
  }),
  z.strictObject({
    kind: z.literal('argo'),
    template: z.strictObject({ name: z.string(), metrics: z.array(argoMetric).min(1) }),
  }),
])

/** Parser of what a policy file exports. `config_invalid`. */
export const parsePolicyFile = (value: unknown): PolicyFile => {
  const parsed = fileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new SluiceError('config_invalid', {
    detail: `This is no judge policy: ${z.prettifyError(parsed.error)}`,
    hint: 'sluice import kayenta, or sluice import argo, writes one',
  })
}
