/** One job of a GitLab pipeline as a job plan. */
import { limits } from '../../../core/limits.ts'
import type { JobCondition, JobPlan, PlannedStep, RetryPolicy, RetryReason } from '../../../core/pipeline/job-plan.ts'
import { plainStep } from '../../../core/pipeline/plain-plans.ts'
import { patternOf } from './condition.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { durationMs } from './duration.ts'
import { jobVariablesOf, type JobVariables } from './job-environment.ts'
import type { PipelineJob, PipelineScope } from './jobs.ts'
import type { NeedsPlan } from './needs.ts'
import type { Notes } from './notes.ts'
import { isOptional } from './participation.ts'
import { joinedScript, linesOf, shellWords } from './script.ts'
import { servicesOf } from './services.ts'
import { artifactsOf, cachesOf, dotenvOf, reportsOf } from './storage.ts'
import { booleanOf, hasKey, integerOf, itemsOf, type MapTree, textOf, textsOf, valueOf } from './tree.ts'

/** The plan of a job that takes part. */
export const jobPlan = (job: PipelineJob, { needs, without }: NeedsPlan, scope: PipelineScope): JobPlan => {
  const { name, tree, filler, participation, environment } = job
  const { notes } = scope
  const key = job.baseName
  const seen = jobVariablesOf(job, scope, secretsOf(tree))
  const group = textOf(valueOf(tree, 'resource_group'))
  const coverage = textOf(valueOf(tree, 'coverage'))
  return {
    name,
    needs,
    needsWithoutArtifacts: without,
    work: { kind: 'steps' },
    partOf: job.leg === null ? null : job.baseName,
    stage: job.stage,
    dialect: 'sluice',
    definition: null,
    condition: conditions[participation.when],
    failFast: false,
    maxParallel: null,
    steps: stepsOf(job, seen, scope),
    shell: shellWords(scope.context.shell),
    workingDirectory: null,
    env: seen.env,
    envOfNeeds: scope.hasDotenv,
    secrets: seen.secrets,
    environment:
      environment === null
        ? null
        : {
            name: environment.name,
            url: environment.url,
            ...(environment.action === 'start' ? {} : { action: environment.action }),
            ...(environment.onStop === null ? {} : { onStop: environment.onStop }),
            ...(environment.autoStopMs === null ? {} : { autoStopMs: environment.autoStopMs }),
          },
    services: servicesOf(job, scope),
    timeoutMs: timeoutOf(tree, key, notes),
    budget: null,
    retry: retryOf(tree),
    mayFail: participation.mayFail,
    concurrency: group === null ? null : { group: filler.text(group), onConflict: 'queue' },
    manual:
      participation.when === 'manual'
        ? { inputs: [], ...(isOptional(participation) ? { isOptional: true } : {}) }
        : null,
    delayMs: participation.startInMs,
    outputFiles: dotenvOf(job),
    artifacts: artifactsOf(job),
    reports: reportsOf(job),
    cache: null,
    keyedCaches: cachesOf(job),
    ...(participation.isInterruptible ? { isInterruptible: true } : {}),
    ...(coverage === null ? {} : { coveragePattern: coverageOf(coverage) }),
  }
}

const coverageOf = (written: string): string => {
  const pattern = patternOf(written)
  if (pattern === null) return ''
  return pattern.ignoreCase ? `(?i:${pattern.source})` : pattern.source
}

const conditions: Readonly<Record<PipelineJob['participation']['when'], JobCondition>> = {
  on_success: 'success',
  manual: 'success',
  delayed: 'success',
  on_failure: 'failure',
  always: 'settled',
}

const stepsOf = (
  { tree, baseName, filler }: PipelineJob,
  seen: JobVariables,
  scope: PipelineScope,
): readonly PlannedStep[] => {
  const { notes } = scope
  const within = (name: string): number | null => durationMs(filler.text(`$${name}`))
  const scriptMs = within('RUNNER_SCRIPT_TIMEOUT')
  const step = (name: string, lines: readonly string[]): PlannedStep =>
    plainStep(name, joinedScript(seen.head, lines), { env: seen.stepEnv, showsItself: true })
  const lines = (key: string): readonly string[] => linesOf(valueOf(tree, key), `${baseName}.${key}`, notes)
  const first = linesOf(valueOf(valueOf(tree, 'hooks'), 'pre_get_sources_script'), `${baseName}.hooks`, notes)
  const main = [...lines('before_script'), ...lines('script')]
  const after = lines('after_script')
  return [
    ...(first.length === 0 ? [] : [step('pre_get_sources_script', first)]),
    ...(valueOf(tree, 'trigger') === null ? [{ ...step('script', main), timeoutMs: scriptMs }] : []),
    ...(after.length === 0
      ? []
      : [
          {
            ...step('after_script', after),
            when: 'always' as const,
            timeoutMs: within('RUNNER_AFTER_SCRIPT_TIMEOUT') ?? limits.afterScriptTimeoutMs,
            continueOnError: true,
            endsWithTime: true,
          },
        ]),
  ]
}

/** `secrets:` come as files unless `file: false` is said. */
const secretsOf = (tree: MapTree): { readonly secrets: readonly string[]; readonly secretFiles: readonly string[] } => {
  const secrets = valueOf(tree, 'secrets')
  const names = secrets?.kind === 'map' ? [...secrets.entries] : []
  const isFile = ([, { value }]: (typeof names)[number]): boolean => booleanOf(valueOf(value, 'file')) !== false
  return {
    secrets: names.filter((one) => !isFile(one)).map(([name]) => name),
    secretFiles: names.filter(isFile).map(([name]) => name),
  }
}

const timeoutOf = (tree: MapTree, key: string, notes: Notes): number => {
  const written = textOf(valueOf(tree, 'timeout'))
  const ms = written === null ? limits.gitlabJobTimeoutMs : durationMs(written)
  if (ms !== null && ms > 0) return ms
  expected(notes, spotOf(tree, key, 'timeout'), 'a duration, such as 1h 30m')
  return limits.gitlabJobTimeoutMs
}

/** Reasons of GitLab that this machine can have; others never happen here. */
const reasons: Readonly<Record<string, readonly RetryReason['kind'][]>> = {
  always: [],
  unknown_failure: ['system_failure'],
  script_failure: ['script_failure'],
  api_failure: [],
  stuck_or_timeout_failure: ['timeout', 'system_failure'],
  runner_system_failure: ['system_failure', 'service_failure'],
  runner_unsupported: [],
  runner_interrupted: ['system_failure'],
  stale_schedule: [],
  job_execution_timeout: ['timeout'],
  archived_failure: [],
  unmet_prerequisites: [],
  scheduler_failure: [],
  data_integrity_failure: [],
}

const retryOf = (tree: MapTree): RetryPolicy => {
  const retry = valueOf(tree, 'retry')
  const max = integerOf(retry?.kind === 'map' ? valueOf(retry, 'max') : retry) ?? 0
  const whens = textsOf(valueOf(retry, 'when'))
  const codes = itemsOf(valueOf(retry, 'exit_codes')).flatMap((code) => integerOf(code) ?? [])
  const attemptsMax = max + 1
  if (whens.includes('always') || (whens.length === 0 && codes.length === 0))
    return { attemptsMax, backoffMs: 0, on: [] }
  const kinds = new Set(whens.flatMap((when) => reasons[when] ?? []))
  const on: readonly RetryReason[] = [
    ...codes.map((code): RetryReason => ({ kind: 'exit_code', code })),
    ...[...kinds].flatMap((kind): readonly RetryReason[] => (kind === 'exit_code' ? [] : [{ kind }])),
  ]
  return on.length === 0 ? { attemptsMax: 1, backoffMs: 0, on } : { attemptsMax, backoffMs: 0, on }
}

/** Checks `retry` and what a job must have, once for all legs. */
export const checkJobValues = (tree: MapTree, key: string, notes: Notes): void => {
  const retry = valueOf(tree, 'retry')
  checkKeys(retry, 'retry', { key: `${key}.retry`, notes })
  const max = integerOf(retry?.kind === 'map' ? valueOf(retry, 'max') : retry)
  if (retry?.kind === 'map' && !hasKey(retry, 'max'))
    notes.warn(spotOf(tree, key, 'retry'), 'retry without max makes no retries, in GitLab as well')
  else if (retry !== null && (max === null || max < 0 || max > 2))
    expected(notes, spotOf(tree, key, 'retry'), '0, 1 or 2 as the number of retries')
  for (const when of textsOf(valueOf(retry, 'when')))
    if (!Object.hasOwn(reasons, when))
      expected(
        notes,
        spotOf(tree, key, 'retry'),
        `retry:when as one of ${Object.keys(reasons).join(', ')}; not "${when}"`,
      )
  const coverage = textOf(valueOf(tree, 'coverage'))
  if (coverage !== null && patternOf(coverage) === null)
    expected(notes, spotOf(tree, key, 'coverage'), `a pattern that RE2 takes, between slashes, not ${coverage}`)
  for (const name of ['before_script', 'script', 'after_script']) linesOf(valueOf(tree, name), `${key}.${name}`, notes)
  const script = valueOf(tree, 'script')
  if (script !== null && (script.kind === 'list' ? script.items.length === 0 : textOf(script) === ''))
    expected(notes, spotOf(tree, key, 'script'), 'at least one line')
  const hasWork = ['script', 'trigger', 'run'].some((name) => valueOf(tree, name) !== null)
  if (!hasWork) notes.error({ key, place: tree.place }, `the job "${key}" has neither script nor trigger`)
  if (valueOf(tree, 'trigger') !== null && valueOf(tree, 'script') !== null)
    notes.error(spotOf(tree, key, 'script'), `the job "${key}" has trigger, so it can have no script`)
}
