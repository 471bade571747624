/** What a run showed: the end of `sluice run`, and `sluice runs show`. Pure: data in, lines out. */
import type { EvidenceView, InsightsView } from '../../http/client/evidence-views.ts'
import type { RunView } from '../../http/client/run-views.ts'
import { countOf } from '../../http/client/words.ts'
import { durationLines, evidenceLines, flakyLines, gateTable } from './gates.ts'
import { annotationLine } from './log.ts'
import { stripControl } from './plain.ts'
import type { Style } from './style.ts'

/** The evidence of a run that is over, with an empty line after it; nothing for one that has none. */
export const runEvidenceLines = (
  evidence: EvidenceView | null,
  { gates }: Pick<RunView, 'gates'>,
  style: Style,
): readonly string[] => {
  const summary = { ...(evidence ?? nothing), attachments: [] }
  return apart([...evidenceLines(summary, gates, style), ...annotationLines(evidence, style)])
}

/** The same with the numbers of all gates, files to look at and what jobs wrote about themselves. */
export const wholeEvidenceLines = (
  evidence: EvidenceView | null,
  run: Pick<RunView, 'id' | 'gates'>,
  style: Style,
): readonly string[] => [
  ...runEvidenceLines(evidence, run, style),
  ...apart(run.gates.length === 0 ? [] : gateTable(run.gates, style)),
  ...apart(attachmentLines(evidence, run.id, style)),
  ...(evidence?.summaries ?? []).flatMap(({ job, text }) =>
    apart([style.bold(`Summary of ${job}`), ...text.trimEnd().split('\n').map(stripControl)]),
  ),
]

const nothing = { tests: null, coverage: null, findings: null, unread: [], unkept: [] }

const attachmentLines = (evidence: EvidenceView | null, run: string, style: Style): readonly string[] => {
  const { attachments } = evidence ?? { attachments: [] }
  if (attachments.length === 0) return []
  return [
    ...attachments.map(({ path, title }) => `${title}  ${style.dim(path)}`),
    style.dim(`sluice runs attachments ${run} --save <dir>`),
  ]
}

const apart = (lines: readonly string[]): readonly string[] => {
  const first = lines.findIndex((line) => line !== '')
  return first < 0 ? [] : [...lines.slice(first), '']
}

const annotationLines = (evidence: EvidenceView | null, style: Style): readonly string[] => {
  if (evidence === null || evidence.annotations.length === 0) return []
  const { annotations, annotationsTotal } = evidence
  const rest = annotationsTotal - annotations.length
  return [
    '',
    style.bold('Remarks'),
    ...annotations.map((one) => `${annotationLine(one, style)}  ${style.dim(one.job)}`),
    ...(rest > 0 ? [style.dim(`  and ${rest} more`)] : []),
  ]
}

/** What the last runs tell. */
export const insightLines = (
  { runs, flaky, slowest, jobs, failures }: InsightsView,
  style: Style,
): readonly string[] => {
  if (runs === 0) return ['no runs yet: sluice run']
  const timed = new Set(jobs.map(({ name }) => name))
  const never = failures.filter(({ job }) => !timed.has(job))
  return [
    style.bold(`Flaky tests over ${countOf(runs, 'run')}`),
    ...(flaky.length === 0 ? ['  none'] : flakyLines(flaky, style)),
    ...(slowest.length === 0 ? [] : ['', style.bold('Slowest tests'), ...durationLines(slowest, [], style)]),
    ...(jobs.length === 0 ? [] : ['', style.bold('Jobs that succeeded'), ...durationLines(jobs, failures, style)]),
    ...(never.length === 0 ? [] : ['', style.bold('Jobs that never succeeded')]),
    ...never.map((one) => `  ${one.job}  ${countOf(one.failures, 'failure')}`),
  ]
}
