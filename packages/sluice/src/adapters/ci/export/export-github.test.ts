import { deepStrictEqual, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { job, options, sample, step } from '../../../../test/workflows/export/sample.ts'
import { exportGithub } from './export-github.ts'
import { withoutLoop } from './github-steps.ts'

type Written = {
  readonly permissions: unknown
  readonly on: unknown
  readonly jobs: Readonly<
    Record<string, Readonly<Record<string, unknown>> & { readonly steps: readonly Readonly<Record<string, unknown>>[] }>
  >
}

const written = (jobs: Parameters<typeof exportGithub>[0] = sample): Written => parse(exportGithub(jobs, options).text)

const runsOf = (name: string): readonly string[] =>
  (written().jobs[name]?.steps ?? [])
    .map(({ run }) => withoutLoop(typeof run === 'string' ? run : ''))
    .filter((run) => run !== '' && !run.startsWith('# sluice:'))

const folder = (context: TestContext): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-export-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const bash = (
  script: string,
  directory: string,
  env: Readonly<Record<string, string>> = {},
): { readonly code: number | null; readonly out: string } => {
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', RUNNER_TEMP: directory, ...env },
    encoding: 'utf8',
  })
  return { code: status, out: `${stdout}${stderr}` }
}

test('a workflow says for each job what its plan says', () => {
  const { jobs, on } = written()
  deepStrictEqual(on, {
    push: { branches: ['main'], tags: ['v*'] },
    pull_request: {},
    workflow_dispatch: {},
    schedule: [{ cron: '0 3 * * *' }],
  })
  deepStrictEqual(
    Object.entries(jobs).map(([name, one]) => [name, one['needs'] ?? [], one['if'] ?? null, one['timeout-minutes']]),
    [
      ['build', [], null, 10],
      ['test', ['build'], null, 10],
      ['lint', [], null, 10],
      ['audit', [], null, 10],
      ['deploy', ['build', 'test', 'lint'], null, 10],
      ['clean', ['deploy'], 'failure()', 10],
      ['notify', ['clean'], '!failure() && !cancelled()', 10],
    ],
  )
  deepStrictEqual(Object.keys(jobs).map(runsOf), [
    ['npm ci', 'npm run build'],
    ['npm test'],
    ['npm run lint'],
    ['exit 3'],
    ['./deploy.sh'],
    ['./clean.sh'],
    ['./notify.sh'],
  ])
  deepStrictEqual(
    [jobs['lint']?.['continue-on-error'], jobs['build']?.['env']],
    [true, { PRICE: 'costs $5', GREETING: 'hello' }],
  )
  deepStrictEqual(jobs['deploy']?.['concurrency'], { group: 'deploy', 'cancel-in-progress': false, queue: 'max' })
  deepStrictEqual(jobs['test']?.['strategy'], {
    'fail-fast': true,
    'max-parallel': 2,
    matrix: { include: [{ NODE: '22' }, { NODE: '24' }] },
  })
  deepStrictEqual(jobs['test']?.['env'], { NODE: '${{ matrix.NODE }}', DATABASE_URL: 'postgres://localhost:5432/shop' })
})

test('every action is pinned by commit with its release beside it, and only a job that deploys may ask for a token', () => {
  const { text } = exportGithub(sample, options)
  const uses = text.split('\n').filter((line) => line.includes('uses:'))
  ok(uses.length > 10)
  deepStrictEqual(
    uses.filter((line) => !/uses: [\w-]+\/[\w-]+(?:\/\w+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
    [],
  )
  const { permissions, jobs } = written()
  deepStrictEqual(permissions, { contents: 'read' })
  deepStrictEqual(
    Object.entries(jobs).flatMap(([name, one]) =>
      one['permissions'] === undefined ? [] : [[name, one['permissions']]],
    ),
    [['deploy', { contents: 'read', 'id-token': 'write' }]],
  )
  ok(!text.includes('DEPLOY_KEY'))
  ok(text.includes('CHAT_TOKEN: ${{ secrets.CHAT_TOKEN }}'))
})

test('a step that is tried again makes its attempts, for the exit codes that are worth it', (context) => {
  const directory = folder(context)
  const retried = (script: string): string => {
    const plan = job('a', {
      steps: [step(script)],
      retry: { attemptsMax: 3, backoffMs: 0, on: [{ kind: 'exit_code', code: 7 }] },
    })
    return String(written([plan]).jobs['a']?.steps[1]?.['run'])
  }
  const count = (name: string): number => readFileSync(join(directory, name), 'utf8').length
  deepStrictEqual([bash(retried('printf x >> a; exit 7'), directory).code, count('a')], [7, 3])
  deepStrictEqual([bash(retried('printf x >> b; exit 8'), directory).code, count('b')], [8, 1])
  deepStrictEqual(
    [bash(retried('printf x >> c; [ $(wc -c < c) -gt 1 ] || exit 7'), directory).code, count('c')],
    [0, 2],
  )
  deepStrictEqual(withoutLoop(retried("cat <<'X'\nit\nX")), "cat <<'X'\nit\nX")
})

test('a job that may end with some exit codes ends well with these only', (context) => {
  const directory = folder(context)
  const allowed = (script: string): string =>
    String(
      written([job('a', { steps: [step(script)], mayFail: { exitCodes: [3, 137] } })]).jobs['a']?.steps[1]?.['run'],
    )
  deepStrictEqual(
    ['exit 0', 'exit 3', 'exit 137', 'exit 4'].map((script) => bash(allowed(script), directory).code),
    [0, 0, 0, 4],
  )
})

test('what was handed over is refused when a byte of it, or the list of its digests, is not what was made', (context) => {
  const directory = folder(context)
  const { jobs } = written()
  const seal = String(jobs['build']?.steps.find(({ id }) => id === 'seal')?.['run'])
  const check = String(jobs['deploy']?.steps.find(({ name }) => name === 'Check what build made')?.['run'])
  bash('mkdir -p dist/deep && echo one > dist/a && echo two > "dist/deep/b c" && echo {} > package.json', directory)
  deepStrictEqual(bash(seal, directory, { GITHUB_OUTPUT: join(directory, 'output') }).code, 0)
  const [, digest = ''] = readFileSync(join(directory, 'output'), 'utf8').trim().split('=')
  const checked = (): number | null => bash(check, directory, { SLUICE_SEAL_BUILD: digest }).code
  deepStrictEqual(checked(), 0)
  bash('echo three > "dist/deep/b c"', directory)
  deepStrictEqual(checked(), 1)
  bash('echo two > "dist/deep/b c"; sha256sum dist/a > .sluice-seals/build.sha256', directory)
  deepStrictEqual(checked(), 1)
})

test('a text that looks like an expression means itself', () => {
  const { text } = exportGithub(
    [job('a', { env: { A: '${{ secrets.X }}' }, steps: [step('echo "${{ x }}"')] })],
    options,
  )
  ok(text.includes("A: ${{ '${{' }} secrets.X }}"))
})

test('what GitHub has no word for is told', () => {
  const plan = job('a', {
    budget: { ms: 1_000, enforce: true },
    manual: { inputs: [], isOptional: true },
    services: [
      {
        name: 'queue',
        image: null,
        command: './queue',
        env: {},
        exports: {},
        ports: [],
        healthCommand: null,
        startTimeoutMs: 1,
      },
    ],
  })
  deepStrictEqual(exportGithub([plan], options).notes, [
    'a: its time budget',
    'a: that it is started by hand; it waits for the reviewers of the environment "approval"',
    'a: that the run may end without it',
    'a: the service queue, which is a command without an image',
  ])
})

const asked = [
  { name: 'TARGET', kind: 'choice', choices: ['eu', "o'us"], default: "o'us", isRequired: false, description: 'Where' },
  { name: 'DRY', kind: 'boolean', choices: [], default: 'true', isRequired: false, description: '' },
  { name: 'COUNT', kind: 'number', choices: [], default: '3', isRequired: false, description: '' },
  { name: 'WHO', kind: 'text', choices: [], default: null, isRequired: true, description: '' },
  { name: 'NOTE', kind: 'text', choices: [], default: null, isRequired: false, description: '' },
] as const

test('inputs of the pipeline are those of workflow_dispatch, and variables of each job in any run', () => {
  const { text, notes } = exportGithub([job('a', { steps: [step('true')], env: { DRY: 'x', OWN: '1' } })], {
    ...options,
    inputs: asked,
  })
  const { on, jobs } = parse(text) as Written & { readonly on: Readonly<Record<string, unknown>> }
  deepStrictEqual(on['workflow_dispatch'], {
    inputs: {
      TARGET: { description: 'Where', type: 'choice', options: ['eu', "o'us"], default: "o'us" },
      DRY: { type: 'boolean', default: true },
      COUNT: { type: 'number', default: 3 },
      WHO: { type: 'string', required: true },
      NOTE: { type: 'string' },
    },
  })
  deepStrictEqual(jobs['a']?.['env'], {
    OWN: '1',
    TARGET: "${{ github.event_name != 'workflow_dispatch' && 'o''us' || inputs.TARGET }}",
    DRY: "${{ github.event_name != 'workflow_dispatch' && 'true' || inputs.DRY }}",
    COUNT: "${{ github.event_name != 'workflow_dispatch' && '3' || inputs.COUNT }}",
    WHO: '${{ inputs.WHO }}',
    NOTE: '${{ inputs.NOTE }}',
  })
  deepStrictEqual(notes, ['input NOTE: that it is not there when nothing is given; it is empty then'])
})
