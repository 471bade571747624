import { deepStrictEqual, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { distance } from 'fastest-levenshtein'
import { requestOf } from '../../../../test/workflows/gitlab/corpus.ts'
import { job, sample, step } from '../../../../test/workflows/export/sample.ts'
import type { Lowered } from '../../../core/pipeline/job-plan.ts'
import type { Settings } from '../../../core/config/settings.ts'
import { parseConfig } from '../../../core/config/parse.ts'
import { lowerGitlab } from '../gitlab/lower.ts'
import { importPipeline } from './import-pipeline.ts'

type Imported = { readonly settings: Settings; readonly text: string }

/** Evaluates the text as the loader does, but in this process. */
const settingsOf = async (context: TestContext, lowered: Lowered): Promise<Imported> => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-import-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const text = importPipeline(lowered, { service: 'Shop', from: '.gitlab-ci.yml' })
  const file = join(directory, 'sluice.config.ts')
  writeFileSync(
    file,
    text.replace("import { defineConfig } from 'sluice'", 'const defineConfig = (config: unknown): unknown => config'),
  )
  const value: unknown = (await import(pathToFileURL(file).href)).default
  return { settings: parseConfig(value, { file: 'sluice.config.ts', text, distance }), text }
}

const pipeline = `
variables: { WHERE: staging, URL: "https://$CI_PROJECT_NAME.example.com" }
stages: [build, test]
build it:
  stage: build
  timeout: 90 minutes
  before_script: [cd src]
  script:
    - echo "$CI_COMMIT_SHORT_SHA \\\`date\\\` \${WHERE}"
    - |
      cat <<X
      it's "two"
      X
  artifacts: { paths: [dist/] }
  cache: { key: { files: [package-lock.json] }, paths: [.npm] }
test: { stage: test, parallel: { matrix: [{ N: ['1', '2'] }] }, script: npm test, retry: 2, allow_failure: true }
`

test('a GitLab pipeline becomes a config that loads, with what it has no word for as comments', async (context) => {
  const lowered = lowerGitlab(requestOf({ name: '', about: '', pipeline, expect: {} }))
  const { settings, text } = await settingsOf(context, lowered)
  const script = [
    'export CI_COMMIT_SHORT_SHA="${SLUICE_COMMIT:0:8}"',
    'cd src',
    'echo "$CI_COMMIT_SHORT_SHA \\`date\\` ${WHERE}"',
    'cat <<X\nit\'s "two"\nX\n',
  ].join('\n')
  const retry = { attemptsMax: 3, backoffMs: 1_000, on: [] }
  const leg = (n: string): Said => ({
    needs: ['build-it'],
    steps: ['npm test'],
    env: {
      WHERE: 'staging',
      URL: 'https://shop.example.com',
      N: n,
    },
    timeoutMs: 36e5,
    artifacts: {},
    mayFail: { exitCodes: [] },
    retry,
    caches: [],
  })
  deepStrictEqual(said(settings), {
    'build-it': {
      needs: [],
      steps: [script.trim()],
      env: {
        WHERE: 'staging',
        URL: 'https://shop.example.com',
      },
      timeoutMs: 54e5,
      artifacts: { 'build-it': ['dist'] },
      mayFail: null,
      retry: {
        ...retry,
        attemptsMax: 1,
      },
      caches: [['default', ['package-lock.json'], ['.npm']]],
    },
    'test-1': leg('1'),
    'test-2': leg('2'),
  })
  const comments = text.split('\n').flatMap((line) => /^ +\/\/ (.*)$/.exec(line)?.[1] ?? [])
  deepStrictEqual(comments, ['was: build it', 'was: test: [1]', 'was: test: [2]'])
})

type Said = {
  readonly needs: readonly string[]
  readonly steps: readonly string[]
  readonly env: Readonly<Record<string, unknown>>
  readonly timeoutMs: number
  readonly artifacts: unknown
  readonly mayFail: unknown
  readonly retry: unknown
  readonly caches: readonly unknown[]
}

const said = ({ pipeline: { jobs } }: Settings): Readonly<Record<string, Said>> =>
  Object.fromEntries(
    Object.entries(jobs).map(
      ([name, { needs, steps, env, timeoutMs, artifacts, mayFail, retry, keyedCaches }]): [string, Said] => [
        name,
        {
          needs,
          env,
          timeoutMs,
          artifacts,
          mayFail,
          retry,
          steps: steps.map(({ run }) => run),
          caches: keyedCaches.map(({ key, keyFiles, paths }) => [key, keyFiles, paths]),
        },
      ],
    ),
  )

test('a GitHub job is read from what its lowering kept of it', async (context) => {
  const definition = {
    id: 'test',
    part: { env: { CI_MODE: 'full' } },
    leg: { matrix: { node: 24 } },
    job: {
      if: "github.ref == 'refs/heads/main'",
      env: { NODE: '${{ matrix.node }}', TOKEN: '${{ secrets.TOKEN }}' },
      steps: [
        { uses: 'actions/checkout@v4' },
        { uses: 'actions/setup-node@v4', with: { 'node-version': '${{ matrix.node }}' } },
        { run: 'npm ci\n' },
        {
          name: 'test',
          run: 'npm test -- ${{ matrix.node }} ${{ github.sha }}',
          'working-directory': 'app',
          env: { A: 'b' },
        },
        { uses: 'actions/upload-artifact@v4', with: { name: 'Web App', path: 'dist\npackage.json\n' } },
      ],
    },
  }
  const plan = job('test (24)', {
    dialect: 'github',
    definition,
    condition: 'success',
    steps: [step('npm ci'), step('npm test')],
  })
  const { settings, text } = await settingsOf(context, { jobs: [plan], notes: [] })
  const found = settings.pipeline.jobs['test-24']
  ok(found !== undefined)
  const { needs, steps, env, secrets, timeoutMs, artifacts, shell } = found
  deepStrictEqual(
    { needs, steps: steps.map(({ name, run }) => [name, run]), env, secrets, timeoutMs, artifacts, shell },
    {
      needs: [],
      steps: [
        ['npm ci', 'npm ci'],
        ['test', 'cd app\nexport A="b"\nnpm test -- 24 ${{ github.sha }}'],
      ],
      env: { CI_MODE: 'full', NODE: '24' },
      secrets: ['TOKEN'],
      timeoutMs: 600_000,
      artifacts: { 'web-app': ['dist', 'package.json'] },
      shell: ['bash', '-e', '{0}'],
    },
  )
  for (const remark of [
    "ran if: github.ref == 'refs/heads/main'",
    'used actions/setup-node@v4; write what it did as a step',
    'expressions that GitHub would fill in: ${{ github.sha }}',
  ])
    ok(text.includes(`// ${remark}\n`), remark)
})

test("a pipeline of Sluice's own comes back as it was, as far as the config has words", async (context) => {
  const { settings } = await settingsOf(context, { jobs: sample, notes: [] })
  deepStrictEqual(
    Object.entries(settings.pipeline.jobs).map(([name, { needs, steps }]) => [
      name,
      needs,
      steps.map(({ run }) => run),
    ]),
    [
      ['build', [], ['npm ci', 'export NODE_ENV=production\nnpm run build']],
      ['test-22', ['build'], ['npm test']],
      ['test-24', ['build'], ['npm test']],
      ['lint', [], ['npm run lint']],
      ['audit', [], ['exit 3']],
      ['deploy', ['build', 'test-22', 'test-24', 'lint'], ['./deploy.sh']],
      ['clean', ['deploy'], ['./clean.sh']],
      ['notify', ['clean'], ['./notify.sh']],
    ],
  )
})

test('what decides when a job runs, and what it runs beside, is carried over', async (context) => {
  const { settings } = await settingsOf(context, { jobs: sample, notes: [] })
  const own = settings.pipeline.jobs
  deepStrictEqual(own['test-22']?.retry, { attemptsMax: 3, backoffMs: 2_000, on: [{ kind: 'exit_code', code: 7 }] })
  deepStrictEqual(own['test-22']?.services, [sample[2]?.services[0]])
  deepStrictEqual(own['test-22']?.reports, [{ format: 'junit', paths: ['report.xml'] }])
  deepStrictEqual(own['audit']?.mayFail, { exitCodes: [3] })
  deepStrictEqual(own['deploy']?.concurrency, { group: 'deploy', onConflict: 'queue' })
  deepStrictEqual(own['deploy']?.manual, { inputs: [] })
  deepStrictEqual(own['clean']?.if, 'failure')
})

test('names that become the same stay apart, and notes of the lowering are at the head', () => {
  const note = { level: 'warning', key: 'a', message: 'differs', file: '.gitlab-ci.yml', line: 3, column: 1 } as const
  const text = importPipeline(
    { jobs: [job('a b', {}), job('A.b', {}), job('9', { needs: ['a b', 'A.b'] })], notes: [note] },
    { service: 'shop', from: '.gitlab-ci.yml' },
  )
  ok(text.includes('// .gitlab-ci.yml:3 differs\n'))
  ok(text.includes("needs: ['a-b', 'a-b-1']"))
})
