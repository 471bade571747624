/** Gates and evidence in the terminal: what failed and where, what took longest, how coverage moved, what each gate says. Pure: data in, lines out. */
import type { CoverageChange } from '../../core/evidence/coverage.ts'
import { bytesText } from '../../core/evidence/gates/numbers.ts'
import type { GateStatus, GateVerdict } from '../../core/evidence/gates/types.ts'
import type { Durations, FailureRate } from '../../core/evidence/insights/durations.ts'
import type { FlakyTest } from '../../core/evidence/insights/flaky.ts'
import type { EvidenceSummary, TestSummary } from '../../core/evidence/summary.ts'
import type { CoverageMetric, Ratio, TestCase } from '../../core/evidence/types.ts'
import { countOf, spanOf } from '../../http/client/words.ts'
import { clip, type Mark, pad, type Style, widthOf } from './style.ts'
import { tableLines } from './table.ts'

const marks: Readonly<Record<GateStatus, Mark>> = { pass: 'done', waived: 'warn', fail: 'failed', broken: 'failed' }

/** Details shown under a gate that is not simply met; the rest is counted. */
const detailsShown = 5

/** One line a gate; under those that are not simply met, what speaks against them or was excused. */
const gateLines = (verdicts: readonly GateVerdict[], style: Style): readonly string[] => {
  const wide = Math.max(0, ...verdicts.map(({ gate }) => widthOf(gate)))
  return verdicts.flatMap((verdict) => [
    `${style.mark(marks[verdict.status])} ${pad(verdict.gate, wide)}  ${pad(statusText(verdict.status, style), 6)}  ${verdict.sentence}`,
    ...detailLines(verdict, style),
  ])
}

const statusText = (status: GateStatus, style: Style): string => {
  const paint = { pass: style.good, waived: style.warn, fail: style.bad, broken: style.bad }[status]
  return paint(status)
}

const detailLines = ({ status, details, detailsTotal }: GateVerdict, style: Style): readonly string[] => {
  if (status === 'pass') return []
  const shown = details.slice(0, detailsShown)
  const rest = detailsTotal - shown.length
  return [
    ...shown.map(({ text, file, line, excusedBy }) => {
      const place = file === null || text.includes(file) ? '' : style.dim(`  ${placeOf(file, line)}`)
      const excuse = excusedBy === null ? '' : style.warn(`  excused: ${excusedBy}`)
      return clip(`    ${oneLine(text)}${place}${excuse}`, style.columns)
    }),
    ...(rest > 0 ? [style.dim(`    and ${rest} more`)] : []),
  ]
}

/** The gates as a table, for wide terminals and logs. */
export const gateTable = (verdicts: readonly GateVerdict[], style: Style): readonly string[] =>
  tableLines(
    ['gate', 'verdict', 'measured', 'wanted', 'base'],
    verdicts.map((verdict) => [
      verdict.gate,
      statusText(verdict.status, style),
      amountOf(verdict.measured, verdict),
      verdict.threshold === null
        ? ''
        : `${verdict.bound === 'at_most' ? '≤' : '≥'} ${amountOf(verdict.threshold, verdict)}`,
      amountOf(verdict.base, verdict),
    ]),
    style,
  ).map((line) => (style.unicode ? line : line.replaceAll('≤', '<=').replaceAll('≥', '>=')))

const amountOf = (value: number | null, { unit }: Pick<GateVerdict, 'unit'>): string => {
  if (value === null) return ''
  switch (unit) {
    case 'percent':
      return `${value} %`
    case 'bytes':
      return bytesText(value)
    case 'ms':
      return spanOf(value)
    case 'tests':
    case 'findings':
    case 'packages':
    case 'reviews':
    case 'points':
    case 'value':
      return String(Number(value.toFixed(3)))
  }
}

/** Lines of a failure's difference that are shown. */
const differenceShown = 8

/** Failed tests: which, why, where, and how what came differs from what was wanted. At most `count` of them; the rest is counted. */
export const failedTestLines = (
  { failures, failed }: Pick<TestSummary, 'failures' | 'failed'>,
  count: number,
  style: Style,
): readonly string[] => {
  const shown = failures.slice(0, count)
  return [
    ...shown.flatMap((one) => failedTest(one, style)),
    ...(failed > shown.length ? [style.dim(`  and ${countOf(failed - shown.length, 'failed test')} more`)] : []),
  ]
}

const failedTest = ({ id, file, line, failure }: TestCase, style: Style): readonly string[] => {
  const place = failure?.file ?? file
  const message = oneLine(failure?.message ?? '')
  return [
    `${style.mark('failed')} ${style.bold(id)}`,
    ...(message === '' ? [] : [`    ${style.bad(clip(message, style.columns - 4))}`]),
    ...(place === null ? [] : [`    ${style.dim(placeOf(place, failure?.line ?? line))}`]),
    ...differenceOf(failure).map(
      (text) => `      ${text.startsWith('+') ? style.good(text) : text.startsWith('-') ? style.bad(text) : text}`,
    ),
  ].map((text) => clip(text, style.columns))
}

const placeOf = (file: string, line: number | null): string => (line === null ? file : `${file}:${line}`)

const oneLine = (text: string): string => text.split('\n', 1)[0]?.trim() ?? ''

/** What was wanted and what came: told apart, as lines of a difference, or as the many tools' "Expected … Received …". */
const differenceOf = (failure: TestCase['failure']): readonly string[] => {
  if (failure === null) return []
  if (failure.expected !== null && failure.actual !== null)
    return [`- ${oneLine(failure.expected)}`, `+ ${oneLine(failure.actual)}`]
  const lines = `${failure.message}\n${failure.detail}`.split('\n').map((line) => line.trimEnd())
  const said = lines
    .filter((line) => /^\s*(?:expected|received|actual|want|got)\b.{0,20}[:=]/i.test(line))
    .map((line) => line.trim())
  if (said.length > 0) return said.slice(0, 2)
  const difference = lines
    .filter((line) => /^\s*[-+](?![-+])\s/.test(line) && !/^\s*\+ actual - expected$/.test(line))
    .map((line) => line.trim())
  return [...new Set(difference)].slice(0, differenceShown)
}

/** The slowest tests. */
const slowestLines = ({ slowest }: Pick<TestSummary, 'slowest'>, style: Style): readonly string[] => {
  const wide = Math.max(0, ...slowest.map(({ durationMs }) => spanOf(durationMs).length))
  return slowest.map(({ id, durationMs }) => clip(`  ${spanOf(durationMs).padStart(wide)}  ${id}`, style.columns))
}

/** Coverage in a line for each metric, with what it gained or lost, and the files that lost most. */
export const coverageLines = ({ before, after, drops }: CoverageChange, style: Style): readonly string[] => [
  ...(['lines', 'branches', 'functions'] as const).flatMap((metric) =>
    coverageLine(metric, { before: before[metric], after: after[metric] }, style),
  ),
  ...drops
    .slice(0, detailsShown)
    .map((drop) =>
      clip(
        style.dim(`    ${drop.path}  ${percentOf(drop.before)} ${style.arrow} ${percentOf(drop.after)}`),
        style.columns,
      ),
    ),
]

type Change = { readonly before: Ratio | null; readonly after: Ratio | null }

const coverageLine = (metric: CoverageMetric, { before, after }: Change, style: Style): readonly string[] => {
  if (after === null) return []
  const delta = before === null ? 0 : Number((pointsOf(after) - pointsOf(before)).toFixed(2))
  const moved = delta === 0 ? '' : delta > 0 ? style.good(`  +${delta}`) : style.bad(`  ${delta}`)
  return [
    `  ${metric.padEnd(9)}  ${percentOf(after).padStart(7)}${moved}  ${style.dim(`${after.covered} of ${after.total}`)}`,
  ]
}

const pointsOf = ({ covered, total }: Ratio): number =>
  total === 0 ? 100 : Math.floor((covered * 10_000) / total) / 100

const percentOf = (ratio: Ratio): string => `${pointsOf(ratio)} %`

/** The report at the end of a run: failed tests, what took longest, coverage, reports that could not be read, files that could not be kept, gates. Parts without content are left out. */
export const evidenceLines = (
  summary: EvidenceSummary,
  verdicts: readonly GateVerdict[],
  style: Style,
): readonly string[] => {
  const { tests, coverage, unread, unkept } = summary
  const part = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', style.bold(title), ...lines]
  return [
    ...(tests === null ? [] : [testLine(tests, style)]),
    ...part('Failed', tests === null ? [] : failedTestLines(tests, detailsShown, style)),
    ...part('Slowest', tests === null || tests.slowest.length === 0 ? [] : slowestLines(tests, style)),
    ...part(
      'Coverage',
      coverage === null
        ? []
        : coverageLines(
            coverage.change ?? {
              before: { lines: null, branches: null, functions: null },
              after: coverage.totals,
              drops: [],
            },
            style,
          ),
    ),
    ...part(
      'Unread',
      unread.map((text) => `${style.mark('warn')} ${text}`),
    ),
    ...part(
      'Not kept',
      unkept.map((text) => `${style.mark('warn')} ${text}`),
    ),
    ...part('Gates', gateLines(verdicts, style)),
  ]
}

const testLine = ({ passed, failed, skipped, flaky, durationMs }: TestSummary, style: Style): string => {
  const counts = [
    style.good(`${passed} passed`),
    ...(failed === 0 ? [] : [style.bad(`${failed} failed`)]),
    ...(flaky === 0 ? [] : [style.warn(`${flaky} flaky`)]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ]
  return `${countOf(passed + failed, 'test')}: ${counts.join(', ')}${durationMs === 0 ? '' : style.dim(`  ${spanOf(durationMs)}`)}`
}

/** Flaky tests over many runs, the worst first. */
export const flakyLines = (tests: readonly FlakyTest[], style: Style): readonly string[] =>
  tableLines(
    ['flaky', 'runs', 'failed', 'why', 'test'],
    tests.map((one) => [
      `${Math.round(one.score * 100)} %`,
      String(one.runs),
      String(one.failures),
      whyFlaky(one),
      one.test,
    ]),
    style,
  )

const whyFlaky = ({ contradictions, recoveries, flips }: FlakyTest): string => {
  if (contradictions > 0) return `passed and failed at ${countOf(contradictions, 'commit')}`
  return recoveries > 0 ? `recovered in ${countOf(recoveries, 'run')}` : `changed ${flips} times`
}

/** Time by job (or test) over many runs, with what became slower. */
export const durationLines = (
  durations: readonly Durations[],
  rates: readonly FailureRate[],
  style: Style,
): readonly string[] => {
  const rateOf = new Map(rates.map(({ job, rate }) => [job, rate]))
  return tableLines(
    ['p50', 'p95', 'runs', 'fails', 'trend', 'name'],
    durations.map((one) => {
      const rate = rateOf.get(one.name)
      const trend =
        Math.abs(one.trendMs) < 1 ? '' : `${one.trendMs > 0 ? '+' : '-'}${spanOf(Math.abs(one.trendMs))}/run`
      const slower =
        one.regression === null
          ? ''
          : style.bad(`  slower by ${one.regression.percent} % since ${one.regression.sinceRun}`)
      return [
        spanOf(one.p50Ms),
        spanOf(one.p95Ms),
        String(one.runs),
        rate === undefined ? '' : `${Math.round(rate * 100)} %`,
        trend,
        `${one.name}${slower}`,
      ]
    }),
    style,
  )
}
