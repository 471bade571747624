import { deepStrictEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { job, options, sample, step } from '../../../../test/workflows/export/sample.ts'
import { readCases, requestOf } from '../../../../test/workflows/gitlab/corpus.ts'
import type { JobPlan, Lowered } from '../../../core/pipeline/job-plan.ts'
import { lowerGitlab } from '../gitlab/lower.ts'
import { exportGitlab } from './export-gitlab.ts'
import { isGitlabReport } from './gitlab-fields.ts'
import { exportUnits, isPredefined, type WrittenJob, writtenJobs } from './pipeline-shape.ts'
import { stepLines } from './script-text.ts'
import { generatedMark } from './seals.ts'

/** Secrets are masked variables of the project there. */
const lowered = (text: string, jobs: readonly JobPlan[]): Lowered => {
  const names = jobs.flatMap(({ secrets }) => secrets)
  const project = Object.fromEntries(names.map((name) => [name, { value: 'secret', isMasked: true }]))
  return lowerGitlab(requestOf({ name: '', about: '', pipeline: text, project, expect: {} }))
}

const isGenerated = (text: string): boolean =>
  text.startsWith(generatedMark) || /SLUICE_|\.sluice-|sluice-outputs/.test(text)

/** Everything that GitLab has a word for; steps are lines of one script there, and secrets are settings of the project. */
const essence = (one: WrittenJob, named: (name: string) => string, unread: ReadonlySet<string>): unknown => {
  const lines = (isMain: boolean): readonly string[] => {
    const steps = one.steps.filter(({ when }) => (when === 'success') === isMain)
    return steps
      .flatMap((each) => stepLines(each, one.workingDirectory, steps.length === 1))
      .filter((line) => !line.startsWith(generatedMark))
  }
  const own = Object.entries({
    ...one.env,
    ...Object.assign({}, ...one.services.map(({ exports }) => exports)),
    ...one.late,
  })
  return {
    stage: one.stage,
    needs: one.needs.map(named),
    takes: one.takes.map(named),
    condition: one.condition,
    main: lines(true),
    after: lines(false),
    env: Object.fromEntries(own.filter(([name]) => !isPredefined(name)).toSorted(([a], [b]) => a.localeCompare(b))),
    environment: one.environment,
    services: one.services.map(({ name, image, ports }) => ({ name, image, ports })),
    timeoutMs: one.timeoutMs,
    retry: { ...one.retry, backoffMs: 0 },
    mayFail: one.mayFail,
    concurrency: one.concurrency,
    manual: one.manual,
    delayMs: one.delayMs,
    outputFiles: one.outputFiles.filter((file) => !isGenerated(file)),
    artifacts: one.artifacts
      .map(({ name, paths, exclude, when, expireMs, untracked = false }) => ({
        name: named(name),
        exclude,
        when,
        expireMs,
        untracked,
        paths: paths.filter((path) => !isGenerated(path) && !unread.has(path)),
      }))
      .filter(({ paths, untracked }) => paths.length > 0 || untracked),
    reports: one.reports.filter(({ format }) => isGitlabReport(format)),
    // By whose rules they are found is not what is written.
    keyedCaches: one.keyedCaches.map((cache) => ({ ...cache, isExact: true })),
    isInterruptible: one.isInterruptible ?? false,
    coveragePattern: one.coveragePattern ?? null,
  }
}

/** Legs of a matrix are called after their values in both, but not in the same way: here they are called after their place. */
const essences = (jobs: readonly JobPlan[], original: readonly JobPlan[]): ReadonlyMap<string, unknown> => {
  // Reports that GitLab does not read come back as files.
  const unread = new Set(
    original
      .flatMap(({ reports }) => reports)
      .filter(({ format }) => !isGitlabReport(format))
      .flatMap(({ paths }) => paths),
  )
  const names = new Map(
    exportUnits(jobs).flatMap((unit) =>
      unit.kind === 'job'
        ? [[unit.job.name, unit.job.name] as const]
        : unit.matrix.legs.map(({ name }, index) => [name, `${unit.matrix.name} #${index}`] as const),
    ),
  )
  const named = (name: string): string => names.get(name) ?? name
  return new Map(writtenJobs(jobs).map((one) => [named(one.name), essence(one, named, unread)]))
}

test('a pipeline that was exported to GitLab and read back is the same', () => {
  const { text, notes } = exportGitlab(sample, options)
  const back = lowered(text, sample)
  deepStrictEqual(
    back.notes.filter(({ level }) => level === 'error'),
    [],
  )
  deepStrictEqual(essences(back.jobs, sample), essences(sample, sample))
  deepStrictEqual(notes, [
    'build: caches that are found by the beginning of their key',
    'test (22): the pause between attempts',
    'test: a limit for legs that run at once',
    'test: a leg that fails does not call off those beside it',
  ])
})

test('every pipeline of the corpus comes back as it was', () => {
  let count = 0
  for (const one of readCases()) {
    const { jobs } = lowerGitlab(requestOf(one))
    // Child pipelines are jobs of this run, which GitLab has no word for.
    if (jobs.length === 0 || one.pipeline.includes('trigger:')) continue
    const back = lowered(exportGitlab(jobs, { ...options, service: one.name }).text, jobs)
    const errors = back.notes.filter(({ level }) => level === 'error')
    deepStrictEqual([one.name, errors, essences(back.jobs, jobs)], [one.name, [], essences(jobs, jobs)])
    count += 1
  }
  ok(count > 40, `${count} cases`)
})

test('an exported file runs for merge requests, the named branches, tags and schedules, and says what people must set', () => {
  const { text } = exportGitlab(sample, options)
  deepStrictEqual(parse(text).workflow, {
    rules: [
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
      { if: '$CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"' },
      { if: '$CI_COMMIT_TAG' },
      { if: '$CI_COMMIT_BRANCH == "main"' },
    ],
  })
  ok(text.includes('# Set as masked variables of the project: CHAT_TOKEN.'))
  ok(text.includes('# Set as a schedule of the project: 0 3 * * * (UTC).'))
})

test('a job that deploys gets a token of its own, and none of the secrets that it replaces', () => {
  const { text } = exportGitlab(sample, options)
  const { deploy, build } = parse(text)
  deepStrictEqual(
    [deploy.id_tokens, build.id_tokens],
    [{ SLUICE_ID_TOKEN: { aud: 'https://shop.example.com' } }, undefined],
  )
  ok(!text.includes('DEPLOY_KEY'))
})

test('steps that change their folder or variables do so for themselves', () => {
  const steps = [step('cd packages\nnpm test'), step('pwd', { workingDirectory: 'docs', continueOnError: true })]
  const { text } = exportGitlab([job('a', { steps })], options)
  deepStrictEqual(parse(text).a.script, ['(\ncd packages\nnpm test\n)', '(\ncd docs\npwd\n) || true'])
})

test('inputs of the pipeline are variables that its form shows; what GitLab does not check is told', () => {
  const inputs = [
    { name: 'TARGET', kind: 'choice', choices: ['eu', 'us'], default: 'us', isRequired: false, description: 'Where' },
    { name: 'DRY', kind: 'boolean', choices: [], default: null, isRequired: true, description: '' },
    { name: 'COUNT', kind: 'number', choices: [], default: '3', isRequired: false, description: '' },
    { name: 'NOTE', kind: 'text', choices: [], default: '$5', isRequired: false, description: '' },
  ] as const
  const { text, notes } = exportGitlab([job('a', { steps: [step('true')], env: { DRY: 'x', OWN: '1' } })], {
    ...options,
    inputs,
  })
  const { variables, a } = parse(text) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  deepStrictEqual(
    [variables, a?.['variables']],
    [
      {
        TARGET: { value: 'us', description: 'Where', options: ['eu', 'us'] },
        DRY: { value: '', description: 'DRY', options: ['', 'true', 'false'] },
        COUNT: { value: '3', description: 'COUNT' },
        NOTE: { value: '$5', description: 'NOTE', expand: false },
      },
      { OWN: '1' },
    ],
  )
  deepStrictEqual(notes, ['input DRY: that it must be given', 'input COUNT: that it is a number'])
})
