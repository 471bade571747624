/**
 * Reads JUnit XML, which has no standard but many dialects: Ant's, Surefire's (with `flakyFailure` and `rerunFailure`), pytest's, gotestsum's, jest-junit's,
 * vitest's, Playwright's (attachments in `system-out`, retries), GoogleTest's (several failures a test, `status="notrun"`) and Node's. What they have in common is
 * read; what a suite counts as failed and does not show is a gap.
 */
import { limits } from '../../core/limits.ts'
import { testCase, testContent, testFailure } from '../../core/evidence/test-case.ts'
import { type ReportContext, unreadable } from '../../core/evidence/told.ts'
import type { TestCase, TestContent, TestFailure } from '../../core/evidence/types.ts'
import { numberAttribute, walkXml, type XmlAttributes } from './xml.ts'

type Suite = { readonly name: string; readonly file: string | null; readonly declared: number; shown: number }

type Problem = {
  readonly kind: 'failure' | 'retry'
  readonly attributes: XmlAttributes
  text: string
  stack: string | null
}

type Case = {
  readonly attributes: XmlAttributes
  readonly problems: Problem[]
  skipped: { readonly type: string } | null
  readonly attachments: string[]
}

type Reading = {
  readonly context: ReportContext
  readonly cases: TestCase[]
  readonly gaps: string[]
  readonly suites: Suite[]
  open: Case | null
  problem: Problem | null
}

/** Elements that say that an attempt failed, and whether it was the last one. */
const problemKinds: Readonly<Record<string, Problem['kind']>> = {
  failure: 'failure',
  error: 'failure',
  flakyFailure: 'retry',
  flakyError: 'retry',
  rerunFailure: 'retry',
  rerunError: 'retry',
}

/** The tests of a JUnit text. `evidence_unreadable` when it is not XML, or XML of something else. */
export const readJunit = (text: string, context: ReportContext): TestContent => {
  const reading: Reading = { context, cases: [], gaps: [], suites: [], open: null, problem: null }
  walkXml(text, context, {
    open: (name, attributes, parent) => openElement(reading, { name, attributes, parent }),
    close: (name, body) => closeElement(reading, name, body),
  })
  return testContent(reading.cases, reading.gaps.slice(0, limits.reportGapsMax), context)
}

type Opened = { readonly name: string; readonly attributes: XmlAttributes; readonly parent: string | null }

const openElement = (reading: Reading, { name, attributes, parent }: Opened): void => {
  const { context, open } = reading
  if (parent === null && name !== 'testsuites' && name !== 'testsuite') {
    throw unreadable(context, `expected <testsuites> or <testsuite>, found <${name.slice(0, 40)}>`)
  }
  const kind = problemKinds[name]
  if (name === 'testsuite' || name === 'testsuites') reading.suites.push(suiteOf(name, attributes))
  else if (name === 'testcase') reading.open = { attributes, problems: [], skipped: null, attachments: [] }
  else if (kind !== undefined) {
    // An error of a whole suite (its set-up) is told as a test of the suite's name.
    if (open === null) reading.open = { attributes: { name: '(suite)' }, problems: [], skipped: null, attachments: [] }
    reading.problem = { kind, attributes, text: '', stack: null }
    reading.open?.problems.push(reading.problem)
  } else if (name === 'skipped' && open !== null) open.skipped = { type: attributes['type'] ?? '' }
  else if (
    name === 'property' &&
    open !== null &&
    attributes['name'] === 'attachment' &&
    attributes['value'] !== undefined
  )
    open.attachments.push(attributes['value'])
}

const closeElement = (reading: Reading, name: string, text: string): void => {
  const { open, problem } = reading
  if (name === 'testsuite' || name === 'testsuites') closeSuite(reading)
  else if (name === 'testcase') closeCase(reading)
  else if (problemKinds[name] !== undefined) {
    if (problem !== null) problem.text = text
    reading.problem = null
    if (open !== null && open.attributes['name'] === '(suite)') closeCase(reading)
  } else if (name === 'stackTrace' && problem !== null) problem.stack = text
  else if ((name === 'system-out' || name === 'system-err') && open !== null) {
    for (const [, path = ''] of text.matchAll(/\[\[ATTACHMENT\|([^\]\n]{1,1000})\]\]/g)) open.attachments.push(path)
  }
}

const suiteOf = (name: string, attributes: XmlAttributes): Suite => ({
  // The outermost element's name is that of the tool ("jest tests"), not of a suite.
  name: name === 'testsuites' ? '' : (attributes['name'] ?? ''),
  file: attributes['file'] ?? attributes['filepath'] ?? null,
  declared: (numberAttribute(attributes['failures']) ?? 0) + (numberAttribute(attributes['errors']) ?? 0),
  shown: 0,
})

const closeSuite = (reading: Reading): void => {
  const suite = reading.suites.pop()
  if (suite === undefined) return
  const outer = reading.suites.at(-1)
  if (outer !== undefined) outer.shown += suite.shown
  if (suite.declared > suite.shown) {
    reading.gaps.push(
      `the suite ${JSON.stringify(suite.name)} counts ${suite.declared} failures, and ${suite.shown} are told of`,
    )
  }
}

const closeCase = (reading: Reading): void => {
  const { open, suites, cases, context } = reading
  if (open === null) return
  reading.open = null
  const suite = suites.at(-1)
  const failures = open.problems.filter(({ kind }) => kind === 'failure')
  if (suite !== undefined) suite.shown += failures.length
  cases.push(caseOf(open, suites, context))
  if (cases.length > limits.reportEntriesMax) throw unreadable(context, `more than ${limits.reportEntriesMax} tests`)
}

const caseOf = (
  { attributes, problems, skipped, attachments }: Case,
  suites: readonly Suite[],
  context: ReportContext,
): TestCase => {
  const failed = problems.some(({ kind }) => kind === 'failure')
  const retries = problems.filter(({ kind }) => kind === 'retry').length
  const isNotRun =
    /^(?:notrun|disabled|skipped|ignored)$/i.test(attributes['status'] ?? '') || attributes['result'] === 'suppressed'
  const isTodo = skipped?.type === 'todo'
  const seconds = numberAttribute(attributes['time'])
  const shown = problems.find(({ kind }) => kind === 'failure') ?? problems.at(-1)
  return testCase(
    {
      name: attributes['name'] ?? '(without a name)',
      suites: suitesOf(attributes, suites),
      file: attributes['file'] ?? suites.findLast(({ file }) => file !== null)?.file ?? null,
      line: lineAttribute(attributes['line']),
      outcome: isTodo ? 'todo' : failed ? 'failed' : skipped !== null || isNotRun ? 'skipped' : 'passed',
      // To the microsecond, which is all that any writer has.
      durationMs: seconds === null ? null : Math.round(seconds * 1_000_000) / 1_000,
      // Surefire tells of the first failure as `failure` and of the ones after it as `rerunFailure`; the last attempt is not one "before".
      failedAttempts: retries,
      failure: shown === undefined ? null : failureOf(shown, context),
      attachments,
    },
    context,
  )
}

const suitesOf = (attributes: XmlAttributes, suites: readonly Suite[]): readonly string[] => {
  const names = suites.map(({ name }) => name).filter((name) => name !== '')
  const className = attributes['classname'] ?? ''
  // Most dialects repeat in `classname` what the suites (or the name) say already.
  const isTold =
    className === '' ||
    className === 'test' ||
    names.includes(className) ||
    names.join('.').endsWith(className) ||
    className.startsWith(attributes['name'] ?? '\0')
  return isTold ? names : [...names, className]
}

const lineAttribute = (value: string | undefined): number | null => {
  const line = numberAttribute(value)
  return line !== null && Number.isSafeInteger(line) && line > 0 ? line : null
}

const failureOf = ({ attributes, text, stack }: Problem, context: ReportContext): TestFailure =>
  testFailure(
    { message: attributes['message'] ?? null, type: attributes['type'] ?? null, detail: stack ?? text },
    context,
  )
