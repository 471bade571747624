/** Workflows of GitHub and pipelines of GitLab, typed into the real command line in a repository that has no config. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeRepository } from '../workflows/support/repository.ts'
import { type Ended, sluice } from './sluice.ts'

const workflow = `
on: push
permissions: { contents: read }
concurrency: { group: 'ci-\${{ github.ref }}', cancel-in-progress: true }
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { said: '\${{ steps.say.outputs.said }}' }
    steps:
      - id: say
        run: echo "said=\${{ github.event_name }} of \${{ vars.WHO }}" >> "$GITHUB_OUTPUT"
  other: { runs-on: ubuntu-latest, steps: [{ run: exit 1 }] }
`

const guarded = `
job:
  rules: [{ if: $TOKEN =~ /^correct/ }]
  script: [test "$(cat "$KEY")" = staple, 'echo "LONG=$\{#TOKEN}" > o.env']
  artifacts: { reports: { dotenv: o.env } }
`

const byHand = `
stages: [one, two]
first: { stage: one, script: echo }
by-hand: { stage: one, when: manual, allow_failure: false, script: echo }
follows: { stage: two, script: echo }
`

const asked = `
on: { workflow_dispatch: { inputs: { who: { type: string } } } }
jobs:
  greet:
    runs-on: ubuntu-latest
    outputs: { said: '\${{ steps.say.outputs.said }}' }
    steps: [{ id: say, run: 'echo "said=\${{ inputs.who }}" >> "$GITHUB_OUTPUT"' }]
`

const counted = `
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    outputs: { said: '\${{ github.run_number }}/\${{ github.run_attempt }}' }
    steps: [{ run: echo made > file }, { uses: actions/upload-artifact@v4, with: { name: file, path: file } }]
  use:
    needs: make
    runs-on: ubuntu-latest
    outputs: { said: '\${{ needs.make.outputs.said }} \${{ github.run_number }}/\${{ github.run_attempt }}' }
    steps: [{ uses: actions/download-artifact@v4, with: { name: file } }, { run: 'grep made file && test $GITHUB_RUN_ATTEMPT != 1' }]
`

const pipeline = `
workflow: { auto_cancel: { on_job_failure: all, on_new_commit: interruptible } }
variables: { COLOUR: red }
build:
  stage: build
  script: [echo "MADE=$COLOUR" > made.env]
  artifacts: { reports: { dotenv: made.env } }
"test: a/b":
  stage: test
  script: [test "$MADE" = blue]
`

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-foreign-'))
  makeRepository(join(root, 'My shop'), {
    '.github/workflows/ci.yml': workflow,
    '.github/workflows/asked.yml': asked,
    '.github/workflows/counted.yml': counted,
    '.github/workflows/wrong.yml': 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{ rnu: x }]\n',
    '.gitlab-ci.yml': pipeline,
    'guarded.yml': guarded,
    'by-hand.yml': byHand,
    'key.pem': 'staple',
  })
})
after(() => rm(root, { recursive: true, force: true }))

type Told = {
  readonly run: { readonly [field: string]: unknown; readonly jobs: readonly { readonly [field: string]: unknown }[] }
}

const typed = (...words: readonly string[]): Promise<Ended> => sluice({ cwd: join(root, 'My shop') }, 'run', ...words)
const jobsOf = ({ stdout, stderr }: Ended): readonly (readonly unknown[])[] => {
  strictEqual(stdout.trim().split('\n').length, 1, stdout + stderr)
  // Trusted: it is what the command printed.
  const { run } = JSON.parse(stdout) as Told
  return run.jobs.map(({ name, status, outputs }) => [run['service'], name, status, outputs])
}

test('a job of a workflow runs with what it is given; what is read differently is said before', async () => {
  const run = await typed('--workflow', '.github/workflows/ci.yml', '--job', 'build', '--var', 'WHO=ada', '--json')
  strictEqual(run.code, 0, run.stderr)
  deepStrictEqual(jobsOf(run), [['my-shop', 'build', 'succeeded', { said: 'push of ada' }]])
  match(run.stderr, /warning \.github\/workflows\/ci\.yml:3:\d+ permissions: /)
})

test('--input is that of the workflow, also beside --no-input; --var is for nothing but a workflow', async () => {
  const words = ['--workflow', '.github/workflows/asked.yml', '--event', 'workflow_dispatch', '--input', 'who=ada']
  const run = await typed(...words, '--no-input', '--json')
  strictEqual(run.code, 0, run.stderr)
  deepStrictEqual(jobsOf(run), [['my-shop', 'greet', 'succeeded', { said: 'ada' }]])
  const stray = await typed('--var', 'who=ada')
  strictEqual(stray.code, 2)
  match(stray.stderr, /--var is for a pipeline of another system/)
})

test('runs of a workflow are counted; one is run again as it was planned, with what succeeded and left files', async () => {
  const again = (...words: readonly string[]): Promise<Ended> =>
    sluice({ cwd: join(root, 'My shop') }, 'runs', 'retry', ...words, '--json')
  const idOf = ({ stdout }: Ended): string => String((JSON.parse(stdout) as Told).run['id'])
  const words = ['--workflow', '.github/workflows/counted.yml', '--json']
  const first = await typed(...words)
  strictEqual(first.code, 3, first.stderr)
  const second = await again(idOf(first), '--failed')
  strictEqual(second.code, 0, second.stderr)
  deepStrictEqual(jobsOf(second), [
    ['my-shop', 'make', 'succeeded', { said: '1/1' }],
    ['my-shop', 'use', 'succeeded', { said: '1/1 1/2' }],
  ])
  const whole = await again(idOf(second))
  deepStrictEqual(jobsOf(whole)[1], ['my-shop', 'use', 'succeeded', { said: '1/3 1/3' }])
  deepStrictEqual(jobsOf(await typed(...words))[0], ['my-shop', 'make', 'succeeded', { said: '2/1' }])
})

test('a pipeline of GitLab runs with variables that win over its own', async () => {
  const run = await typed('--gitlab', '.gitlab-ci.yml', '--var', 'COLOUR=blue', '--json')
  strictEqual(run.code, 0, run.stderr)
  deepStrictEqual(jobsOf(run), [
    ['my-shop', 'build', 'succeeded', { MADE: 'blue' }],
    ['my-shop', 'test: a/b', 'succeeded', {}],
  ])
  for (const key of ['on_job_failure', 'on_new_commit']) match(run.stderr, new RegExp(`warning .*${key}.*not done`))
})

test('secrets that are typed are masked variables, from the environment too, and their values are kept nowhere', async () => {
  const place = { cwd: join(root, 'My shop'), env: { TOKEN: 'correct-horse' } }
  const words = ['run', '--gitlab', 'guarded.yml', '--secret', 'TOKEN', '--secret-file', 'KEY=key.pem', '--json']
  const run = await sluice(place, ...words)
  strictEqual(run.code, 0, run.stderr)
  deepStrictEqual(jobsOf(run), [['my-shop', 'job', 'succeeded', { LONG: '13' }]])
  const database = await readFile(join(root, 'My shop', '.sluice', 'state.db'))
  strictEqual(database.includes('correct-horse'), false)
  const missing = await typed('--gitlab', 'guarded.yml', '--secret', 'NOBODY_HAS_IT')
  strictEqual(missing.code, 2)
  match(missing.stderr, /there is no secret NOBODY_HAS_IT/)
})

test('a run that only waits for somebody ends, since nobody can come; --play and --job are that somebody', async () => {
  const run = await typed('--gitlab', 'by-hand.yml')
  strictEqual(run.code, 5, run.stderr)
  match(run.stderr, /waits for somebody to start a job/)
  const played = await typed('--gitlab', 'by-hand.yml', '--play', 'by-hand', '--json')
  strictEqual(played.code, 0, played.stderr)
  deepStrictEqual(
    jobsOf(played).map(([, name, status]) => [name, status]),
    [
      ['first', 'succeeded'],
      ['by-hand', 'succeeded'],
      ['follows', 'succeeded'],
    ],
  )
  const named = await typed('--gitlab', 'by-hand.yml', '--job', 'by-hand', '--json')
  deepStrictEqual(jobsOf(named), [['my-shop', 'by-hand', 'succeeded', {}]])
})

test('what a workflow says wrong is told with its place, and nothing runs', async () => {
  const run = await typed('--workflow', '.github/workflows/wrong.yml')
  strictEqual(run.code, 2)
  match(run.stderr, /SLU-1002/)
  match(run.stderr, /\.github\/workflows\/wrong\.yml:5:\d+ /)
})

test('a pipeline is imported as a config, which is exported as a workflow', async () => {
  const place = { cwd: join(root, 'My shop') }
  const imported = await sluice(place, 'import', 'gitlab', '--json')
  strictEqual(imported.code, 0, imported.stderr)
  const { wrote, from } = JSON.parse(imported.stdout)
  deepStrictEqual([wrote, from], ['sluice.config.ts', '.gitlab-ci.yml'])
  const again = await sluice(place, 'import', 'gitlab')
  match(again.stderr, /is there already/)
  const exported = await sluice(place, 'export', 'github')
  strictEqual(exported.code, 0, exported.stderr)
  match(exported.stdout, /^ {2}test-a-b:$/m)
  match(exported.stdout, /^ {4}needs:\s+(?:\[ ?|- )build/m)
})
