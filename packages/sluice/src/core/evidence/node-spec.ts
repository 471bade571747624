/**
 * Reads what Node's test runner prints for people (`--test-reporter=spec`, Node 20 to 24): the tree, the counts after it, and the failures after those.
 * The counts decide whether the tree is whole; without them the report is one that was cut off.
 */
import { limits } from '../limits.ts'
import { testCase, testContent, testFailure } from './test-case.ts'
import { type ReportContext, told, unreadable } from './told.ts'
import type { TestCase, TestContent, TestFailure, TestOutcome } from './types.ts'

const marks: Readonly<Record<string, TestOutcome>> = { '✔': 'passed', '✖': 'failed', '﹣': 'skipped', '⚠': 'todo' }

type Row = {
  readonly depth: number
  readonly name: string
  readonly outcome: TestOutcome
  readonly durationMs: number | null
  readonly hasChildren: boolean
}

/** The tests of a spec text. `evidence_unreadable` when it has no counts and no test at all. */
export const readNodeSpec = (text: string, context: ReportContext): TestContent => {
  // Colours first, while their sequences are whole.
  const lines = text.split(/\r?\n/).map((line) => told(line, limits.reportNameMax))
  const end = lines.findIndex((line) => /^ℹ tests \d+$/.test(line))
  const rows = rowsOf(end === -1 ? lines : lines.slice(0, end))
  const counts = end === -1 ? null : countsOf(lines.slice(end))
  if (rows.cases.length === 0 && counts === null)
    throw unreadable(context, 'there is neither a test nor a count in this report')
  const failures = failuresOf(end === -1 ? [] : lines.slice(end), context)
  const cases = rows.cases.map((row): TestCase => {
    const failure = row.outcome === 'failed' ? (failures.get(row.name)?.next().value ?? null) : null
    return testCase(
      { name: row.name, suites: row.suites, outcome: row.outcome, durationMs: row.durationMs, failure },
      context,
    )
  })
  return testContent(cases, gapsOf(counts, rows.cases), context)
}

type Told = Row & { readonly suites: readonly string[] }

/** Leaves of the tree. A suite is opened by `▶ name` and closed by its own mark (or, before Node 22, by `▶ name (time)`). */
const rowsOf = (lines: readonly string[]): { readonly cases: readonly Told[] } => {
  const cases: Told[] = []
  const open: { readonly name: string; failedInside: boolean }[] = []
  for (const line of lines) {
    const opened = /^( *)▶ (.*?)(?: \(\d+(?:\.\d+)?ms\))?$/.exec(line)
    const row = opened === null ? rowOf(line) : null
    if (opened === null && row === null) continue
    const depth = (opened?.[1]?.length ?? 2 * (row?.depth ?? 0)) / 2
    const name = opened?.[2] ?? row?.name ?? ''
    const closed = open[depth]?.name === name ? open[depth] : undefined
    if (opened !== null && closed === undefined) {
      open.length = Math.min(open.length, depth)
      open.push({ name, failedInside: false })
      continue
    }
    open.length = Math.min(open.length, depth)
    if (row === null) continue
    // The closing mark of a suite; only a failure that nothing inside explains is one of its own.
    if (closed === undefined || (row.outcome === 'failed' && !closed.failedInside)) {
      cases.push({ ...row, suites: open.map((suite) => suite.name), hasChildren: closed !== undefined })
    }
    if (row.outcome === 'failed') for (const suite of open) suite.failedInside = true
  }
  return { cases }
}

const rowOf = (line: string): (Omit<Row, 'hasChildren'> & { readonly hasChildren: boolean }) | null => {
  const found = /^( *)([✔✖﹣⚠]) (.*?)(?: \((\d+(?:\.\d+)?)ms\))?(?: # .*)?$/.exec(line)
  if (found === null) return null
  const [, indent = '', mark = '', name = '', ms] = found
  return {
    depth: indent.length / 2,
    name,
    outcome: marks[mark] ?? 'failed',
    durationMs: ms === undefined ? null : Number(ms),
    hasChildren: false,
  }
}

const countsOf = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map(
    lines.flatMap((line) => {
      const found = /^ℹ (\w+) (\d+(?:\.\d+)?)$/.exec(line)
      return found === null ? [] : [[found[1] ?? '', Number(found[2])] as const]
    }),
  )

const gapsOf = (counts: ReadonlyMap<string, number> | null, cases: readonly Told[]): readonly string[] => {
  if (counts === null) return ['the counts at the end are missing, so the report may end too early']
  const failed = (counts.get('fail') ?? 0) + (counts.get('cancelled') ?? 0)
  const shown = cases.filter(({ outcome }) => outcome === 'failed').length
  const passed = counts.get('pass') ?? 0
  const shownPassed = cases.filter(({ outcome }) => outcome === 'passed').length
  return [
    ...(failed > shown ? [`${failed} failures were counted, and ${shown} told of`] : []),
    // Node counts a test with subtests as one more; the tree shows the subtests only.
    ...(passed > 0 && shownPassed === 0 ? [`${passed} passed tests were counted, and none told of`] : []),
  ]
}

/** Failures by the name of their test, in order, each to be taken once. */
const failuresOf = (
  lines: readonly string[],
  context: ReportContext,
): ReadonlyMap<string, Iterator<TestFailure, undefined>> => {
  const found = new Map<string, TestFailure[]>()
  for (const [index, line] of lines.entries()) {
    const location = /^test at (.+)$/.exec(line)?.[1]
    const row = location === undefined ? null : rowOf((lines[index + 1] ?? '').trimStart())
    if (location === undefined || row === null) continue
    const rest = lines.slice(index + 2, index + 2 + detailLinesMax)
    const next = rest.findIndex((one) => one.startsWith('test at '))
    const detail = (next === -1 ? rest : rest.slice(0, next)).map((one) => one.replace(/^ {2}/, '')).join('\n')
    const [message = ''] = detail.split(/\n\s*at /, 1)
    const failure = testFailure(
      {
        message: message.replace(/^\w*Error(?: \[\w+\])?: /, ''),
        type: /^(\w*Error)\b/.exec(detail)?.[1] ?? null,
        detail,
        location,
      },
      context,
    )
    const same = found.get(row.name)
    if (same === undefined) found.set(row.name, [failure])
    else same.push(failure)
  }
  return new Map([...found].map(([name, failures]) => [name, failures.values()]))
}

const detailLinesMax = 200
