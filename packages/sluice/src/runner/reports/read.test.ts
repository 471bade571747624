import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { SluiceError } from '../../core/errors.ts'
import { jsonFault } from '../../core/evidence/json-fault.ts'
import { readSarif } from '../../core/evidence/sarif.ts'
import type { CoverageContent, Evidence, EvidenceContent, Finding, TestCase } from '../../core/evidence/types.ts'
import { reportFormats } from '../../core/evidence/types.ts'
import { limits } from '../../core/limits.ts'
import { readReport } from './read.ts'

const root = '/home/user/shop'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const sample = (name: string): Uint8Array => readFileSync(new URL(`../../../test/evidence/${name}`, import.meta.url))
const read = (name: string, format = 'auto'): Promise<Evidence> =>
  readReport(format, { bytes: sample(name), path: name, root })
const readText = async (text: string, format = 'auto'): Promise<readonly EvidenceContent[]> =>
  (await readReport(format, { bytes: bytesOf(text), path: 'report', root })).contents

const testsOf = ({ contents: [content] }: { readonly contents: readonly EvidenceContent[] }): readonly TestCase[] =>
  content?.kind === 'tests' ? content.cases : []
/** A test in a line: what it came to, its id, the place of its failure, its failed attempts, its message. */
const lineOf = ({ outcome, id, file, line, failedAttempts, failure }: TestCase): string =>
  [
    outcome,
    id,
    ...(failure === null ? [] : [`@${file ?? ''}:${line ?? ''}`]),
    ...(failedAttempts === 0 ? [] : [`after ${failedAttempts}`]),
    ...(failure === null ? [] : [`| ${failure.message.split('\n')[0] ?? ''}`]),
  ].join(' ')

const refusal = async (text: string | Uint8Array, format = 'auto'): Promise<string> => {
  try {
    await readReport(format, { bytes: typeof text === 'string' ? bytesOf(text) : text, path: 'r', root })
  } catch (error) {
    ok(error instanceof SluiceError)
    strictEqual(error.code, 'evidence_unreadable')
    return error.detail
  }
  throw new Error('the report was read')
}

const nodeTree = [
  'passed adds',
  'failed compares whole values @a.test.mjs:4 | Expected values to be strictly deep-equal:',
  'passed cart > holds items',
  'failed cart > empty > has no total @a.test.mjs:10 | total of nothing',
  'passed closing > works',
  'passed parent > child',
]

test("Node's four reporters tell the same tests", async () => {
  for (const name of ['node.tap', 'node-spec.txt', 'node.junit.xml', 'node-events.ndjson']) {
    const evidence = await read(name)
    const lines = testsOf(evidence).map((one) => lineOf(one).replace(' a.test.mjs > ', ' '))
    deepStrictEqual(
      lines.filter((line) => nodeTree.includes(line)),
      nodeTree,
      name,
    )
    deepStrictEqual(evidence.contents[0]?.gaps, [], name)
    deepStrictEqual(
      testsOf(evidence).filter(({ outcome }) => outcome === 'todo' || outcome === 'skipped').length,
      2,
      name,
    )
  }
})

test('a suite that fails in a hook of its own is a failed test, where the reporter tells it', async () => {
  for (const name of ['node.tap', 'node-spec.txt', 'node-events.ndjson']) {
    const hook = testsOf(await read(name)).find(({ id }) => id.endsWith('closing'))
    strictEqual(hook?.failure?.message, 'the database would not close', name)
  }
})

const dialects: Readonly<Record<string, readonly string[]>> = {
  'jest.junit.xml': [
    'passed cart > cart adds up',
    'failed cart > cart halves @cart.test.js:4 | Error: expect(received).toBe(expected) // Object.is equality',
    'skipped cart > cart later',
    'passed cart > cart some day',
    'passed cart > cart empty is nothing',
  ],
  'vitest.junit.xml': [
    'passed cart.test.mjs > cart > adds',
    'passed cart.test.mjs > cart > retries',
    'failed cart.test.mjs > cart > fails @cart.test.mjs:2 | expected { a: 1 } to deeply equal { a: 2 }',
    'skipped cart.test.mjs > cart > skipped',
  ],
  'vitest.tap': [
    'passed cart.test.mjs > cart > adds',
    'passed cart.test.mjs > cart > retries',
    'failed cart.test.mjs > cart > fails @cart.test.mjs:2 | expected { a: 1 } to deeply equal { a: 2 }',
    'skipped cart.test.mjs > cart > skipped',
  ],
  'pytest.junit.xml': [
    'passed pytest > test_cart > test_adds',
    'failed pytest > test_cart > test_even[1] @test_cart.py:4 | AssertionError: odd',
    'passed pytest > test_cart > test_even[2]',
    'skipped pytest > test_cart > test_skip',
    'skipped pytest > test_cart > test_x',
    'failed pytest > test_cart > test_err @test_cart.py:10 | failed on setup with "RuntimeError: no database"',
    'passed pytest > test_cart.TestGroup > test_in',
  ],
  'surefire.junit.xml': [
    'passed com.example.CartTest > recovers @CartTest.java:21 after 1 | expected:<1> but was:<2>',
    'failed com.example.CartTest > staysBroken @CartTest.java:30 after 2 | no stock',
    'failed com.example.CartTest > explodes @Cart.java:7 | java.lang.NullPointerException',
    'skipped com.example.CartTest > later',
  ],
  'playwright.junit.xml': [
    'passed checkout.spec.ts > checkout › pays with a card',
    'passed checkout.spec.ts > checkout › pays twice @tests/checkout.spec.ts:31 after 1 | expect(locator).toBeVisible() failed',
    'failed checkout.spec.ts > checkout › shows the total @checkout.spec.ts:10 | checkout.spec.ts:10:5 shows the total',
  ],
  'gotestsum.junit.xml': [
    'failed example.com/shop > TestAdds @: | Failed',
    'failed example.com/shop > TestAdds/two @cart_test.go:4 | Failed',
    'passed example.com/shop > TestAdds/one',
    'skipped example.com/shop > TestSkip',
  ],
}

test('the dialects of JUnit XML and TAP are read without gaps', async () => {
  for (const [name, lines] of Object.entries(dialects)) {
    const evidence = await read(name)
    deepStrictEqual(testsOf(evidence).map(lineOf), lines, name)
    deepStrictEqual(evidence.contents[0]?.gaps, [], name)
  }
})

test('attachments and durations of tests are kept', async () => {
  deepStrictEqual(testsOf(await read('playwright.junit.xml')).at(-1)?.attachments, [
    'checkout-shows-the-total-chromium/test-failed-1.png',
    'checkout-shows-the-total-chromium/trace.zip',
  ])
  deepStrictEqual(
    testsOf(await read('surefire.junit.xml')).map(({ durationMs }) => durationMs),
    [200, 1_000_250, 0, 0],
  )
})

test('a report that does not tell the whole says so', async () => {
  const gaps = async (text: string): Promise<readonly string[]> =>
    (await readText(text)).flatMap((content) => content.gaps)
  deepStrictEqual(await gaps('TAP version 14\n1..3\nok 1 - a\nok 2 - b\n'), ['3 tests were planned, and 2 told of'])
  deepStrictEqual(await gaps('TAP version 13\nok 1 - a\n'), ['the TAP report has no plan, so it may end too early'])
  deepStrictEqual(await gaps('1..1\nok 1 - a\nBail out! no database\n'), ['the tests bailed out: no database'])
  deepStrictEqual(await gaps('<testsuite name="s" failures="2"><testcase name="a"/></testsuite>'), [
    'the suite "s" counts 2 failures, and 0 are told of',
  ])
  deepStrictEqual(await gaps('✔ a (1ms)\n'), ['the counts at the end are missing, so the report may end too early'])
  deepStrictEqual(await gaps('{"version":"2.1.0","runs":[]}'), ['the report holds no run, so no tool ran'])
  deepStrictEqual(
    await gaps(
      '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":null,"invocations":[{"executionSuccessful":false,"exitCodeDescription":"out of memory"}]}]}',
    ),
    ['T says that it failed: out of memory', 'T gives no results, not even an empty list'],
  )
  deepStrictEqual(await gaps('{"SchemaVersion":2,"ArtifactName":"."}'), ['Trivy found nothing that it could scan'])
})

test('an orphaned subtest keeps its failure', async () => {
  const [content] = await readText('TAP version 14\n1..1\nok 1 - a\n    not ok 1 - lost\n')
  deepStrictEqual(content?.kind === 'tests' && content.cases.map(({ outcome, name }) => `${outcome} ${name}`), [
    'passed a',
    'failed lost',
  ])
  deepStrictEqual(content?.gaps, [
    'a subtest that began with "lost" never ended',
    '1 tests were planned, and 2 told of',
  ])
})

const cart = {
  path: 'src/cart.js',
  totals: {
    lines: { covered: 5, total: 6 },
    branches: { covered: 4, total: 4 },
    functions: { covered: 2, total: 3 },
  },
  lines: [
    [2, 3],
    [3, 1],
    [5, 3],
    [6, 2],
    [9, 0],
    [11, 1],
  ],
  branches: [
    [2, 2, 2],
    [6, 2, 2],
  ],
  functions: [
    [1, 1, 1],
    [5, 1, 1],
    [8, 0, 1],
  ],
}

test('lcov, Cobertura and Istanbul tell the same coverage of the same run', async () => {
  for (const name of ['istanbul.lcov', 'istanbul.cobertura.xml', 'istanbul.json'])
    deepStrictEqual((await read(name)).contents, [{ kind: 'coverage', files: [cart], gaps: [] }], name)
  deepStrictEqual((await read('istanbul-summary.json')).contents, [
    { kind: 'coverage', files: [{ ...cart, lines: null, branches: null, functions: null }], gaps: [] },
  ])
})

test('a class of Cobertura without lines of its own has those of its methods', async () => {
  const line = (number: number, hits: number): string => `<line number="${number}" hits="${hits}"/>`
  const method = (name: string, lines: string): string => `<method name="${name}"><lines>${lines}</lines></method>`
  const text = `<coverage><packages><package><classes><class filename="a.py"><methods>${method('f', line(1, 2) + line(2, 0))}${method('g', line(4, 0))}</methods></class></classes></package></packages></coverage>`
  deepStrictEqual(await readText(text), [
    {
      kind: 'coverage',
      files: [
        {
          path: 'a.py',
          totals: { lines: { covered: 1, total: 3 }, branches: null, functions: { covered: 1, total: 2 } },
          lines: [
            [1, 2],
            [2, 0],
            [4, 0],
          ],
          branches: null,
          functions: [
            [1, 1, 1],
            [4, 0, 1],
          ],
        },
      ],
      gaps: [],
    },
  ])
})

test('JaCoCo and the newer records of lcov are read, and totals without lines', async () => {
  const coverage = async (content: Promise<readonly EvidenceContent[]>): Promise<CoverageContent['files']> =>
    (await content).flatMap((one) => (one.kind === 'coverage' ? one.files : []))
  deepStrictEqual(await coverage(read('jacoco.xml').then(({ contents }) => contents)), [
    {
      path: 'com/example/Cart.java',
      totals: {
        lines: { covered: 2, total: 3 },
        branches: { covered: 1, total: 2 },
        functions: { covered: 1, total: 2 },
      },
      lines: [
        [5, 1],
        [6, 1],
        [9, 0],
      ],
      branches: [[5, 1, 2]],
      functions: [[0, 1, 2]],
    },
  ])
  const newer =
    'TN:\nSF:/home/user/shop/a.c\nFNL:0,3,9\nFNA:0,2,main\nFNL:1,11,12\nFNA:1,0,helper\nDA:3,2,abc\nBRDA:3,0,0,-\nBRDA:3,e0,1,2\nLF:1\nLH:1\nend_of_record\nSF:b.c\nLF:4\nLH:3\nend_of_record\n'
  deepStrictEqual(await coverage(readText(newer)), [
    {
      path: 'a.c',
      totals: {
        lines: { covered: 1, total: 1 },
        branches: { covered: 1, total: 2 },
        functions: { covered: 1, total: 2 },
      },
      lines: [[3, 2]],
      branches: [[3, 1, 2]],
      functions: [
        [3, 1, 1],
        [11, 0, 1],
      ],
    },
    {
      path: 'b.c',
      totals: { lines: { covered: 3, total: 4 }, branches: null, functions: null },
      lines: null,
      branches: null,
      functions: null,
    },
  ])
})

const findingLine = (one: Finding): string =>
  [
    one.severity,
    one.score ?? '-',
    one.category,
    one.rule,
    one.aliases.join('+'),
    one.package === null
      ? `${one.file ?? ''}:${one.line ?? ''}`
      : `${one.package.name}@${one.package.version ?? ''}<${one.package.fixedIn ?? ''}`,
    ...(one.isNew === null ? [] : [one.isNew ? 'new' : 'old']),
    ...(one.suppressedBy === null ? [] : [`(${one.suppressedBy})`]),
  ].join(' ')

const scanners: Readonly<Record<string, readonly string[]>> = {
  'eslint.sarif': [
    'high - quality no-unused-vars  a.js:1',
    'high - quality no-undef  a.js:2',
    'medium - quality eqeqeq  a.js:2',
    'medium - quality eqeqeq  a.js:5 (legacy)',
  ],
  'codeql.sarif': [
    'high 8.8 security js/sql-injection CWE-089 src/db access.js:12 new',
    'low - quality js/unused-local-variable  src/db access.js:3 old (kept for the example)',
  ],
  'semgrep.sarif': ['high - security python.lang.security.audit.subprocess-shell-true CWE-78 app.py:7'],
  'npm-audit-2.json': ['high 7.5 vulnerability GHSA-c2qf-rxjj-qqgw CWE-1333 semver@<old-tool@3.0.0'],
  'npm-audit-1.json': ['high - vulnerability GHSA-35jh-r3h4-6jhm CVE-2021-23337+CWE-77 lodash@4.17.15<>=4.17.21'],
  'osv.json': [
    'high 7.2 vulnerability GHSA-35jh-r3h4-6jhm CVE-2021-23337 lodash@4.17.15<4.17.21',
    'unknown - vulnerability MAL-2025-1  lodash@4.17.15<',
  ],
  'trivy.json': [
    'high 7.5 vulnerability CVE-2022-25883 CWE-1333+GHSA-c2qf-rxjj-qqgw semver@7.3.4<7.5.2, 6.3.1, 5.7.2',
    'high - security DS002 AVD-DS-0002 Dockerfile:1',
    'critical - secret aws-access-key-id  .env:3',
  ],
  'cyclonedx.json': ['critical 9.8 vulnerability CVE-2025-1 CWE-79 type-fest@0.20.2<'],
}

test('a report says what it looked for: by its form, its rules, or what its tool is known for', async () => {
  const covered = async (name: string): Promise<string> =>
    (await read(name)).contents.flatMap((one) => (one.kind === 'findings' ? (one.covers ?? []) : [])).join(' ')
  const names = ['eslint.sarif', 'codeql.sarif', 'semgrep.sarif', 'osv.json', 'trivy.json', 'cyclonedx.json']
  deepStrictEqual(await Promise.all(names.map(covered)), [
    'quality',
    'security quality',
    'security quality',
    'security',
    'security',
    'security',
  ])
  const sarif = (tool: string, rules: readonly object[]): string => {
    const log = { version: '2.1.0', runs: [{ tool: { driver: { name: tool, rules } }, results: [] }] }
    return (readSarif(JSON.stringify(log), { path: 'r', root: '' }).covers ?? []).join(' ')
  }
  strictEqual(sarif('ESLint', []), 'quality')
  strictEqual(sarif('house-rules', [{ id: 'a', properties: { tags: ['style'] } }]), 'quality')
  strictEqual(sarif('house-rules', [{ id: 'a', properties: { tags: ['security'] } }]), 'security quality')
  // A scanner that found nothing often names no rule.
  strictEqual(sarif('sluice/secret-scan', []), 'security quality')
})

test('scanners are read with severity, place, package, baseline and suppression', async () => {
  for (const [name, lines] of Object.entries(scanners)) {
    const { contents } = await read(name)
    const findings = contents.flatMap((content) => (content.kind === 'findings' ? content.findings : []))
    deepStrictEqual(findings.map(findingLine), lines, name)
    deepStrictEqual(
      contents.flatMap(({ gaps }) => gaps),
      [],
      name,
    )
  }
})

test('a secret that a scanner found is not in the evidence', async () => {
  ok(!JSON.stringify(await read('trivy.json')).includes('AWS_KEY'))
})

test('licences come from bills of materials and from lists', async () => {
  const licences = async (name: string): Promise<readonly string[]> =>
    (await read(name)).contents.flatMap((content) =>
      content.kind === 'licences'
        ? content.packages.map((one) => `${one.name}@${one.version ?? ''} ${one.licence ?? ''}`)
        : [],
    )
  deepStrictEqual(await licences('cyclonedx.json'), [
    '@cyclonedx/cyclonedx-npm@6.0.1 Apache-2.0',
    'type-fest@0.20.2 (MIT OR CC0-1.0)',
    'inner@1.0.0 ',
  ])
  deepStrictEqual(await licences('license-checker.json'), [
    '@babel/code-frame@7.29.7 MIT',
    'caniuse-lite@1.0.30001 CC-BY-4.0',
    'old@0.1.0 MIT AND Apache-2.0',
    'odd@2.0.0 Custom: https://example.com/terms',
    'none@1.0.0 UNKNOWN',
  ])
  deepStrictEqual(
    await readText(
      '{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","versionInfo":"1.0.0","licenseConcluded":"NOASSERTION","licenseDeclared":"MIT"}]}',
    ),
    [{ kind: 'licences', packages: [{ name: 'a', version: '1.0.0', licence: 'MIT' }], gaps: [] }],
  )
  deepStrictEqual(await readText('{"ISC":[{"name":"b","versions":["1.0.0","2.0.0"],"license":"ISC"}]}'), [
    {
      kind: 'licences',
      packages: [
        { name: 'b', version: '1.0.0', licence: 'ISC' },
        { name: 'b', version: '2.0.0', licence: 'ISC' },
      ],
      gaps: [],
    },
  ])
})

test('sizes and measurements are read from what tools write', async () => {
  const [esbuild] = (await read('esbuild.meta.json')).contents
  deepStrictEqual(esbuild, { kind: 'sizes', files: [{ path: 'out.js', bytes: 270, compressedBytes: null }], gaps: [] })
  const [limit] = await readText('[{"name":"main","passed":true,"size":1234,"sizeLimit":2000}]')
  deepStrictEqual(limit, { kind: 'sizes', files: [{ path: 'main', bytes: null, compressedBytes: 1_234 }], gaps: [] })
  const numbers = async (text: string): Promise<readonly string[]> =>
    (await readText(text)).flatMap((content) =>
      content.kind === 'measurements'
        ? [
            ...content.measurements.map((one) => `${one.name} ${one.value} ${one.unit} ${one.better ?? ''}`),
            ...content.gaps,
          ]
        : [],
    )
  deepStrictEqual(await numbers('[{"name":"sort","value":12.5,"unit":"ms"}]'), ['sort 12.5 ms '])
  deepStrictEqual(
    await numbers(
      '{"results":[{"command":"ls","mean":0.002,"median":0.002,"min":0.001,"max":0.5,"exit_codes":[0,1]}]}',
    ),
    [
      'ls mean 2 ms lower',
      'ls median 2 ms lower',
      'ls min 1 ms lower',
      'ls max 500 ms lower',
      'the command "ls" failed while it was measured',
    ],
  )
  deepStrictEqual(
    await numbers(
      '{"metrics":{"http_req_duration":{"type":"trend","contains":"time","values":{"p(95)":210.5}},"http_req_failed":{"values":{"rate":0.01}}}}',
    ),
    ['http_req_duration p(95) 210.5 ms lower', 'http_req_failed rate 0.01  '],
  )
  deepStrictEqual(
    await numbers(
      '{"lighthouseVersion":"12.0.0","categories":{"performance":{"score":0.93},"seo":{"score":null}},"audits":{"interactive":{"numericValue":1500,"numericUnit":"millisecond"}}}',
    ),
    ['score performance 93  higher', 'interactive 1500 ms lower', 'Lighthouse gives no score for seo'],
  )
})

test('a file can be the evidence itself: its size, or a trace', async () => {
  const { contents } = await readReport('file-size', {
    bytes: bytesOf('a'.repeat(10_000)),
    path: './dist/app.js',
    root,
  })
  deepStrictEqual(contents, [
    { kind: 'sizes', files: [{ path: 'dist/app.js', bytes: 10_000, compressedBytes: 46 }], gaps: [] },
  ])
  const trace = await readReport('auto', { bytes: Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), path: 'out/trace.zip', root })
  deepStrictEqual(trace.contents, [
    {
      kind: 'attachments',
      attachments: [{ path: 'out/trace.zip', mediaType: 'application/zip', title: 'Playwright trace' }],
      gaps: [],
    },
  ])
  match(await refusal('no archive', 'playwright-trace'), /ZIP archive, and this is none/)
})

test("GitLab's reports of security and code quality are read", async () => {
  const security =
    '{"version":"15.0.0","scan":{"type":"sast","status":"failure","scanner":{"name":"S"}},"vulnerabilities":[{"severity":"Critical","name":"eval","location":{"file":"a.js","start_line":4},"identifiers":[{"value":"CWE-95"}]}]}'
  const [content] = await readText(security)
  deepStrictEqual(content?.kind === 'findings' && content.findings.map(findingLine), [
    'critical - security CWE-95  a.js:4',
  ])
  deepStrictEqual(content?.gaps, ['S says that its scan failed'])
  const quality =
    '[{"description":"too long","check_name":"length","fingerprint":"f","severity":"minor","location":{"path":"b.js","lines":{"begin":2}}}]'
  const [issues] = await readText(quality)
  deepStrictEqual(issues?.kind === 'findings' && issues.findings.map(findingLine), ['low - quality length  b.js:2'])
})

test('what cannot be read is refused with file and position', async () => {
  strictEqual(await refusal(''), 'r: the file is empty')
  strictEqual(
    await refusal('<testsuites>\n  <testsuite name="a">\n</testsuites>'),
    'r:3:14: this is not well-formed XML: unexpected close tag',
  )
  strictEqual(await refusal('{"version": "2.1.0",\n "runs": [}', 'sarif'), 'r:2:11: this is not JSON')
  match(await refusal('{"version": "2.1.0", "runs": [', 'sarif'), /^r:1:\d+: the JSON ends too early$/)
  strictEqual(
    await refusal('{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":{}}]}'),
    'r at runs[0].results: expected a list, found a object',
  )
  strictEqual(await refusal('SF:a.js\nDA:1,x\nend_of_record\n'), 'r:2: this is no record of lcov: "DA:1,x"')
  strictEqual(await refusal('SF:a.js\nDA:1,1\n'), 'r:1: the report ends before end_of_record of a.js')
  strictEqual(await refusal('hello'), 'r: this is no report of a form that is known')
  strictEqual(
    await refusal('<coverage clover="3"><project/></coverage>'),
    'r: expected <coverage> of Cobertura, found <coverage> of Clover',
  )
  strictEqual(
    await refusal('{"error":{"code":"ENOAUDIT","summary":"offline"}}', 'npm-audit'),
    'r: npm audit failed: offline',
  )
  strictEqual(await refusal('TAP version 99\n', 'tap'), 'r:1: TAP version 99 is none of 12, 13 and 14')
  strictEqual(await refusal('nothing at all', 'tap'), 'r: there is neither a plan nor a test in this TAP report')
  strictEqual(await refusal(Uint8Array.of(0x7b, 0xff, 0xff)), 'r: the file is not text in utf-8')
  match(await refusal('{}', 'xunit'), /^r: there is no report format "xunit"; there are auto, junit, /)
  match(await refusal('{"type":"test:pass","data":{}}\noops', 'node-events'), /^r:2: this line is not JSON$/)
})

test('entities beyond those of XML itself are refused, not expanded', async () => {
  const bomb =
    '<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><testsuite name="&b;"><testcase name="x"/></testsuite>'
  match(await refusal(bomb, 'junit'), /not well-formed XML: undefined entity/)
  const outside =
    '<!DOCTYPE t [<!ENTITY f SYSTEM "file:///etc/hostname">]><testsuite name="s"><testcase name="&f;"/></testsuite>'
  match(await refusal(outside, 'junit'), /not well-formed XML: undefined entity/)
})

test('depth and size have bounds', async () => {
  const deep = limits.reportDepthMax + 1
  match(await refusal('<testsuite>'.repeat(deep), 'junit'), /elements are deeper than 100/)
  match(await refusal(`1..1\n${' '.repeat(4 * deep)}ok 1 - a\n`, 'tap'), /subtests deeper than 100/)
  await rejects(
    readReport('lcov', { bytes: new Uint8Array(limits.reportBytesMax + 1), path: 'big', root }),
    /at most 67108864 are read/,
  )
  const long = testsOf({
    contents: await readText(
      `<testsuite><testcase name="a"><failure message="${'m'.repeat(100_000)}">${'d'.repeat(100_000)}</failure></testcase></testsuite>`,
    ),
  })
  deepStrictEqual(
    [long[0]?.failure?.message.length, long[0]?.failure?.detail.length],
    [limits.reportTextMax, limits.reportTextMax],
  )
})

test('texts of tests cannot write to a terminal', async () => {
  const [one] = testsOf({
    contents: await readText(
      '<testsuite><testcase name="a\u001B[31m&#x9b;b\u0007"><failure message="\u202Eevil\u001B]0;title\u0007"/></testcase></testsuite>',
    ),
  })
  deepStrictEqual([one?.name, one?.failure?.message], ['a\uFFFD[31mb\uFFFD', 'evil\uFFFD]0;title\uFFFD'])
  const tap = testsOf({ contents: await readText('1..1\nnot ok 1 - \u001B[31mred\u001B[0m\n') })
  strictEqual(tap[0]?.name, 'red')
})

test('other encodings than UTF-8 are read by their mark or declaration', async () => {
  const latin = Buffer.from(
    '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="caf\u00E9"/></testsuite>',
    'latin1',
  )
  const utf16 = Buffer.concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from('<testsuite><testcase name="café"/></testsuite>', 'utf16le'),
  ])
  for (const bytes of [latin, utf16]) {
    const evidence = await readReport('auto', { bytes, path: 'r', root })
    strictEqual(testsOf(evidence)[0]?.name, 'café')
  }
})

test('the digest is that of the bytes', async () => {
  const { source } = await readReport('tap', { bytes: bytesOf('1..0\n'), path: 'r.tap', root })
  deepStrictEqual(source, {
    path: 'r.tap',
    format: 'tap',
    bytes: 5,
    digest: 'sha256:ce9d7957120ac706d0166ba9b669e0448a049c84becf82f8cb461b050bd73f33',
  })
})

const samples = [
  ...Object.keys(dialects),
  ...Object.keys(scanners),
  'node.tap',
  'node-spec.txt',
  'node-events.ndjson',
  'node.junit.xml',
  'istanbul.lcov',
  'istanbul.json',
  'istanbul.cobertura.xml',
  'jacoco.xml',
  'license-checker.json',
]

test('every form has its row in docs/evidence.md, and the page names no other', () => {
  const page = readFileSync(new URL('../../../../../docs/evidence.md', import.meta.url), 'utf8')
  const rows = [...page.slice(page.indexOf('| form |'), page.indexOf('## Gates')).matchAll(/^\| `([a-z0-9-]+)` \|/gm)]
  deepStrictEqual(
    rows.map(([, name]) => name),
    [...reportFormats],
  )
})

test('a damaged report is read or refused, and nothing else', async () => {
  const damaged = fc.record({
    name: fc.constantFrom(...samples),
    format: fc.constantFrom('auto', ...reportFormats),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    put: fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('<', '{', '[', '"', 'null', '-1', '1e999', '\u0000', '&x;', '\n', '    '),
    ),
  })
  await fc.assert(
    fc.asyncProperty(damaged, async ({ name, format, at, length, put }) => {
      const text = new TextDecoder().decode(sample(name))
      const cut = Math.floor(at * text.length)
      try {
        await readReport(format, {
          bytes: bytesOf(text.slice(0, cut) + put + text.slice(cut + length)),
          path: name,
          root,
        })
      } catch (error) {
        ok(error instanceof SluiceError && error.code === 'evidence_unreadable', String(error))
        ok(!(error.cause instanceof RangeError || error.cause instanceof TypeError), String(error.cause))
      }
    }),
    { numRuns: 300 },
  )
})

test('where JSON breaks is found whatever is wrong with it', () => {
  const at = (text: string): number => {
    throws(() => JSON.parse(text), SyntaxError, text)
    return jsonFault(text)
  }
  deepStrictEqual(
    [
      '[1,]',
      '{"a":1,}',
      '{"a" 1}',
      '["\\x"]',
      '[01]',
      '[1}',
      '{"a":tru}',
      '[1] 2',
      '["a\nb"]',
      '{"a":',
      '[1, "x',
      '{1:2}',
      '-',
    ].map(at),
    [3, 7, 5, 2, 1, 2, 5, 4, 3, 5, 6, 1, 0],
  )
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(60), (text, cut) => {
      // A text that is JSON has no fault, and every prefix that is none ends too early or is cut inside a number or word.
      strictEqual(jsonFault(text), text.length)
      const prefix = text.slice(0, Math.min(cut, text.length - 1))
      const fault = jsonFault(prefix)
      ok(
        fault === prefix.length || /^[-0-9a-z.+E]+$/.test(prefix.slice(fault)) || prefix.slice(fault).startsWith('\\'),
        prefix,
      )
    }),
    { numRuns: 100 },
  )
})

test('any JSON is read or refused, by every reader of JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...reportFormats), async (value, format) => {
      try {
        await readReport(format, { bytes: bytesOf(JSON.stringify(value)), path: 'r', root })
      } catch (error) {
        ok(error instanceof SluiceError && error.code === 'evidence_unreadable', String(error))
        ok(!(error.cause instanceof RangeError || error.cause instanceof TypeError), String(error.cause))
      }
    }),
    { numRuns: 200 },
  )
})
