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
import type { ManualInput } from '../../core/pipeline/job-plan.ts'
import { gitSource } from '../source/git.ts'
import { exportTo, importFrom } from './convert.ts'

type Imported = { readonly text: string; readonly settings: Settings; readonly projectDir: string }

type Kind = 'github' | 'gitlab'

const imported = async (context: TestContext, workflow: string, kind: Kind = 'github'): Promise<Imported> => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-convert-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const projectDir = join(root, 'project')
  const file = kind === 'github' ? '.github/workflows/ci.yml' : '.gitlab-ci.yml'
  makeRepository(projectDir, { [file]: workflow })
  const request = { kind, projectDir, source: gitSource(projectDir), file, version: root }
  const { text } = await importFrom(request, context.signal)
  const config = join(root, 'sluice.config.ts')
  writeFileSync(
    config,
    text.replace("import { defineConfig } from 'sluice'", 'const defineConfig = (config: unknown): unknown => config'),
  )
  const value: unknown = (await import(pathToFileURL(config).href)).default
  return { text, settings: parseConfig(value, { file: 'sluice.config.ts', text, distance }), projectDir }
}

/** Exported, and imported again. */
const back = async (context: TestContext, { settings, projectDir }: Imported, kind: Kind): Promise<Imported> => {
  const { text } = await exportTo({ kind, projectDir, source: gitSource(projectDir), settings }, context.signal)
  return imported(context, text, kind)
}

const askedIn = ({ settings }: Imported): readonly ManualInput[] => settings.pipeline.on.manual?.inputs ?? []

const scriptsIn = ({ settings }: Imported): unknown =>
  Object.values(settings.pipeline.jobs).map(({ steps, env }) => [steps.map(({ run }) => run), env])

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

const dispatched = `
on:
  push:
  workflow_dispatch:
    inputs:
      target: { type: choice, options: [eu, us], default: us, description: Where it goes }
      dry-run: { type: boolean }
      rounds: { type: number, default: 3 }
      note: { required: true }
      where: { type: environment }
      PATH: { default: /x }
      odd: { type: choice, options: [a], default: b }
env: { REGION: "\${{ github.event.inputs.target }}", PLAIN: '1' }
jobs:
  test:
    runs-on: ubuntu-latest
    env: { note: "\${{ inputs.note }}" }
    steps:
      - { run: "go \${{ inputs.Rounds }}x \${{ inputs['dry-run'] }} \${{ inputs.PATH }}", env: { N: "\${{ inputs.note }}!" } }
      - run: echo done
`

test('inputs of a workflow are those of the pipeline, its expressions are their variables, and an export and import again give the same', async (context) => {
  const first = await imported(context, dispatched)
  const input = (name: string, kind: ManualInput['kind'], more: Partial<ManualInput> = {}): ManualInput => ({
    name,
    kind,
    choices: [],
    default: null,
    isRequired: false,
    description: '',
    ...more,
  })
  deepStrictEqual(askedIn(first), [
    input('target', 'choice', { choices: ['eu', 'us'], default: 'us', description: 'Where it goes' }),
    input('dry_run', 'boolean', { default: 'false' }),
    input('rounds', 'number', { default: '3' }),
    input('note', 'text', { isRequired: true }),
    input('where', 'text'),
    input('INPUT_PATH', 'text', { default: '/x' }),
    input('odd', 'choice', { choices: ['a'] }),
  ])
  deepStrictEqual(scriptsIn(first), [
    [
      [
        'export REGION="$target"\nexport N="$note!"\ngo ${rounds}x $dry_run $INPUT_PATH',
        'export REGION="$target"\necho done',
      ],
      { PLAIN: '1' },
    ],
  ])
  for (const told of [
    'input dry-run is $dry_run here',
    'input PATH is $INPUT_PATH here',
    'the names of environments, which GitHub offers for it, are not known',
    'the default is left out: input odd is "b"; choices: a',
    'in runs that nobody starts by hand inputs have their defaults here',
  ])
    ok(first.text.includes(told), `${told} in\n${first.text}`)
  const second = await back(context, first, 'github')
  deepStrictEqual([askedIn(second), scriptsIn(second)], [askedIn(first), scriptsIn(first)])
})

test('what a workflow that is called gets is no input of the pipeline', async (context) => {
  const called = `
on: { workflow_call: { inputs: { target: { type: string } } } }
jobs: { a: { runs-on: ubuntu-latest, steps: [{ run: "go \${{ inputs.target }}" }] } }
`
  const one = await imported(context, called)
  deepStrictEqual(askedIn(one), [])
  ok(one.text.includes('expressions that GitHub would fill in: ${{ inputs.target }}'), one.text)
})

test('variables of GitLab that its form shows are inputs, and what a spec fills in is told; an export and import again give the same', async (context) => {
  const first = await imported(
    context,
    `
spec: { inputs: { version: { default: '1.2' } } }
---
variables:
  TARGET: { value: us, options: [eu, us], description: Where it goes }
  DRY: { value: 'false', options: ['true', 'false'] }
  NOTE: { description: NOTE }
  URL: { value: https://$TARGET.example.com, description: made of another }
  PLAIN: x
test: { script: 'go $[[ inputs.version ]] $TARGET $URL' }
`,
    'gitlab',
  )
  deepStrictEqual(
    askedIn(first).map(({ name, kind, choices, default: standard, description }) => [
      name,
      kind,
      choices,
      standard,
      description,
    ]),
    [
      ['TARGET', 'choice', ['eu', 'us'], 'us', 'Where it goes'],
      ['DRY', 'boolean', [], 'false', ''],
      ['NOTE', 'text', [], null, ''],
    ],
  )
  deepStrictEqual(scriptsIn(first), [[['go 1.2 $TARGET $URL'], { URL: 'https://us.example.com', PLAIN: 'x' }]])
  ok(first.text.includes('the input version is filled in with "1.2"'), first.text)
  ok(first.text.includes('its value is made of other variables'), first.text)
  const second = await back(context, first, 'gitlab')
  deepStrictEqual([askedIn(second), scriptsIn(second)], [askedIn(first), scriptsIn(first)])
})
