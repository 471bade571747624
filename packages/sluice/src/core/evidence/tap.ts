/**
 * Reads the Test Anything Protocol, versions 12 to 14 (testanything.org/tap-version-14-specification.html, 2022): plans, subtests, YAML diagnostics, the
 * directives for what is skipped or unfinished, bail out. Lines that are none of these are output of the tests, and passed over, as the specification wants.
 */
import { limits } from '../limits.ts'
import { readDiagnostics } from './tap-diagnostics.ts'
import { testCase, testContent, testFailure } from './test-case.ts'
import { type ReportContext, toldName, unreadable } from './told.ts'
import type { TestCase, TestContent, TestFailure } from './types.ts'

type Point = {
  readonly isOk: boolean
  readonly name: string
  readonly directive: { readonly kind: 'skip' | 'todo' } | null
  readonly durationMs: number | null
  children: readonly Point[]
  diagnostics: ReadonlyMap<string, string>
}

/** Test points of one depth that have no parent yet, and the plan of that depth. */
type Level = { points: Point[]; planned: number | null }

type Reading = {
  readonly levels: Level[]
  /** Points whose subtests follow in braces, by depth. */
  readonly blocks: Map<number, Point>
  readonly gaps: string[]
  last: Point | null
  points: number
}

/** The tests of a TAP text. `evidence_unreadable` when nothing in it is TAP; a plan that does not fit, or a bail out, is a gap. */
export const readTap = (text: string, context: ReportContext): TestContent => {
  const reading: Reading = { levels: [newLevel()], blocks: new Map(), gaps: [], last: null, points: 0 }
  const lines = text.split(/\r?\n/)
  let index = 0
  while (index < lines.length) index = readLine(lines, index, { reading, context })
  closeTo(reading, 1)
  const top = levelAt(reading, 0)
  if (reading.points === 0 && top.planned === null && reading.gaps.length === 0)
    throw unreadable(context, 'there is neither a plan nor a test in this TAP report')
  checkPlan(top, reading)
  if (top.planned === null) reading.gaps.push('the TAP report has no plan, so it may end too early')
  const cases = top.points.flatMap((point) => casesOf(point, [], context))
  return testContent(cases, reading.gaps.slice(0, limits.reportGapsMax), context)
}

const newLevel = (): Level => ({ points: [], planned: null })

const levelAt = ({ levels }: Reading, depth: number): Level => {
  while (levels.length <= depth) levels.push(newLevel())
  return levels[depth] ?? newLevel()
}

type LineContext = { readonly reading: Reading; readonly context: ReportContext }

/** Reads the line at `index`, and what belongs to it; gives the index of the next. */
const readLine = (lines: readonly string[], index: number, { reading, context }: LineContext): number => {
  const line = lines[index] ?? ''
  const body = line.trimStart()
  const indent = line.length - body.length
  if (body === '---' && reading.last !== null) return readYaml(lines, index, reading)
  const depth = Math.floor(indent / 4)
  if (depth > limits.reportDepthMax)
    throw unreadable(context, `subtests deeper than ${limits.reportDepthMax}`, { line: index + 1 })
  if (/^(?:not )?ok\b/.test(body)) readPoint(body, depth, reading)
  else if (body.trimEnd() === '}' && reading.blocks.has(depth)) closeBlock(depth, reading)
  else if (/^\d+\.\.\d+(?:\s|$)/.test(body)) readPlan(body, depth, reading)
  else if (body.startsWith('Bail out!'))
    reading.gaps.push(`the tests bailed out: ${toldName(body.slice('Bail out!'.length)) || 'no reason given'}`)
  else if (body.startsWith('TAP version ')) checkVersion(body, { context, line: index + 1 })
  return index + 1
}

const checkVersion = (
  body: string,
  { context, line }: { readonly context: ReportContext; readonly line: number },
): void => {
  const version = body.slice('TAP version '.length).trim()
  if (!/^1[2-4]$/.test(version))
    throw unreadable(context, `TAP version ${toldName(version)} is none of 12, 13 and 14`, { line })
}

const readPoint = (line: string, depth: number, reading: Reading): void => {
  // node-tap and Vitest put a subtest's content in braces after its own line.
  const isBlock = /\s\{$/.test(line)
  const body = isBlock ? line.slice(0, -2) : line
  closeTo(reading, depth + 2)
  const below = reading.levels[depth + 1]
  if (below !== undefined) checkPlan(below, reading)
  const { name, directive, durationMs } = readDescription(body.replace(/^(?:not )?ok\b\s*\d*\s*(?:-(?=\s|$)\s*)?/, ''))
  const point: Point = {
    isOk: body.startsWith('ok'),
    name,
    directive,
    durationMs,
    children: below?.points ?? [],
    diagnostics: new Map(),
  }
  reading.levels.length = Math.min(reading.levels.length, depth + 1)
  levelAt(reading, depth).points.push(point)
  if (isBlock) reading.blocks.set(depth, point)
  reading.last = point
  reading.points += 1
}

const closeBlock = (depth: number, reading: Reading): void => {
  closeTo(reading, depth + 2)
  const point = reading.blocks.get(depth)
  const below = reading.levels[depth + 1]
  reading.blocks.delete(depth)
  reading.levels.length = Math.min(reading.levels.length, depth + 1)
  if (point === undefined || below === undefined) return
  checkPlan(below, reading)
  point.children = below.points
}

const readPlan = (body: string, depth: number, reading: Reading): void => {
  const [, first = '1', last = '0'] = /^(\d+)\.\.(\d+)/.exec(body) ?? []
  levelAt(reading, depth).planned = Math.max(0, Number(last) - Number(first) + 1)
}

/** Depths from `depth` on will get no parent any more. */
const closeTo = (reading: Reading, depth: number): void => {
  for (const level of reading.levels.slice(depth)) {
    if (level.points.length > 0)
      reading.gaps.push(`a subtest that began with ${JSON.stringify(level.points[0]?.name ?? '')} never ended`)
  }
  // What they had is kept, so that a failure among them is told.
  const orphans = reading.levels.slice(depth).flatMap(({ points }) => points)
  reading.levels.length = Math.min(reading.levels.length, depth)
  for (const orphan of orphans) levelAt(reading, Math.max(0, depth - 1)).points.push(orphan)
}

const checkPlan = ({ planned, points }: Level, reading: Reading): void => {
  if (planned !== null && planned !== points.length)
    reading.gaps.push(`${planned} tests were planned, and ${points.length} told of`)
}

const readDescription = (text: string): Pick<Point, 'name' | 'directive' | 'durationMs'> => {
  const at = directiveAt(text)
  const name = unescaped((at === -1 ? text : text.slice(0, at)).trim())
  const rest = at === -1 ? '' : text.slice(at + 1).trim()
  const kind = /^(skip|todo)/i.exec(rest)?.[1]?.toLowerCase()
  const time = /^time=(\d+(?:\.\d+)?)(ms|s)\b/.exec(rest)
  return {
    name: name === '' ? '(without a name)' : name,
    directive: kind === 'skip' || kind === 'todo' ? { kind } : null,
    durationMs: time === null ? null : Number(time[1]) * (time[2] === 's' ? 1_000 : 1),
  }
}

/** Index of the first `#` after white space that no backslash escapes; -1 without one. */
const directiveAt = (text: string): number => {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (
      text[at] === '#' &&
      /^#\s*(?:skip|todo|time=)/i.test(text.slice(at, at + 20)) &&
      (at === 0 || /\s/.test(text[at - 1] ?? ''))
    )
      return at
  }
  return -1
}

const unescaped = (text: string): string => text.replaceAll(/\\([\\#])/g, '$1')

const readYaml = (lines: readonly string[], start: number, reading: Reading): number => {
  const indent = (lines[start] ?? '').indexOf('---')
  let end = start + 1
  while (end < lines.length && (lines[end] ?? '').trim() !== '...') {
    const line = lines[end] ?? ''
    // A block that a crash cut off ends where something less indented begins.
    if (line.trim() !== '' && line.length - line.trimStart().length < indent) break
    end += 1
  }
  if (reading.last !== null)
    reading.last.diagnostics = readDiagnostics(lines.slice(start + 1, end).map((line) => line.slice(indent)))
  return (lines[end] ?? '').trim() === '...' ? end + 1 : end
}

const casesOf = (point: Point, suites: readonly string[], context: ReportContext): readonly TestCase[] => {
  const inner = point.children.flatMap((child) => casesOf(child, [...suites, point.name], context))
  // A suite is no test; but one that failed though all in it passed (a hook of its own) must not be lost.
  const isOwnFailure = !point.isOk && point.directive === null && !inner.some(({ outcome }) => outcome === 'failed')
  if (point.children.length > 0 && !isOwnFailure) return inner
  const { diagnostics, directive } = point
  const failure = point.isOk ? null : failureOf(diagnostics, context)
  const outcome =
    directive?.kind === 'skip' ? 'skipped' : directive?.kind === 'todo' ? 'todo' : point.isOk ? 'passed' : 'failed'
  const duration = Number(diagnostics.get('duration_ms') ?? diagnostics.get('duration') ?? Number.NaN)
  const durationMs = point.durationMs ?? (Number.isFinite(duration) ? duration : null)
  return [...inner, testCase({ name: point.name, suites, outcome, durationMs, failure }, context)]
}

const failureOf = (told: ReadonlyMap<string, string>, context: ReportContext): TestFailure => {
  const at = told.get('at.file') ?? told.get('at.fileName')
  const line = told.get('at.line') ?? told.get('at.lineNumber')
  return testFailure(
    {
      message: told.get('error') ?? told.get('message') ?? told.get('error.message') ?? 'not ok',
      type: told.get('name') ?? told.get('error.name') ?? told.get('code') ?? null,
      detail: [told.get('stack') ?? told.get('error.stack') ?? told.get('at.stack'), told.get('diff'), told.get('data')]
        .filter((one) => one !== undefined)
        .join('\n'),
      expected: told.get('expected') ?? told.get('found.expected') ?? told.get('wanted') ?? null,
      actual: told.get('actual') ?? told.get('got') ?? told.get('found') ?? null,
      location: at === undefined ? (told.get('at') ?? null) : `${at}:${line ?? 1}`,
    },
    context,
  )
}
