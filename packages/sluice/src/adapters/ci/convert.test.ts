import { deepStrictEqual, match, ok, rejects } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { distance } from 'fastest-levenshtein'
import { makeRepository } from '../../../test/workflows/support/repository.ts'
import { parseConfig } from '../../core/config/parse.ts'
import type { Settings } from '../../core/config/settings.ts'
import { gitSource } from '../source/git.ts'
import { importFrom } from './convert.ts'

type Imported = { readonly text: string; readonly settings: Settings }

const imported = async (context: TestContext, workflow: string): Promise<Imported> => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-convert-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const projectDir = join(root, 'project')
  const file = '.github/workflows/ci.yml'
  makeRepository(projectDir, { [file]: workflow })
  const request = { kind: 'github', projectDir, source: gitSource(projectDir), file, version: root } as const
  const { text } = await importFrom(request, context.signal)
  const config = join(root, 'sluice.config.ts')
  writeFileSync(
    config,
    text.replace("import { defineConfig } from 'sluice'", 'const defineConfig = (config: unknown): unknown => config'),
  )
  const value: unknown = (await import(pathToFileURL(config).href)).default
  return { text, settings: parseConfig(value, { file: 'sluice.config.ts', text, distance }) }
}

test('what is for other systems, or elsewhere, or asks for inputs is no hindrance to an import, and is told in it', async (context) => {
  const { text, settings } = await imported(
    context,
    `
on: { workflow_dispatch: { inputs: { version: { required: true, type: number } } } }
jobs:
  test:
    strategy: { matrix: { os: [ubuntu-latest, windows-latest, macos-14] } }
    runs-on: \${{ matrix.os }}
    steps: [{ uses: some/thing@v1 }, { run: npm test }]
  mac: { runs-on: macos-latest, steps: [{ run: xcodebuild }] }
  shared: { uses: octo/shared/.github/workflows/lint.yml@v1 }
  after: { needs: [test, mac, shared], runs-on: ubuntu-latest, steps: [{ run: echo after }] }
`,
  )
  deepStrictEqual(Object.keys(settings.pipeline.jobs), ['test-ubuntu-latest', 'after'])
  deepStrictEqual(settings.pipeline.jobs['after']?.needs, ['test-ubuntu-latest'])
  for (const told of [
    'test (windows-latest) is not here: jobs on windows-latest are skipped',
    'mac is not here: jobs on macos-latest are skipped',
    'shared is not here: jobs that call octo/shared/.github/workflows/lint.yml are skipped',
    'used some/thing@v1; write what it did as a step',
  ])
    ok(text.includes(told), `${told} in\n${text}`)
})

test('what somebody wrote over several lines stays a comment, and names that a config does not take are told', async (context) => {
  const { text, settings } = await imported(
    context,
    `
on: push
jobs:
  a:
    if: |
      github.ref == 'x'
      || (github.ref != 'y')
    runs-on: ubuntu-latest
    env: { a.b: '1', GOOD: '2' }
    services: { db: { image: postgres, env: { discovery.type: one, POSTGRES_DB: shop } } }
    steps:
      - run: echo a
      - { uses: actions/upload-artifact@v4, with: { name: dist, path: a } }
  b:
    runs-on: ubuntu-latest
    steps: [{ run: echo b }, { uses: actions/upload-artifact@v4, with: { name: dist, path: b } }]
`,
  )
  match(text, /\/\/ ran if: github\.ref == 'x' \|\| \(github\.ref != 'y'\)\n/)
  match(text, /names: a\.b\n/)
  match(text, /names: discovery\.type\n/)
  deepStrictEqual(Object.keys(settings.pipeline.jobs), ['a', 'b'])
})

test('a pipeline of which nothing could be carried over is refused', async (context) => {
  await rejects(
    imported(context, 'on: push\njobs: { a: { runs-on: macos-latest, steps: [{ run: echo }] } }\n'),
    /has no job that could be carried over/,
  )
})

test('what an option could not leave out by its name is refused, and not tried for ever', async (context) => {
  for (const label of ['my pool-windows', 'a=b-macos'])
    await rejects(
      imported(context, `on: push\njobs: { a: { runs-on: ${label}, steps: [{ run: echo }] } }\n`),
      label.includes(' ') ? /another system than this machine/ : /has no job that could be carried over/,
    )
})
