/** A pipeline with one of everything, as a config of Sluice would be planned. */
import type { ExportOptions } from '../../../src/adapters/ci/export/export-options.ts'
import type { JobPlan, PlannedStep } from '../../../src/core/pipeline/job-plan.ts'
import { plainJob, plainStep } from '../../../src/core/pipeline/plain-plans.ts'

/** A step as it is where nothing is said. */
export const step = (run: string, fields: Partial<PlannedStep> = {}): PlannedStep =>
  plainStep(run.split('\n')[0] ?? run, run, fields)

/** A job as it is where nothing is said. */
export const job = (name: string, fields: Partial<JobPlan>): JobPlan =>
  plainJob(name, {
    stage: 'test',
    steps: [step('echo')],
    shell: ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '{0}'],
    timeoutMs: 600_000,
    ...fields,
  })

const leg = (node: string): JobPlan =>
  job(`test (${node})`, {
    needs: ['build'],
    partOf: 'test',
    env: { NODE: node, CI_SEED: '1' },
    steps: [step('npm test', { name: 'unit tests' })],
    retry: { attemptsMax: 3, backoffMs: 2_000, on: [{ kind: 'exit_code', code: 7 }] },
    reports: [{ format: 'junit', paths: ['report.xml'] }],
    services: [
      {
        name: 'postgres',
        image: 'postgres:16',
        command: null,
        env: { POSTGRES_DB: 'shop' },
        exports: { DATABASE_URL: 'postgres://{host}:{port}/shop' },
        ports: [5432],
        healthCommand: 'pg_isready',
        startTimeoutMs: 30_000,
      },
    ],
  })

/** The jobs. */
export const sample: readonly JobPlan[] = [
  job('build', {
    stage: 'build',
    steps: [step('npm ci'), step('npm run build', { env: { NODE_ENV: 'production' } })],
    env: { PRICE: 'costs $5', GREETING: 'hello' },
    keyedCaches: [
      {
        key: 'npm',
        restoreKeys: ['npm'],
        keyFiles: ['package-lock.json'],
        paths: ['.npm'],
        policy: 'pull-push',
        when: 'success',
      },
    ],
    artifacts: [
      {
        name: 'app',
        paths: ['dist', 'package.json'],
        exclude: [],
        glob: true,
        when: 'success',
        ifMissing: 'fail',
        expireMs: 604_800_000,
      },
    ],
  }),
  job('test', { needs: ['build'], steps: [], failFast: true, maxParallel: 2 }),
  leg('22'),
  leg('24'),
  job('lint', { stage: 'check', mayFail: { exitCodes: [] }, steps: [step('npm run lint')] }),
  job('audit', { stage: 'check', mayFail: { exitCodes: [3] }, steps: [step('exit 3')] }),
  job('deploy', {
    stage: 'deploy',
    needs: ['build', 'test', 'lint'],
    needsWithoutArtifacts: ['test', 'lint'],
    steps: [step('./deploy.sh')],
    secrets: ['DEPLOY_KEY', 'CHAT_TOKEN'],
    environment: { name: 'production', url: 'https://shop.example.com' },
    concurrency: { group: 'deploy', onConflict: 'queue' },
    manual: { inputs: [] },
  }),
  job('clean', {
    stage: 'deploy',
    needs: ['deploy'],
    needsWithoutArtifacts: ['deploy'],
    condition: 'failure',
    steps: [step('./clean.sh')],
  }),
  job('notify', {
    stage: 'notify',
    needs: ['clean'],
    needsWithoutArtifacts: ['clean'],
    delayMs: 60_000,
    steps: [step('./notify.sh')],
  }),
]

/** What it is exported with. */
export const options: ExportOptions = {
  service: 'shop',
  branches: ['main'],
  schedules: ['0 3 * * *'],
  image: null,
  identity: { audience: 'https://shop.example.com', replaces: ['DEPLOY_KEY'] },
}
