/** Schemas of gates, evidence and insights. */
import { z } from 'zod'
import type { GateVerdict } from '../../core/evidence/gates/types.ts'
import { digest } from '../../core/model.ts'
import type { AttachmentsView, EvidenceView, InsightsView } from '../client/evidence-views.ts'
import { at } from './fields.ts'

const ms = z.number().meta({ description: 'milliseconds' })
const place = { file: z.string().nullable(), line: z.number().nullable() }

/** What a gate said. */
export const gate: z.ZodType<GateVerdict> = z.strictObject({
  gate: z.string(),
  kind: z.enum([
    ...(['tests', 'coverage', 'vulnerabilities', 'findings', 'securityScore', 'performance', 'size'] as const),
    ...(['time', 'licences', 'reviews', 'all'] as const),
  ]),
  status: z.enum(['pass', 'fail', 'broken', 'waived']),
  sentence: z.string(),
  measured: z.number().nullable(),
  threshold: z.number().nullable(),
  bound: z.enum(['at_least', 'at_most']).nullable(),
  unit: z.enum(['tests', 'percent', 'findings', 'points', 'value', 'bytes', 'ms', 'packages', 'reviews']),
  base: z.number().nullable().meta({ description: 'the same at the base commit' }),
  details: z.array(z.strictObject({ text: z.string(), ...place, excusedBy: z.string().nullable() })),
  detailsTotal: z.number().int(),
  evidence: z.string().transform(digest).nullable(),
  reports: z.array(z.string()),
})

const ratio = z.strictObject({ covered: z.number().int(), total: z.number().int() })
const totals = z.strictObject({ lines: ratio.nullable(), branches: ratio.nullable(), functions: ratio.nullable() })
const failure = z.strictObject({
  message: z.string(),
  type: z.string().nullable(),
  detail: z.string(),
  expected: z.string().nullable(),
  actual: z.string().nullable(),
  ...place,
})
const testCase = z.strictObject({
  id: z.string(),
  name: z.string(),
  suites: z.array(z.string()),
  ...place,
  outcome: z.enum(['passed', 'failed', 'skipped', 'todo']),
  durationMs: ms.nullable(),
  failedAttempts: z.number().int(),
  failure: failure.nullable(),
  attachments: z.array(z.string()),
})

/** What a run's reports came to. */
export const evidence: z.ZodType<EvidenceView> = z.strictObject({
  tests: z
    .strictObject({
      passed: z.number().int(),
      failed: z.number().int(),
      skipped: z.number().int(),
      flaky: z.number().int(),
      durationMs: ms,
      failures: z.array(testCase),
      slowest: z.array(z.strictObject({ id: z.string(), durationMs: ms })),
    })
    .nullable(),
  coverage: z
    .strictObject({
      totals,
      change: z
        .strictObject({
          before: totals,
          after: totals,
          drops: z.array(z.strictObject({ path: z.string(), before: ratio, after: ratio })),
        })
        .nullable(),
    })
    .nullable(),
  findings: z.record(z.enum(['critical', 'high', 'medium', 'low', 'info', 'unknown']), z.number().int()).nullable(),
  attachments: z.array(z.strictObject({ path: z.string(), mediaType: z.string(), title: z.string() })),
  unread: z.array(z.string()),
  unkept: z.array(z.string()),
  annotations: z.array(
    z.strictObject({
      job: z.string(),
      level: z.enum(['notice', 'warning', 'failure']),
      title: z.string().nullable(),
      message: z.string(),
      ...place,
      column: z.number().nullable(),
      at,
    }),
  ),
  annotationsTotal: z.number().int(),
  summaries: z.array(z.strictObject({ job: z.string(), text: z.string().meta({ description: 'Markdown' }) })),
  comparedWith: z.string().nullable(),
})

/** The files that a run's reports name. */
export const attachments: z.ZodType<AttachmentsView> = z.strictObject({
  attachments: z.array(
    z.strictObject({
      job: z.string(),
      path: z.string().meta({ description: "below the job's checkout" }),
      mediaType: z.string(),
      title: z.string().meta({ description: 'what it is, or the id of the test that names it' }),
      digest: z.string().nullable().meta({ description: 'null when the file itself could not be kept' }),
      bytes: z.number().int().nullable(),
    }),
  ),
  gaps: z.array(z.strictObject({ job: z.string(), text: z.string() })),
})

const durations = z.strictObject({
  name: z.string(),
  runs: z.number().int(),
  p50Ms: ms,
  p95Ms: ms,
  maxMs: ms,
  trendMs: z.number().meta({ description: 'milliseconds gained from run to run' }),
  regression: z.strictObject({ beforeMs: ms, nowMs: ms, percent: z.number(), sinceRun: z.string() }).nullable(),
})

/** What the last runs tell. */
export const insights: z.ZodType<InsightsView> = z.strictObject({
  runs: z.number().int(),
  flaky: z.array(
    z.strictObject({
      test: z.string(),
      score: z.number().meta({ description: '0 to 1' }),
      runs: z.number().int(),
      failures: z.number().int(),
      contradictions: z.number().int(),
      recoveries: z.number().int(),
      flips: z.number().int(),
      lastFailedAt: at,
    }),
  ),
  slowest: z.array(durations),
  jobs: z.array(durations),
  failures: z.array(
    z.strictObject({
      job: z.string(),
      runs: z.number().int(),
      failures: z.number().int(),
      rate: z.number().meta({ description: '0 to 1' }),
      lastFailedAt: at.nullable(),
    }),
  ),
})
