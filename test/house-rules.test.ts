/** Each rule of the house, shown to fail on code that breaks it and to pass on code that does not. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { cycles, dashboardViolations, layerViolations, packagesWith } from './house/layers.ts'
import * as pages from './house/pages.ts'
import { dependencyRows, machineWords, missingRows, wrongChangelogLines } from './house/papers.ts'
import * as rules from './house/rules.ts'
import { parseSource, type Source, type Violation } from './house/source.ts'
import * as structure from './house/structure.ts'

const at = (path: string, text: string): Source => parseSource(`packages/sluice/src/${path}`, text)

type Rule = (source: Source) => readonly Violation[]

const breaks = (rule: Rule, path: string, ...texts: readonly string[]): void => {
  for (const text of texts) strictEqual(rule(at(path, text)).length > 0, true, `not noticed: ${text}`)
}

const keeps = (rule: Rule, path: string, ...texts: readonly string[]): void => {
  for (const text of texts) deepStrictEqual(rule(at(path, text)), [], text)
}

test('a layer that imports what it may not is noticed', () => {
  breaks(
    layerViolations,
    'core/a.ts',
    "import { x } from 'node:fs'",
    "import { x } from '../engine/loop.ts'",
    "import x from 'hono'",
    "import type { X } from '../ports/store.ts'",
  )
  breaks(
    layerViolations,
    'core/a.ts',
    "const x = await import('../engine/loop.ts')",
    "export { x } from '../lib/x.ts'",
    "import '../../../sdk/src/x.ts'",
  )
  breaks(layerViolations, 'ports/a.ts', "import { x } from '../core/model.ts'")
  breaks(
    layerViolations,
    'engine/a.ts',
    "import { x } from 'node:crypto'",
    "import { x } from '../drivers/process/driver.ts'",
  )
  breaks(
    layerViolations,
    'gateway/a.ts',
    "import { x } from '../engine/loop.ts'",
    "import { x } from 'undici'",
    "import type { X } from '../ports/router.ts'",
  )
  breaks(
    layerViolations,
    'drivers/process/a.ts',
    "import { x } from '../docker/driver.ts'",
    "import { x } from '../../engine/loop.ts'",
    "import { x } from '../../routers/gateway/router.ts'",
  )
  breaks(
    layerViolations,
    'http/a.ts',
    "import { x } from '../adapters/store/memory.ts'",
    "import { x } from '../cli/run.ts'",
  )
  breaks(
    layerViolations,
    'cli/a.ts',
    "import { x } from '../engine/loop.ts'",
    "import { x } from '../http/server.ts'",
    "const x = await import('../app.ts')",
  )
  breaks(layerViolations, 'attic/a.ts', 'export const x = 1')
  breaks(layerViolations, 'attic.ts', 'export const x = 1')
})

test('packages are found through the files that load them, and only those', () => {
  const files = [
    at('cli/a.ts', "import { b } from './b.ts'\nimport type { X } from 'typed'\nconst late = () => import('./c.ts')"),
    at('cli/b.ts', "import { z } from 'zod'\nimport { readFile } from 'node:fs'"),
    at('cli/c.ts', "import pino from 'pino'"),
  ]
  deepStrictEqual(packagesWith(files, ['packages/sluice/src/cli/a.ts']), ['zod'])
})

test('a layer that imports what it may is left alone', () => {
  keeps(layerViolations, 'core/a.ts', "import { z } from 'zod'", "import { x } from './b/c.ts'", 'export const x = 1')
  keeps(layerViolations, 'core/a.test.ts', "import { x } from 'node:fs'")
  keeps(layerViolations, 'ports/a.ts', "import type { X } from '../core/model.ts'")
  keeps(
    layerViolations,
    'runner/a.ts',
    "import type { X } from '../ports/runner.ts'",
    "import { x } from '../lib/tar.ts'",
  )
  keeps(
    layerViolations,
    'drivers/process/a.ts',
    "import { x } from './requests.ts'",
    "import { x } from 'execa'",
    "import type { X } from '../../ports/driver.ts'",
  )
  keeps(layerViolations, 'cli/commands/a.ts', "import { x } from '../../http/client.ts'")
  keeps(layerViolations, 'app.ts', "import { x } from './drivers/process/driver.ts'")
})

test('a dashboard that knows more than the client of the API does is noticed', () => {
  const page = (text: string): Source => parseSource('packages/dashboard/src/pages/a.tsx', text)
  for (const text of [
    "import { x } from '../../../sluice/src/core/judge/assess.ts'",
    "import type { X } from '../../../sluice/src/engine/loop.ts'",
    "const x = await import('../../../sluice/src/http/server.ts')",
  ])
    strictEqual(dashboardViolations(page(text)).length, 1, text)
  for (const text of [
    "import { x } from '../../../sluice/src/http/client/words.ts'",
    "import type { X } from '../../../sluice/src/core/model.ts'",
    "import { publicCode } from '../../../sluice/src/core/errors.ts'",
    "import { x } from '../live/store.ts'\nimport { y } from 'preact'",
  ])
    deepStrictEqual(dashboardViolations(page(text)), [], text)
})

test('a port that does something is noticed', () => {
  breaks(structure.portsThatRun, 'ports/a.ts', 'export const a = 1', 'export class A {}', 'const a = 1')
  keeps(
    structure.portsThatRun,
    'ports/a.ts',
    "import type { X } from '../core/model.ts'\nexport type A = X\nexport interface B { a: A }",
    "export type { X } from './b.ts'",
  )
})

test('inheritance is noticed, but from errors', () => {
  breaks(structure.inheritance, 'core/a.ts', 'class A extends B {}', 'export const a = class extends b.C {}')
  keeps(structure.inheritance, 'core/a.ts', 'class A {}', 'class A extends Error {}', 'class A extends SluiceError {}')
})

test('a machine without its transition table is noticed', () => {
  const machine = 'export const doorMachine: Machine<A, B, C> = { version: 1 }'
  breaks(structure.untabledMachines, 'core/door.ts', machine, `/** A door. */\n${machine}`)
  keeps(
    structure.untabledMachines,
    'core/door.ts',
    `/**\n * A door.\n *\n * | status | event | next |\n */\n${machine}`,
    'export const machineVersion = 1',
    'export const simpleMachine = (name: string) => ({ name })',
  )
})

test('a mock in a test is noticed', () => {
  breaks(structure.mocks, 'core/a.test.ts', 'mock.method(a, "b")', 'test("x", (t) => { t.mock.timers.enable() })')
  keeps(structure.mocks, 'core/a.test.ts', 'test("x", () => { mock() })')
})

test('imports that do not say what they are of are noticed', () => {
  breaks(structure.unclearImports, 'lib/a.ts', "import { x } from 'fs'", "import { x } from './b'")
  keeps(
    structure.unclearImports,
    'lib/a.ts',
    "import { x } from 'node:fs'",
    "import { x } from './b.ts'",
    "import 'zod'",
  )
})

test('an export that nobody uses is noticed', () => {
  const files = (reader: string): readonly Source[] => [
    at('core/a.ts', 'export const one = 1\nexport type Two = 2'),
    at('cli/b.ts', reader),
  ]
  strictEqual(structure.unusedExports(files("import type { Two } from '../core/a.ts'")).length, 1)
  strictEqual(structure.unusedExports(files('const one = 1')).length, 1)
  deepStrictEqual(structure.unusedExports(files("import { one } from '../core/a.ts'")), [])
  deepStrictEqual(structure.unusedExports(files("const late = async () => (await import('../core/a.ts')).one")), [])
})

test('a circle of value imports is noticed, one through types is none', () => {
  const circle = [
    at('core/a.ts', "import { b } from './b.ts'"),
    at('core/b.ts', "import { c } from './c.ts'"),
    at('core/c.ts', "export { a } from './a.ts'"),
  ]
  strictEqual(cycles(circle).length, 1)
  deepStrictEqual(
    cycles([at('core/a.ts', "import { b } from './b.ts'"), at('core/b.ts', "import type { A } from './a.ts'")]),
    [],
  )
})

test('clock, randomness, environment and network that are reached for are noticed', () => {
  const reaching = [
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'performance.now()',
    'process.env.HOME',
    "fetch('x')",
    'setTimeout(f, 1)',
    'crypto.randomUUID()',
    'randomUUID()',
  ]
  for (const text of reaching) breaks(rules.ambient, 'core/a.ts', `export const x = (f) => ${text}`)
  breaks(rules.ambient, 'engine/a.ts', 'export const f = setInterval')
  breaks(rules.ambient, 'core/a.ts', 'export const at = (ms) => new Date(ms).toISOString()')
  keeps(
    rules.ambient,
    'engine/a.ts',
    'export const at = (clock: Clock) => clock.now()',
    "export const at = Date.parse('2026-01-01')",
    'export const at = new Date(0)',
  )
  keeps(
    rules.ambient,
    'core/a.ts',
    'export const x = { fetch: 1, setTimeout: 2 }',
    'export const x = (a) => a.fetch()',
    "export const at = Date.parse('2026-01-01')",
    'export type X = { fetch: typeof fetch }',
  )
  keeps(rules.ambient, 'gateway/a.ts', 'export const x = Date.now()')
})

test('core that waits is noticed', () => {
  breaks(rules.waiting, 'core/a.ts', 'export const f = async () => 1', 'export async function f() {}', 'await 1')
  keeps(rules.waiting, 'engine/a.ts', 'export const f = async () => 1')
})

test('files, functions and parameter lists that outgrew their bound are noticed', () => {
  const long = (lines: number): string => '\n'.repeat(lines)
  breaks(
    rules.sizes,
    'core/a.ts',
    long(401),
    `const f = () => {${long(70)}}`,
    'const f = (a, b, c, d) => 1',
    'class C { m(a, b, c, d) {} }',
  )
  breaks(rules.sizes, 'core/a.test.ts', long(801))
  keeps(rules.sizes, 'core/a.ts', long(400), `const f = () => {${long(69)}}`, 'const f = (a, b, c, signal) => 1')
  keeps(rules.sizes, 'core/a.test.ts', `describe('x', () => {\ntest('y', () => {})${long(100)}})`)
})

test('syntax that does not erase or that hides the truth is noticed', () => {
  breaks(
    rules.language,
    'core/a.ts',
    'enum A { B }',
    'namespace A { export const b = 1 }',
    'class A { constructor(private b: string) {} }',
    'const a: any = 1',
    'const a = b!',
    'const a = <string>b',
    'export default 1',
    "export * from './b.ts'",
    'var a = 1',
  )
  keeps(rules.language, 'core/a.ts', 'export const a: unknown = !b', 'export type A = string')
})

test('a cast is noticed, unless it is as const or a parser says why it may be trusted', () => {
  breaks(
    rules.casts,
    'core/a.ts',
    'export const a = b as string',
    '/** Reads. */\nexport const a = (b: unknown) => b as string',
  )
  keeps(
    rules.casts,
    'core/a.ts',
    'export const a = [1] as const',
    '/** Documented parser: every field is looked at. */\nexport const a = (b: unknown) => b as string',
    'export const a = (b: unknown) =>\n  // Trusted: written by us.\n  b as string',
    "/** Parsers of lines. */\nimport { x } from './x.ts'\nexport const a = (b: unknown) => b as string",
  )
})

test('module-level state and work at import are noticed', () => {
  breaks(
    rules.moduleState,
    'core/a.ts',
    'let a = 1',
    'export let a = 1',
    'start()',
    'await start()',
    'for (const a of b) {}',
  )
  keeps(rules.moduleState, 'core/a.ts', 'const a = 1', 'export const f = () => { let a = 1; start() }', 'a satisfies B')
})

test('a barrel is noticed, an index is none', () => {
  breaks(rules.barrels, 'core/a.ts', "export { x } from './x.ts'")
  keeps(rules.barrels, 'index.ts', "export { x } from './x.ts'")
  keeps(rules.barrels, 'core/a.ts', "export { x } from './x.ts'\nexport const y = 1")
})

test('an export without a docstring is noticed', () => {
  breaks(
    rules.docstrings,
    'core/a.ts',
    'export const a = 1',
    '// not one\nexport const a = 1',
    '/** of b */\nconst b = 1\nexport type A = string',
  )
  keeps(rules.docstrings, 'core/a.ts', '/** A. */\nexport const a = 1', 'const a = 1', "export { a } from './a.ts'")
})

test('names that are abbreviated or say another word are noticed', () => {
  breaks(
    rules.names,
    'core/a.ts',
    'export const parseCfg = 1',
    'export const rolloutCtx = 1',
    'export type Deployment = string',
    'export class PodWatcher {}',
  )
  breaks(rules.names, 'lib/stringUtils.ts', 'export const a = 1')
  breaks(rules.names, 'lib/utils.ts', 'export const a = 1')
  keeps(rules.names, 'lib/mask-secrets.ts', 'export const maskSecrets = 1', 'const cfg = 1')
})

test('what was left unfinished is noticed', () => {
  // Put together from parts, so that this very file keeps the rule.
  breaks(
    rules.leftovers,
    'core/a.ts',
    `// ${['TO', 'DO'].join('')} later`,
    `${['test', 'only'].join('.')}('x', () => {})`,
    'debugger',
  )
  keeps(rules.leftovers, 'core/a.ts', '// to do this, that is needed first')
})

test('a dependency without a row, or without an exact version, is noticed', () => {
  const rows = dependencyRows('| package | a | b | c |\n|---|---|---|---|\n| `zod` | saves | nothing | by hand |\n')
  deepStrictEqual(rows, ['zod'])
  deepStrictEqual(missingRows('p', '{ "dependencies": { "zod": "4.0.0", "@sluice/sdk": "*" } }', rows), [])
  strictEqual(missingRows('p', '{ "dependencies": { "left": "1.0.0" } }', rows).length, 1)
  strictEqual(missingRows('p', '{ "devDependencies": { "zod": "^4.0.0" } }', rows).length, 1)
})

test('a changelog out of form is noticed', () => {
  deepStrictEqual(wrongChangelogLines('# Changelog\n\n## 0.2.0 (unreleased)\n\n- This.\n\n## 0.1.0 (2026-01-31)\n'), [])
  for (const text of [
    '# Changes\n\n## 0.1.0 (unreleased)\n',
    '# Changelog\n',
    '# Changelog\n\n## v1\n',
    '# Changelog\n\n## 0.1.0 (2026-01-01)\n\n## 0.2.0 (2026-02-01)\n',
    '# Changelog\n\n## 0.1.0 (unreleased)\n\n* this\n',
  ]) {
    strictEqual(wrongChangelogLines(text).length > 0, true, text)
  }
})

test('paths of one machine and registries are noticed', () => {
  const machine = ['', 'work', 'main'].join('/')
  for (const text of [`see ${machine}/x`, `'${machine}/x'`, `"https://${['registry', 'npmjs', 'org'].join('.')}/zod"`])
    strictEqual(machineWords('a', text).length, 1, text)
  deepStrictEqual(machineWords('a', 'https://example.org/work/x and ./work/x and /usr/bin/node'), [])
})

const pagesOf = (texts: Readonly<Record<string, string>>): pages.Repository => ({
  files: Object.keys(texts),
  read: (path) => texts[path] ?? '',
})

test('a link that leads nowhere is noticed', () => {
  const at = (text: string): number =>
    pages.brokenLinks('docs/a.md', pagesOf({ 'docs/a.md': text, 'docs/b.md': '# One two', 'x/y.ts': '' })).length
  for (const text of ['[a](c.md)', '[a](b.md#three)', '[a](#here)', '[a](../docs/c.md)']) strictEqual(at(text), 1, text)
  for (const text of ['[a](b.md)', '[a](b.md#one-two)', '[a](../x)', '[a](https://example.org)', '`[a](c.md)`'])
    strictEqual(at(text), 0, text)
})

test('a page that its index does not list is noticed', () => {
  strictEqual(pages.unlistedPages('docs/README.md', pagesOf({ 'docs/README.md': '', 'docs/x/b.md': '' })).length, 1)
  deepStrictEqual(
    pages.unlistedPages('docs/README.md', pagesOf({ 'docs/README.md': '[b](x/b.md)', 'docs/x/b.md': '' })),
    [],
  )
})

test('a command that there is not is noticed, on a page and in a hint', () => {
  const paths = ['deploy', 'env lock']
  for (const text of ['`sluice fly`', '```sh\nnpx sluice env paint x\n```', '`sluice envs`'])
    strictEqual(pages.unknownCommands('a.md', text, paths).length, 1, text)
  for (const text of [
    '`sluice deploy staging`',
    '```sh\nsluice env lock x # why\n```',
    '`sluice env`',
    'sluice is a word',
  ])
    deepStrictEqual(pages.unknownCommands('a.md', text, paths), [], text)
  const hints = (text: string): number => pages.unknownHints(at('core/a.ts', text), paths).length
  strictEqual(hints("const a = { hint: 'sluice fly' }"), 1)
  strictEqual(hints('const a = { hint: `look: sluice env paint ${b}` }'), 1)
  strictEqual(hints("const a = { hint: 'sluice env lock', detail: 'sluice flies' }"), 0)
})

test('a map that shows what is not there, or not all, is noticed', () => {
  const files = { 'packages/sluice/src/core/a.ts': '', 'packages/sluice/src/core/judge/b.ts': '' }
  const wrong = (text: string): number =>
    pages.wrongMap('A.md', pagesOf({ ...files, 'A.md': `## Code map\n${text}` })).length
  strictEqual(wrong('`core/` has `a.ts` and `judge/`'), 0)
  strictEqual(wrong('`core/` has `c.ts` and `judge/`'), 1)
  strictEqual(wrong('`core/` has `a.ts`'), 1)
})

test('a word that is explained twice is noticed', () => {
  strictEqual(pages.twiceExplained('G.md', '| **a**, **b** | x |\n| **b** | y |').length, 1)
  deepStrictEqual(pages.twiceExplained('G.md', '| **a**, **b** | x |\n| **b** (of c) | y |'), [])
})
