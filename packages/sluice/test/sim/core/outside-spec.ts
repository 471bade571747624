/** What some of the simulated environments ask from outside. */
import type { ExternalJudgeSpec, MetricsSpec } from '../../../src/core/judge/outside/types.ts'

/** The source of the environments that have one. */
export const simulatedMetrics: MetricsSpec = {
  kind: 'prometheus',
  url: 'http://prometheus.invalid',
  authorization: null,
  secretVersions: {},
  intervalMs: 400,
  timeoutMs: 1_000,
  staleAfterMs: 1_500,
  alpha: 0.001,
  metrics: [{ name: 'checkout', total: '{{release}}', bad: '{{release}}', tolerance: 1, ignoreBelow: 0, unitsMin: 1 }],
}

/** The external judge of the environments that have one. */
export const simulatedJudge: ExternalJudgeSpec = {
  url: 'http://judge.invalid',
  authorization: null,
  secretVersions: {},
  intervalMs: 600,
  timeoutMs: 1_000,
  parameters: {},
}
