import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SluiceError } from '../errors.ts'
import { changedCoverage, compareCoverage, coverageTotals, fileCounts, fileCoverage, mergeFiles } from './coverage.ts'
import { parseDiff } from './diff.ts'
import { matchesGlob, matchesWildcard } from './glob.ts'
import { cvssScore, isAtLeast, severityOfScore } from './severity.ts'
import { parseLicence } from './spdx.ts'
import { told, toldPath } from './told.ts'
import type { FileCoverage, LineHits } from './types.ts'

const context = { path: 'r', root: '/home/user/shop' }

const file = (path: string, ...lines: readonly LineHits[]): FileCoverage => {
  const counts = fileCounts()
  for (const [line, hits] of lines) counts.addLine(line, hits)
  return fileCoverage(path, counts, context)
}

test('a diff gives the lines that it adds, by new path', () => {
  const text = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -3 +3,2 @@ function f() {
-old
+new
+new
@@ -10,2 +11 @@
--- looks like a header
-x
+y
\\ No newline at end of file
diff --git a/gone.ts b/gone.ts
deleted file mode 100644
--- a/gone.ts
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/old name.ts b/new name.ts
similarity index 90%
rename from old name.ts
rename to new name.ts
--- a/old name.ts\t
+++ b/new name.ts\t
@@ -1,3 +1,3 @@
 same
-b
+B
 same
diff --git "a/caf\\303\\251 \\"q\\".ts" "b/caf\\303\\251 \\"q\\".ts"
--- "a/caf\\303\\251 \\"q\\".ts"
+++ "b/caf\\303\\251 \\"q\\".ts"
@@ -0,0 +1 @@
+++ c
diff --git a/logo.png b/logo.png
Binary files a/logo.png and b/logo.png differ
`
  deepStrictEqual(
    [...parseDiff(text)],
    [
      ['src/a.ts', [3, 4, 11]],
      ['new name.ts', [2]],
      ['café "q".ts', [1]],
    ],
  )
  deepStrictEqual([...parseDiff('')], [])
})

test('a diff that was cut off, or is none, is refused with its line', () => {
  const refused = (text: string, detail: RegExp): void =>
    throws(
      () => parseDiff(text),
      (error: unknown) =>
        error instanceof SluiceError && error.code === 'evidence_unreadable' && detail.test(error.detail),
    )
  refused('+++ b/a\n@@ -1 +1,9 @@\n+x', /^diff: the diff ends inside a hunk/)
  refused('+++ b/a\n@@ -1,2 +1,2 @@\nx', /^diff:3: the diff ends inside a hunk/)
  refused('+++ b/a\n@@ nonsense @@\n', /^diff:2: this is no head of a hunk/)
})

test('coverage of a change looks at changed lines only, and finds packages by their end', () => {
  const files = [file('com/example/A.java', [1, 1], [2, 0], [3, 0]), file('src/b.ts', [1, 0])]
  const changed = new Map([
    ['src/main/java/com/example/A.java', [1, 2, 9]],
    ['src/c.ts', [1]],
  ])
  deepStrictEqual(changedCoverage(files, changed), {
    totals: { lines: { covered: 1, total: 2 }, branches: null, functions: null },
    uncovered: [{ path: 'src/main/java/com/example/A.java', lines: [2] }],
    unmeasured: ['src/c.ts'],
  })
})

test('a file of a report that two changed files end with is nobody’s', () => {
  const twice = [file('A.java', [1, 0]), file('example/A.java', [1, 0])]
  deepStrictEqual(changedCoverage(twice, new Map([['src/example/A.java', [1]]])).unmeasured, ['src/example/A.java'])
})

test('what coverage lost is told file by file, the worst first', () => {
  const before = [file('a.ts', [1, 1], [2, 1]), file('b.ts', [1, 1], [2, 1], [3, 1], [4, 1]), file('c.ts', [1, 0])]
  const pairs = before.map(({ path, totals }) => [path, totals.lines ?? { covered: 0, total: 0 }] as const)
  const after = [file('a.ts', [1, 1], [2, 0]), file('b.ts', [1, 1], [2, 1], [3, 1], [4, 0]), file('c.ts', [1, 1])]
  const change = compareCoverage({ totals: coverageTotals(before), files: pairs }, after)
  deepStrictEqual(
    change.drops.map(({ path }) => path),
    ['a.ts', 'b.ts'],
  )
  deepStrictEqual(
    [change.before.lines, change.after.lines],
    [
      { covered: 6, total: 7 },
      { covered: 5, total: 7 },
    ],
  )
})

const someFile = fc
  .record({ path: fc.constantFrom('a', 'b'), lines: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(3))) })
  .map(({ path, lines }) => file(path, ...lines))

test('joining reports does not depend on their order, and never covers less', () => {
  fc.assert(
    fc.property(fc.array(someFile, { maxLength: 6 }), (files) => {
      const all = mergeFiles(files)
      deepStrictEqual(mergeFiles(files.toReversed()), all)
      deepStrictEqual(mergeFiles([...mergeFiles(files.slice(0, 3)), ...mergeFiles(files.slice(3))]), all)
      for (const one of files) {
        const joined = all.find(({ path }) => path === one.path)?.totals.lines?.covered ?? 0
        ok(joined >= (one.totals.lines?.covered ?? 0))
      }
    }),
    { numRuns: 100 },
  )
})

test('globs match whole paths', () => {
  const yes = (path: string, pattern: string): void => ok(matchesGlob(path, pattern), `${path} ${pattern}`)
  const no = (path: string, pattern: string): void => ok(!matchesGlob(path, pattern), `${path} ${pattern}`)
  yes('src/core/a.ts', 'src/**')
  yes('src/core/a.ts', '**/*.ts')
  yes('a.ts', '**/*.ts')
  yes('src/a.test.ts', 'src/*.{test,spec}.ts')
  yes('src/x/y/z.ts', 'src/**/y/*.ts')
  yes('a', '?')
  no('src/core/a.ts', 'src/*')
  no('lib/src/a.ts', 'src/**')
  no('src/a.tsx', 'src/*.ts')
  no('src/a.ts', 'src')
  ok(matchesWildcard('a/b c', 'a*c') && !matchesWildcard('abd', 'a*c'))
})

test('a hostile pattern takes no longer than a kind one', () => {
  strictEqual(matchesGlob('a/'.repeat(500), `${'**/a/'.repeat(200)}b`), false)
  strictEqual(matchesWildcard('a'.repeat(20_000), `${'*a'.repeat(500)}b`), false)
})

test('CVSS 3 vectors give the scores of the specification', () => {
  deepStrictEqual(
    [
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H',
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
      'CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H',
      'CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N',
      'CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N',
      'CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N',
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H',
      'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
      'nonsense',
    ].map(cvssScore),
    [9.8, 10, 7.5, 7.2, 6.1, 1.6, 0, null, null, null],
  )
  deepStrictEqual([10, 9, 8.9, 7, 6.9, 4, 3.9, 0.1, 0].map(severityOfScore), [
    'critical',
    'critical',
    'high',
    'high',
    'medium',
    'medium',
    'low',
    'low',
    'info',
  ])
  deepStrictEqual(
    (['critical', 'high', 'medium', 'unknown'] as const).map((severity) => isAtLeast(severity, 'high')),
    [true, true, false, true],
  )
})

test('licence expressions bind WITH before AND before OR', () => {
  const licence = (id: string, exception: string | null = null) => ({ kind: 'licence', id, exception })
  deepStrictEqual(parseLicence('MIT or Apache-2.0 AND GPL-2.0+ WITH Classpath-exception-2.0'), {
    kind: 'or',
    parts: [
      licence('MIT'),
      { kind: 'and', parts: [licence('Apache-2.0'), licence('GPL-2.0+', 'Classpath-exception-2.0')] },
    ],
  })
  deepStrictEqual(parseLicence('((MIT*))'), licence('MIT'))
  for (const none of [
    '',
    'MIT OR',
    '(MIT',
    'MIT)',
    'AND',
    'MIT Apache-2.0',
    'SEE LICENSE IN x',
    'https://example.com',
    'MIT WITH OR',
    '('.repeat(900),
  ])
    strictEqual(parseLicence(none), null, none)
})

test('texts are cleaned, and paths cut at the checkout', () => {
  strictEqual(
    told('\u001B[31mred\u001B[0m \u001B]8;;x\u0007link\u001B]8;;\u0007\r\n\u0000tab\t\uD800'),
    'red link\ntab\t\uFFFD',
  )
  deepStrictEqual(
    [
      '/home/user/shop/a/b.ts',
      'file:///home/user/shop/a%20b.ts',
      './a//b/../c.ts',
      '..\\x.ts',
      '/etc/passwd',
      '/home/user/shopping/a.ts',
    ].map((path) => toldPath(path, context.root)),
    ['a/b.ts', 'a b.ts', 'a/c.ts', '../x.ts', '/etc/passwd', '/home/user/shopping/a.ts'],
  )
})
