import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { readReport } from '../../src/runner/reports/read.ts'

/** Reports made to be slow, each as a text that grows with `size`. */
const hostile: Readonly<Record<string, (size: number) => readonly [format: string, text: string]>> = {
  'many tests': (size) => ['junit', `<testsuite>${'<testcase name="x" time="0.1"/>'.repeat(size)}</testsuite>`],
  'one long name': (size) => ['junit', `<testsuite><testcase name="${'a'.repeat(40 * size)}"/></testsuite>`],
  'stacks without a place': (size) => [
    'junit',
    `<testsuite>${`<testcase name="x"><failure>${'a/'.repeat(2_000)}</failure></testcase>`.repeat(size / 100)}</testsuite>`,
  ],
  'many pieces of text': (size) => ['junit', `<testsuite>${'<![CDATA[x]]>&lt;'.repeat(size)}</testsuite>`],
  'comments that never end': (size) => ['auto', '<!--'.repeat(10 * size)],
  'declarations that never end': (size) => ['auto', `<${'!'.repeat(40 * size)}`],
  'one file over and over': (size) => [
    'lcov',
    `SF:a.ts\n${'DA:1,1\nBRDA:1,0,0,1\n'.repeat(size / 10)}end_of_record\n`.repeat(10),
  ],
  'subtests without a parent': (size) => ['tap', `1..1\n${`${'    '.repeat(90)}ok 1 - x\n`.repeat(size / 10)}`],
  'marks of directives': (size) => ['tap', `ok 1 ${' # '.repeat(20 * size)}\nok 2 ${'\\#'.repeat(20 * size)}`],
  'the same failure over and over': (size) => [
    'node-spec',
    `${'✖ a (1ms)\n'.repeat(size)}ℹ tests ${size}\n${'test at a.js:1:1\n✖ a (1ms)\n'.repeat(size)}`,
  ],
  'suites that never end': (size) => ['node-spec', '▶ a\n'.repeat(10 * size)],
  'one suite of all tests': (size) => [
    'node-events',
    '{"type":"test:pass","data":{"name":"x","nesting":1}}\n'.repeat(size),
  ],
  'lists in lists': (size) => ['sarif', '['.repeat(40 * size)],
  'a text that never ends': (size) => ['sarif', `["${'\\u0041'.repeat(10 * size)}`],
}

const timeOf = async (format: string, text: string): Promise<number> => {
  const bytes = new TextEncoder().encode(text)
  const from = performance.now()
  try {
    await readReport(format, { bytes, path: 'r', root: '/home/user/shop' })
  } catch (error) {
    ok(error instanceof SluiceError && error.code === 'evidence_unreadable', String(error))
  }
  return performance.now() - from
}

test('no report takes more than its share of time: four times the size is never sixteen times the time', async () => {
  for (const [name, make] of Object.entries(hostile)) {
    const small = Math.min(await timeOf(...make(20_000)), await timeOf(...make(20_000)))
    const large = Math.min(await timeOf(...make(80_000)), await timeOf(...make(80_000)))
    ok(large < 10 * Math.max(small, 20), `${name}: ${Math.round(small)} ms, then ${Math.round(large)} ms`)
  }
})
