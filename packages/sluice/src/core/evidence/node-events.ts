/**
 * Reads the events of Node's test runner, one JSON object a line (`{ "type": "test:pass", "data": { … } }`), as a reporter of five lines writes them
 * (nodejs.org/api/test.html, *Class: TestsStream*, Node 24). Children come before their parents; a summary at the end says whether all is there.
 */
import { limits } from '../limits.ts'
import { isObject, type JsonObject, lineOf, numberOf, objectAt, objectOf, parseJson, textOf } from './json.ts'
import { testCase, testContent, testFailure } from './test-case.ts'
import { type ReportContext, unreadable } from './told.ts'
import type { TestCase, TestContent, TestFailure } from './types.ts'

/** Makes a finished test once the suites around it are known: a parent's name comes after its children. */
type Maker = (suites: readonly string[]) => TestCase

/** Finished tests of one file that wait for their parent, by their depth. */
type Waiting = Maker[][]

/** The tests of a text of events. `evidence_unreadable` names the line that is no event. */
export const readNodeEvents = (text: string, context: ReportContext): TestContent => {
  const waiting = new Map<string | null, Waiting>()
  const gaps: string[] = []
  let isSummed = false
  let tests = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const { type, data } = eventOf(line, { context, line: index + 1 })
    if (type === 'test:summary' && data['file'] === undefined) isSummed = true
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const depth = numberOf(data['nesting']) ?? 0
    if (!Number.isSafeInteger(depth) || depth < 0 || depth > limits.reportDepthMax)
      throw unreadable(context, `nesting is ${depth}`, { line: index + 1 })
    const file = textOf(data['file'])
    const levels = waiting.get(file) ?? []
    waiting.set(file, levels)
    settle(levels, depth, { type, data, context })
    tests += 1
    if (tests > limits.reportEntriesMax) throw unreadable(context, `more than ${limits.reportEntriesMax} tests`)
  }
  const deeper = [...waiting.values()].flatMap((levels) => levels.slice(1).flat())
  if (deeper.length > 0) gaps.push(`${deeper.length} tests are of suites that never ended`)
  if (!isSummed) gaps.push('the summary at the end is missing, so the report may end too early')
  const makers = [...waiting.values()].flatMap((levels) => levels[0] ?? []).concat(deeper)
  return testContent(
    makers.map((make) => make([])),
    gaps,
    context,
  )
}

type Ended = { readonly type: string; readonly data: JsonObject; readonly context: ReportContext }

/** Puts what waited below `depth` under the test that ended there, and lets both wait for its parent. */
const settle = (levels: Waiting, depth: number, { type, data, context }: Ended): void => {
  const name = textOf(data['name']) ?? '(without a name)'
  const children = levels.slice(depth + 1).flat()
  levels.length = Math.min(levels.length, depth + 1)
  while (levels.length <= depth) levels.push([])
  for (const child of children) levels[depth]?.push((suites) => child([...suites, name]))
  if (!isSuite(data, children.length) || isOwnFailure(type, data)) levels[depth]?.push(makerOf(type, data, context))
}

const eventOf = (
  line: string,
  { context, line: number }: { readonly context: ReportContext; readonly line: number },
): { readonly type: string; readonly data: JsonObject } => {
  let value: unknown
  try {
    value = parseJson(line, context)
  } catch (cause) {
    throw unreadable(context, 'this line is not JSON', { line: number, cause })
  }
  if (!isObject(value) || typeof value['type'] !== 'string')
    throw unreadable(context, 'this line is no event of a test runner', { line: number })
  return { type: value['type'], data: objectAt(value['data'] ?? {}, context, `line ${number}, data`) }
}

const isSuite = (data: JsonObject, children: number): boolean =>
  children > 0 || objectOf(data['details'])['type'] === 'suite'

const isOwnFailure = (type: string, data: JsonObject): boolean =>
  type === 'test:fail' && objectOf(objectOf(data['details'])['error'])['failureType'] !== 'subtestsFailed'

const makerOf =
  (type: string, data: JsonObject, context: ReportContext) =>
  (suites: readonly string[]): TestCase => {
    const details = objectOf(data['details'])
    const isSkipped = data['skip'] !== undefined && data['skip'] !== false
    const isTodo = data['todo'] !== undefined && data['todo'] !== false
    return testCase(
      {
        name: textOf(data['name']) ?? '(without a name)',
        suites,
        file: textOf(data['file']),
        line: lineOf(data['line']),
        outcome: isSkipped ? 'skipped' : isTodo ? 'todo' : type === 'test:pass' ? 'passed' : 'failed',
        durationMs: numberOf(details['duration_ms']),
        failure: type === 'test:fail' ? failureOf(details['error'], context) : null,
      },
      context,
    )
  }

const failureOf = (value: unknown, context: ReportContext): TestFailure => {
  const error = objectOf(value)
  const inner = isObject(error['cause']) ? error['cause'] : error
  return testFailure(
    {
      message: textOf(inner['message']) ?? textOf(error['message']) ?? textOf(error['cause']),
      type: textOf(inner['code']) ?? textOf(error['failureType']),
      detail: textOf(inner['stack']) ?? textOf(error['stack']),
    },
    context,
  )
}
