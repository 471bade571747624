/** Tests as every reader makes them. */
import { limits } from '../limits.ts'
import { firstLine, type ReportContext, told, toldName, toldPath, unreadable } from './told.ts'
import type { TestCase, TestContent, TestFailure, TestOutcome } from './types.ts'

/** What a reader knows of a test; texts as the report has them. */
export type RawCase = {
  readonly name: string
  readonly suites: readonly string[]
  /** The file that the test is in, where the report tells it of every test: it becomes part of the id. */
  readonly file?: string | null
  readonly line?: number | null
  readonly outcome: TestOutcome
  readonly durationMs?: number | null
  readonly failedAttempts?: number
  readonly failure?: TestFailure | null
  readonly attachments?: readonly string[]
}

/** What a reader knows of a failure. */
export type RawFailure = {
  readonly message: string | null
  readonly type?: string | null
  readonly detail?: string | null
  readonly expected?: string | null
  readonly actual?: string | null
  /** `file:line:column`, where the report says it apart from the stack. */
  readonly location?: string | null
}

/** A test, with its texts cleaned and its id made. */
export const testCase = (raw: RawCase, { root }: ReportContext): TestCase => {
  const file = raw.file === undefined || raw.file === null || raw.file === '' ? null : toldPath(raw.file, root)
  const name = toldName(raw.name)
  const suites = raw.suites.map(toldName).filter((suite) => suite !== '' && suite !== file)
  return {
    id: [...(file === null ? [] : [file]), ...suites, name].join(' > '),
    name,
    suites,
    file: file ?? raw.failure?.file ?? null,
    line: raw.line ?? (file === null || file === raw.failure?.file ? (raw.failure?.line ?? null) : null),
    outcome: raw.outcome,
    durationMs: raw.durationMs ?? null,
    failedAttempts: raw.failedAttempts ?? 0,
    failure: raw.failure ?? null,
    attachments: (raw.attachments ?? []).map((path) => toldPath(path, root)),
  }
}

/** A failure, with its texts cleaned and its place found: the one that the report names, or the first of the stack outside of dependencies. */
export const testFailure = (raw: RawFailure, { root }: ReportContext): TestFailure => {
  const detail = told(raw.detail ?? '').replace(/^\n+|\s+$/g, '')
  const message = told(raw.message ?? '').trim()
  const place =
    (raw.location === undefined || raw.location === null ? null : placeIn(raw.location)) ?? placeInStack(detail)
  return {
    message: message === '' ? firstLine(detail) : message,
    type: raw.type === undefined || raw.type === null || raw.type === '' ? null : toldName(raw.type),
    detail,
    expected: raw.expected === undefined || raw.expected === null ? null : told(raw.expected, limits.reportNameMax),
    actual: raw.actual === undefined || raw.actual === null ? null : told(raw.actual, limits.reportNameMax),
    file: place === null ? null : toldPath(place.file, root),
    line: place?.line ?? null,
  }
}

type Place = { readonly file: string; readonly line: number }

// `at f (file:///a/b.ts:3:7)`, `b.py:12: AssertionError`, `    b_test.go:12: …`, `at p.C.m(C.java:12)`.
const placeForm = /((?:file:\/\/)?(?:[A-Za-z]:)?[^\s():"'<>|,]+\.[A-Za-z]\w{0,9}):(\d{1,7})\b/

/** Characters of a line in which a place is looked for: the search is quadratic in them. */
const placeLineMax = 400

const placeIn = (line: string): Place | null => {
  const found = placeForm.exec(line.slice(0, placeLineMax))
  if (found === null) return null
  const [, file = '', number = ''] = found
  return { file, line: Number(number) }
}

const stackLinesMax = 60

const placeInStack = (stack: string): Place | null => {
  for (const line of stack.split('\n', stackLinesMax)) {
    if (/\bnode:|node_modules|site-packages|https?:\/\//.test(line)) continue
    const place = placeIn(line)
    if (place !== null) return place
  }
  return null
}

/** What a test report comes to; more cases than anybody's suite has are refused. */
export const testContent = (
  cases: readonly TestCase[],
  gaps: readonly string[],
  context: ReportContext,
): TestContent => {
  if (cases.length > limits.reportEntriesMax) throw unreadable(context, `more than ${limits.reportEntriesMax} tests`)
  return { kind: 'tests', cases, gaps }
}
