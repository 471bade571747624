/** All gates of a run at once. */
import { judgeCoverage } from './coverage.ts'
import { judgeFindings, judgeScore, judgeVulnerabilities } from './findings.ts'
import { judgeLicences } from './licences.ts'
import { judgePerformance, judgeSize, judgeTime } from './numbers.ts'
import { judgeReviews } from './reviews.ts'
import { judgeTests } from './tests.ts'
import type { GateSettings, GateStatus, GateVerdict } from './types.ts'
import type { GateInput } from './verdict.ts'

/** The verdict of every gate that the settings want, in the order of the settings' keys. */
export const judgeGates = (settings: GateSettings, input: GateInput): readonly GateVerdict[] => [
  ...wanted(settings.tests, (gate) => [judgeTests(gate, input)]),
  ...wanted(settings.coverage, (gate) => judgeCoverage(gate, input)),
  ...wanted(settings.vulnerabilities, (gate) => [judgeVulnerabilities(gate, input)]),
  ...wanted(settings.findings, (gate) => [judgeFindings(gate, input)]),
  ...wanted(settings.securityScore, (gate) => [judgeScore(gate, input)]),
  ...settings.performance.flatMap((gate) => judgePerformance(gate, input)),
  ...settings.size.map((gate) => judgeSize(gate, input)),
  ...wanted(settings.time, (gate) => judgeTime(gate, input)),
  ...wanted(settings.licences, (gate) => [judgeLicences(gate, input)]),
  ...wanted(settings.reviews, (gate) => [judgeReviews(gate, input)]),
]

const wanted = <Gate>(gate: Gate | null, judge: (gate: Gate) => readonly GateVerdict[]): readonly GateVerdict[] =>
  gate === null ? [] : judge(gate)

/** What the verdicts come to together: the worst of them; without any gate, `pass`. */
export const worstStatus = (verdicts: readonly Pick<GateVerdict, 'status'>[]): GateStatus =>
  (['fail', 'broken', 'waived'] as const).find((status) => verdicts.some((verdict) => verdict.status === status)) ??
  'pass'

/** Whether a commit may become a release, as far as its gates go. */
export const mayPass = (verdicts: readonly Pick<GateVerdict, 'status'>[]): boolean =>
  verdicts.every(({ status }) => status === 'pass' || status === 'waived')
