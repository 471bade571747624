import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { AnnotationView, LogFoldView, LogLineView } from '../../http/client/run-views.ts'
import { annotationLine, depthAt, failedParts, foldHead, foundLine, type LogPart, logLine } from './log.ts'
import { createStyle } from './style.ts'

const plain = createStyle({ color: false, unicode: true })
const colored = createStyle({ color: true, unicode: true })
const line = (text: string, over: Partial<LogLineView> = {}): LogLineView => ({
  number: 7,
  at: 1_767_225_600_123,
  stream: 'stdout',
  text,
  ...over,
})
const look = { timestamps: false, prefix: '', depth: 0 }

const fold = (name: string, from: number, to: number | null, over: Partial<LogFoldView> = {}): LogFoldView => ({
  kind: 'step',
  name,
  depth: 0,
  startedAt: 1_000,
  endedAt: to === null ? null : 3_500,
  from,
  to,
  outcome: to === null ? null : 'succeeded',
  ...over,
})

const failure = (after: number): AnnotationView => ({
  level: 'failure',
  title: null,
  message: 'wrong',
  file: 'a.ts',
  line: 3,
  column: null,
  at: 1,
  after,
})

/** Heads by name, with a sign for how they stand; lines by their numbers. */
const shape = (parts: readonly LogPart[]): readonly string[] =>
  parts.map((part) =>
    part.kind === 'head'
      ? `${part.isOpen ? '-' : '+'} ${part.fold.name}`
      : `${'  '.repeat(part.depth)}${part.from + 1}–${part.to ?? ''}`,
  )

test('a line keeps its colours on a terminal, and nothing else that a terminal would act upon', () => {
  const hostile = '\u001B[31mred\u001B[0m\u001B[2J\u001B]0;title\u0007 \u009B5n\u0008\ttab'
  strictEqual(logLine(line(hostile), look, colored), '\u001B[31mred\u001B[0m \ttab\u001B[0m')
  strictEqual(logLine(line(hostile), look, plain), 'red \ttab')
})

test('a line has its time, the name of its job and its depth before it when they are asked for', () => {
  strictEqual(
    logLine(line('text'), { timestamps: true, prefix: 'build', depth: 2 }, plain),
    '2026-01-01T00:00:00.123Z  build      text',
  )
  strictEqual(logLine(line('$ npm test', { stream: 'sluice' }), look, colored), '\u001B[2m$ npm test\u001B[22m')
})

test('a line that was found has its number, and what was found stands out', () => {
  const found = (): readonly (readonly [number, number])[] => [
    [0, 3],
    [8, 11],
  ]
  strictEqual(
    foundLine(line('abc def abc'), { found, timestamps: false, prefix: 'test' }, plain),
    'test:7:  abc def abc',
  )
  strictEqual(
    foundLine(line('abc def abc'), { found, timestamps: false, prefix: '' }, colored),
    '\u001B[2m7:  \u001B[22m\u001B[31mabc\u001B[39m def \u001B[31mabc\u001B[39m',
  )
})

test('a head says how a fold stands, how long it took, and how many lines it hides', () => {
  const closed = { isOpen: false, timestamps: false, prefix: '' }
  const open = { isOpen: true, timestamps: false, prefix: '' }
  strictEqual(foldHead(fold('install', 2, 302), closed, plain), '✔ install  2.5 s  300 lines')
  strictEqual(foldHead(fold('test', 2, null), open, plain), '● test')
  strictEqual(
    foldHead(fold('npm ci', 2, 3, { kind: 'group', depth: 1, outcome: null }), closed, plain),
    '  ▸ npm ci  2.5 s  1 line',
  )
  strictEqual(
    foldHead(fold('test', 2, 9, { outcome: 'failed' }), { isOpen: true, timestamps: true, prefix: 'unit' }, plain),
    '1970-01-01T00:00:01.000Z  unit  ✖ test  2.5 s',
  )
})

test('a line lies in every fold that is open at it', () => {
  const folds = [fold('a', 0, 4), fold('b', 1, 3, { kind: 'group', depth: 1 }), fold('c', 4, null)]
  deepStrictEqual(
    [1, 2, 3, 4, 5, 99].map((number) => depthAt(folds, number)),
    [1, 2, 2, 1, 1, 1],
  )
})

test('of a failed job, what went well is one line, and what failed is open with the groups that matter', () => {
  const group = (name: string, from: number, to: number, depth = 1): LogFoldView =>
    fold(name, from, to, { kind: 'group', depth, outcome: null })
  const folds = [
    fold('install', 1, 100),
    group('npm ci', 1, 99),
    fold('test', 100, 200, { outcome: 'failed' }),
    group('lint', 101, 120),
    group('unit', 120, 180),
    group('core', 121, 150, 2),
    group('ui', 150, 180, 2),
    group('report', 180, 190),
    fold('clean', 200, 210),
  ]
  deepStrictEqual(shape(failedParts({ folds, annotations: [failure(140)], summary: '' })), [
    '1–1',
    '+ install',
    '- test',
    '  101–101',
    '+ lint',
    '- unit',
    '    121–121',
    '- core',
    '      122–150',
    '+ ui',
    '+ report',
    '  191–200',
    '+ clean',
    '211–',
  ])
  // Nobody said where: the last group is where it may have happened.
  deepStrictEqual(
    shape(failedParts({ folds, annotations: [], summary: '' })).filter((part) =>
      /[-+] (?:lint|unit|report)/.test(part),
    ),
    ['+ lint', '+ unit', '- report'],
  )
})

test('of a failed job without a failed step the last one is open, and without folds all lines are shown', () => {
  deepStrictEqual(shape(failedParts({ folds: [fold('a', 0, 5), fold('b', 5, null)], annotations: [], summary: '' })), [
    '+ a',
    '- b',
    '  6–',
  ])
  deepStrictEqual(shape(failedParts({ folds: [], annotations: [], summary: '' })), ['1–'])
})

test('a remark says where, and what', () => {
  strictEqual(annotationLine({ ...failure(1), title: 'TypeError', column: 9 }, plain), '✖ a.ts:3:9  TypeError: wrong')
  strictEqual(annotationLine({ ...failure(1), level: 'warning', file: null, line: null }, plain), '⚠ wrong')
})
