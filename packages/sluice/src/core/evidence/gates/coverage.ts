/** The gates over coverage: in all, of parts, of what changed, against the base commit. */
import { contentsOf } from '../collected.ts'
import { type ChangedLines, changedCoverage, coverageTotals, filesIn, mergeFiles, shareOf } from '../coverage.ts'
import { matchesGlob } from '../glob.ts'
import { numberText } from '../told.ts'
import type { CoverageMetric, FileCoverage, Ratio } from '../types.ts'
import { type CoverageDemand, coverageDemands, type CoverageGate, type GateDetail, type GateVerdict } from './types.ts'
import { brokenVerdict, counted, type GateInput, verdictOf } from './verdict.ts'

type Subject = { readonly gate: CoverageGate; readonly input: GateInput; readonly files: readonly FileCoverage[] }

/** Judges each demand of the gate by itself; the reports of all jobs are one. */
export const judgeCoverage = (gate: CoverageGate, input: GateInput): readonly GateVerdict[] => {
  const subject = {
    gate,
    input,
    files: mergeFiles(contentsOf(input.reports, 'coverage').flatMap(({ files }) => files)),
  }
  return [
    ...demanded(gate, null, subject),
    ...(gate.changedLinesBp === null ? [] : [judgeChanged(gate.changedLinesBp, null, subject)]),
    ...(gate.maxDropBp === null
      ? []
      : coverageDemands.flatMap(([metric]) => judgeDrop(metric, gate.maxDropBp ?? 0, subject))),
    ...gate.paths.flatMap((part) => [
      ...demanded(part, part.glob, subject),
      ...(part.changedLinesBp === null ? [] : [judgeChanged(part.changedLinesBp, part.glob, subject)]),
    ]),
  ]
}

const demanded = (demand: CoverageDemand, glob: string | null, subject: Subject): readonly GateVerdict[] =>
  coverageDemands.flatMap(([metric, setting]) => {
    const thresholdBp = demand[setting]
    return thresholdBp === null ? [] : [judgeRatio({ metric, thresholdBp, glob }, subject)]
  })

type Wanted = { readonly metric: CoverageMetric; readonly thresholdBp: number; readonly glob: string | null }

const judgeRatio = ({ metric, thresholdBp, glob }: Wanted, { gate, input, files }: Subject): GateVerdict => {
  const chosen = glob === null ? files : filesIn(files, glob)
  const ratio = coverageTotals(chosen)[metric]
  const common = commonOf(nameOf(metric, glob), gate, thresholdBp)
  if (ratio === null || ratio.total === 0) {
    const what =
      files.length === 0
        ? 'there is no coverage report'
        : chosen.length === 0
          ? `no report mentions a file in ${glob ?? ''}`
          : `the coverage reports count no ${metric}`
    return brokenVerdict(common, input, what)
  }
  const isMet = ratio.covered * 10_000 >= thresholdBp * ratio.total
  const base = glob === null ? (input.base?.coverage?.totals[metric] ?? null) : null
  const worst = isMet
    ? []
    : chosen.toSorted((a, b) => missed(b, metric) - missed(a, metric)).filter((file) => missed(file, metric) > 0)
  return verdictOf(
    {
      ...common,
      isMet,
      sentence: `${percent(ratio)} of ${metric} covered${glob === null ? '' : ` in ${glob}`} (${ratio.covered} of ${ratio.total}), at least ${numberText(thresholdBp / 100)} % wanted`,
      measured: points(ratio),
      base: base === null ? null : points(base),
      details: worst.map((file): GateDetail => ({
        text: `${file.path}: ${missed(file, metric)} ${metric} not covered`,
        file: file.path,
        line: firstMissed(file),
        excusedBy: null,
      })),
    },
    input,
  )
}

const missed = ({ totals }: FileCoverage, metric: CoverageMetric): number => {
  const ratio = totals[metric]
  return ratio === null ? 0 : ratio.total - ratio.covered
}

const firstMissed = ({ lines }: FileCoverage): number | null => lines?.find(([, hits]) => hits === 0)?.[0] ?? null

/** Without any executable line in the change there is nothing to cover, and that is a pass; a report without lines cannot tell. */
const judgeChanged = (thresholdBp: number, glob: string | null, { gate, input, files }: Subject): GateVerdict => {
  const common = commonOf(nameOf('changedLines', glob), gate, thresholdBp)
  if (files.length === 0) return brokenVerdict(common, input, 'there is no coverage report')
  if (input.changed === null)
    return brokenVerdict(common, input, 'it is not known what changed, for lack of a base commit')
  if (files.every(({ lines }) => lines === null))
    return brokenVerdict(common, input, 'the coverage reports have totals only, no lines')
  const changed: ChangedLines = new Map([...input.changed].filter(([path]) => glob === null || matchesGlob(path, glob)))
  const { totals, uncovered, unmeasured } = changedCoverage(files, changed)
  // Files of a named part that no test even loaded: reports leave them out, so every line of them counts as not covered.
  const unloaded = glob === null ? [] : unmeasured
  const unloadedLines = unloaded.reduce((sum, path) => sum + (changed.get(path)?.length ?? 0), 0)
  const measured = totals.lines ?? { covered: 0, total: 0 }
  const ratio: Ratio = { covered: measured.covered, total: measured.total + unloadedLines }
  const where = glob === null ? '' : ` in ${glob}`
  const sentence =
    ratio.total === 0
      ? `no executable line changed${where}`
      : `${percent(ratio)} of changed lines covered${where} (${ratio.covered} of ${ratio.total}), at least ${numberText(thresholdBp / 100)} % wanted`
  const details = [
    ...uncovered.map(({ path, lines }): GateDetail => ({
      text: `${path}: ${rangesOf(lines)}`,
      file: path,
      line: lines[0] ?? null,
      excusedBy: null,
    })),
    ...unloaded.map((path): GateDetail => ({
      text: `${path}: in no report, so none of its ${counted(changed.get(path)?.length ?? 0, 'changed line')} counts as covered`,
      file: path,
      line: null,
      excusedBy: null,
    })),
  ]
  return verdictOf(
    {
      ...common,
      isMet: ratio.covered * 10_000 >= thresholdBp * ratio.total,
      sentence,
      measured: points(ratio),
      details,
    },
    input,
  )
}

/** Only ratios that the base commit has as well can fall. */
const judgeDrop = (
  metric: CoverageMetric,
  maxDropBp: number,
  { gate, input, files }: Subject,
): readonly GateVerdict[] => {
  const after = coverageTotals(files)[metric]
  const before = input.base?.coverage?.totals[metric] ?? null
  const common = { ...commonOf(`coverage.${metric}.drop`, gate, maxDropBp), bound: 'at_most' as const }
  // A first run has nothing to fall from; one that lost its reports has.
  if (before === null || before.total === 0) return []
  if (after === null || after.total === 0)
    return [brokenVerdict(common, input, `the coverage reports count no ${metric}, those of the base commit do`)]
  const drop = Math.max(0, points(before) - points(after))
  return [
    verdictOf(
      {
        ...common,
        isMet: shareOf(before) - shareOf(after) <= maxDropBp / 10_000 + Number.EPSILON,
        sentence: `coverage of ${metric} went from ${percent(before)} to ${percent(after)}, at most ${numberText(maxDropBp / 100)} points less allowed`,
        measured: drop,
        base: points(before),
      },
      input,
    ),
  ]
}

const commonOf = (gate: string, { waiver }: CoverageGate, thresholdBp: number) =>
  ({
    gate,
    kind: 'coverage',
    unit: 'percent',
    threshold: thresholdBp / 100,
    bound: 'at_least',
    waiver,
    evidence: ['coverage'],
  }) as const

const nameOf = (metric: CoverageMetric | 'changedLines', glob: string | null): string =>
  `coverage.${metric}${glob === null ? '' : ` ${glob}`}`

/** Percent, never rounded up to a threshold that is not met: cut off after two decimals. */
const points = (ratio: Ratio): number => Math.floor(shareOf(ratio) * 10_000 + 1e-9) / 100

const percent = (ratio: Ratio): string => `${numberText(points(ratio))} %`

/** `3, 7–9, 12` of ascending lines. */
const rangesOf = (lines: readonly number[]): string => {
  const ranges: [number, number][] = []
  for (const line of lines) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] + 1 === line) last[1] = line
    else ranges.push([line, line])
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ')
}
