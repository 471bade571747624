/** The house: rules of ARCHITECTURE.md and CONVENTIONS.md that a test can hold. `test/house-rules.test.ts` shows that each of them can fail. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errorTable } from '../packages/sluice/src/core/errors.ts'
import { unwritten } from '../scripts/docs/errors.ts'
import { pages } from '../scripts/docs/pages.ts'
import { dependencyRows, machineWords, missingRows, wrongChangelogLines } from './house/papers.ts'
import { words } from '../packages/sluice/src/cli/words.ts'
import { cycles, dashboardViolations, isTest, layerViolations, packagesWith } from './house/layers.ts'
import * as pagesRules from './house/pages.ts'
import * as rules from './house/rules.ts'
import { parseSource, type Source, type Violation } from './house/source.ts'
import * as structure from './house/structure.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
const sources: readonly Source[] = files
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => parseSource(path, read(path)))

/** Files that are started, not imported; only they work when they are loaded. */
const mains: ReadonlySet<string> = new Set([
  'packages/sluice/src/main.ts',
  'packages/dashboard/src/main.tsx',
  'packages/dashboard/build.ts',
  'packages/sluice/src/adapters/config/evaluate.ts',
  'packages/sluice/src/gateway/bin.ts',
  'packages/sluice/src/adapters/security/step-bin.ts',
])
const isStarted = (path: string): boolean => mains.has(path) || path.endsWith('worker.ts')

const none = (violations: readonly Violation[]): void => {
  deepStrictEqual(violations, [])
}

test('there is a house to look at', () => {
  ok(sources.length > 50)
})

test('each layer imports only what the table of the architecture allows', () => {
  none(sources.flatMap(layerViolations))
})

test('the dashboard is a client of the API, and knows of core what its client does', () => {
  none(sources.flatMap(dashboardViolations))
})

test('ports are types only', () => {
  none(sources.flatMap(structure.portsThatRun))
})

test('nothing inherits but errors', () => {
  none(sources.flatMap(structure.inheritance))
})

test('every machine begins with its transition table', () => {
  none(sources.flatMap(structure.untabledMachines))
})

test('tests mock nothing', () => {
  none(sources.flatMap(structure.mocks))
})

test('imports say node: and the ending of a file', () => {
  none(sources.flatMap(structure.unclearImports))
})

test('no files import values from each other in a circle', () => {
  none(cycles(sources))
})

test('a run of a few jobs does not wait for libraries that it has no use for', () => {
  const loaded = ['main.ts', 'serve.ts', 'state.ts', 'cli/program.ts', 'cli/commands/run.ts']
  deepStrictEqual(
    packagesWith(
      sources,
      loaded.map((path) => `packages/sluice/src/${path}`),
    ),
    ['commander'],
  )
})

test('core, ports and engine take clock, randomness, environment and network by argument', () => {
  none(sources.flatMap(rules.ambient))
})

test('core does not wait', () => {
  none(sources.flatMap(rules.waiting))
})

test('files stay under 400 lines (tests 800), functions under 70, with at most three positional parameters', () => {
  none(sources.flatMap(rules.sizes))
})

test('no enum, namespace, decorator, any, non-null, default export or export *', () => {
  none(sources.flatMap(rules.language))
})

test('casts are for as const, and for parsers that say so and why they may be trusted', () => {
  none(sources.flatMap(rules.casts))
})

test('no module-level mutable state and no work at import', () => {
  none(sources.filter(({ path }) => !isStarted(path)).flatMap(rules.moduleState))
})

test('no barrels', () => {
  none(sources.flatMap(rules.barrels))
})

test('every export has a docstring', () => {
  none(sources.flatMap(rules.docstrings))
})

test('names are whole words, and those of the glossary', () => {
  none(sources.flatMap(rules.names))
})

test('what a file exports, another one uses', () => {
  none(structure.unusedExports(sources))
})

test('nothing unfinished is left', () => {
  none(sources.flatMap(rules.leftovers))
})

test('the generated pages are what the code says now (npm run docs)', () => {
  for (const [path, render] of pages)
    deepStrictEqual(read(path), render(read(path)), `${path} is out of date: npm run docs`)
})

test('every error code is explained in docs/errors.md', () => {
  const page = read('docs/errors.md')
  ok(!page.includes(unwritten), 'a section of docs/errors.md is not yet written')
})

test('every error code is provoked by a test', () => {
  const tests = files.filter((path) => isTest(path) && /\.tsx?$/.test(path) && !path.startsWith('test/house')).map(read)
  const isProvoked = ([code, { number }]: readonly [string, { readonly number: number }]): boolean =>
    tests.some((text) => text.includes(`'${code}'`) || text.includes(`SLU-${number}`))
  none(
    Object.entries(errorTable)
      .filter((row) => !isProvoked(row))
      .map(([code]) => code),
  )
})

test('every dependency has its row in docs/dependencies.md, every row its dependency, and each is exact and imported', () => {
  const page = dependencyRows(read('docs/dependencies.md'))
  const wanted = files
    .filter((path) => path.endsWith('package.json') && !path.startsWith('bench/'))
    .flatMap((path) => missingRows(path, read(path), page))
  none(wanted)
  const named = files
    .filter((path) => path.endsWith('package.json'))
    .map(read)
    .join('\n')
  none(
    page
      .filter((name) => !named.includes(`"${name}":`))
      .map((name) => `docs/dependencies.md has ${name}, and no package.json has`),
  )
  const imported = new Set(
    sources.flatMap(({ imports, text }) => [
      ...imports.map(({ from }) => from),
      ...[...text.matchAll(/import\('([^']+)'\)/g)].map(([, from]) => from ?? ''),
    ]),
  )
  const runtime = Object.keys(JSON.parse(read('packages/sluice/package.json')).dependencies)
  none(
    runtime
      .filter((name) => ![...imported].some((from) => from === name || from.startsWith(`${name}/`)))
      .map((name) => `${name} is a dependency that nothing imports`),
  )
})

const repository = { files, read }
const papers = files.filter((path) => path.endsWith('.md') && !path.includes('/fixtures/'))
const commands = words.map(({ path }) => path)

test('every link of a page leads somewhere', () => {
  none(papers.flatMap((path) => pagesRules.brokenLinks(path, repository)))
})

test('every page of docs/ is in its index', () => {
  none(pagesRules.unlistedPages('docs/README.md', repository))
})

test('every command that a page or a hint tells people to type is there', () => {
  none(papers.flatMap((path) => pagesRules.unknownCommands(path, read(path), commands)))
  none(sources.filter(({ path }) => !isTest(path)).flatMap((source) => pagesRules.unknownHints(source, commands)))
})

test('the map of the architecture shows the folders and files that there are', () => {
  none(pagesRules.wrongMap('ARCHITECTURE.md', repository))
})

test('the glossary explains each word once', () => {
  none(pagesRules.twiceExplained('GLOSSARY.md', read('GLOSSARY.md')))
})

test('the changelog has its form', () => {
  none(wrongChangelogLines(read('CHANGELOG.md')))
})

test('no file speaks of the machine it was written on, or of a package registry', () => {
  const texts = files.filter((path) => !/\.(?:png|jpg|woff2|ico|gz|db)$/.test(path))
  none(texts.flatMap((path) => machineWords(path, read(path))))
})
