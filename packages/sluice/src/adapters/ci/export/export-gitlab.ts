/** Writes a GitLab pipeline that does what a pipeline of Sluice does. What GitLab has no word for is told in notes, and as comments at the head of the file. */
import type { JobPlan } from '../../../core/pipeline/job-plan.ts'
import { type Exported, type ExportOptions, identityOf, storedSecrets } from './export-options.ts'
import {
  allowFailureOf,
  cacheOf,
  environmentOf,
  isGitlabReport,
  reportsOf,
  retryOf,
  serviceOf,
  storageWhens,
  variablesOf,
} from './gitlab-fields.ts'
import { gitlabInputs, unsaidToGitlab } from './input-fields.ts'
import { durationText, type ExportUnit, exportUnits, type WrittenJob, writesOutputs } from './pipeline-shape.ts'
import { stepLines } from './script-text.ts'
import { checkLines, generatedMark, sealedJobs, sealFile, sealLines, sealName } from './seals.ts'
import { yamlText, type YamlValue } from './yaml-text.ts'

/** A `.gitlab-ci.yml` for jobs. Each job names its needs, so that it starts as early as it does in Sluice. */
export const exportGitlab = (jobs: readonly JobPlan[], options: ExportOptions): Exported => {
  const units = exportUnits(jobs)
  const stages = stageOrder(units)
  const { inputs = [] } = options
  const exporting: Exporting = { options, names: namesOf(units), sealed: sealedJobs(units), stages, notes: [] }
  exporting.notes.push(...unsaidToGitlab(inputs))
  if (stages === null) exporting.notes.push('the stages, which need jobs of each other; all jobs are in one')
  const bodies = units.map((unit) => [unitName(unit), unitBody(unit, exporting)] as const)
  const variables = gitlabInputs(inputs)
  const content: Readonly<Record<string, YamlValue>> = {
    workflow: workflowOf(options),
    ...(variables === undefined ? {} : { variables }),
    stages: exporting.stages ?? [oneStage],
    ...Object.fromEntries(bodies),
  }
  const secrets = [...new Set(units.flatMap((unit) => storedSecrets(sampleOf(unit), options)))]
  const notes = [...new Set(exporting.notes)]
  const head = [
    `Written by \`sluice export gitlab\` from the pipeline of ${options.service}.`,
    ...(secrets.length === 0 ? [] : [`Set as masked variables of the project: ${secrets.join(', ')}.`]),
    ...options.schedules.map((cron) => `Set as a schedule of the project: ${cron} (UTC).`),
    ...notes.map((note) => `Not carried over: ${note}.`),
  ]
  return { text: yamlText(content, { head, comments: new Map(), spaced: Object.keys(content).slice(1) }), notes }
}

type Exporting = {
  readonly options: ExportOptions
  /** Plan names → names in the file: all legs of a matrix are one job there. */
  readonly names: ReadonlyMap<string, string>
  readonly sealed: ReadonlySet<string>
  /** Null where stages need each other in a circle, which GitLab does not allow. */
  readonly stages: readonly string[] | null
  readonly notes: string[]
}

const sampleOf = (unit: ExportUnit): WrittenJob => (unit.kind === 'job' ? unit.job : unit.matrix.sample)

const unitName = (unit: ExportUnit): string => (unit.kind === 'job' ? unit.job.name : unit.matrix.name)

const stageOf = ({ stage }: WrittenJob): string => stage ?? 'test'

const oneStage = 'pipeline'

/** An order in which each stage comes after those that its jobs need; as they are written where nothing decides. Null for a circle. */
const stageOrder = (units: readonly ExportUnit[]): readonly string[] | null => {
  const jobs = units.flatMap((unit) =>
    unit.kind === 'job' ? [unit.job] : unit.matrix.legs.map(({ name }) => ({ ...unit.matrix.sample, name })),
  )
  const stages = new Map(jobs.map((job) => [job.name, stageOf(job)]))
  const open = new Map([...new Set(stages.values())].map((stage) => [stage, new Set<string>()]))
  for (const job of jobs)
    for (const need of job.needs) {
      const before = stages.get(need)
      if (before !== undefined && before !== stageOf(job)) open.get(stageOf(job))?.add(before)
    }
  const order: string[] = []
  while (open.size > 0) {
    const next = [...open].find(([, before]) => [...before].every((stage) => order.includes(stage)))
    if (next === undefined) return null
    open.delete(next[0])
    order.push(next[0])
  }
  return order.filter((stage) => stage !== '.pre' && stage !== '.post')
}

const namesOf = (units: readonly ExportUnit[]): ReadonlyMap<string, string> =>
  new Map(
    units.flatMap((unit) =>
      unit.kind === 'job'
        ? [[unit.job.name, unit.job.name] as const]
        : unit.matrix.legs.map(({ name }) => [name, unit.matrix.name] as const),
    ),
  )

const workflowOf = ({ branches }: ExportOptions): YamlValue => ({
  rules: [
    { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
    { if: '$CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"' },
    { if: '$CI_COMMIT_TAG' },
    ...branches.map((branch) => ({ if: `$CI_COMMIT_BRANCH == "${branch}"` })),
  ],
})

const unitBody = (unit: ExportUnit, exporting: Exporting): YamlValue => {
  const job = sampleOf(unit)
  exporting.notes.push(...unsaid(job))
  if (unit.kind === 'job') return jobBody(job, [], exporting)
  const { legs, keys, group, name } = unit.matrix
  if (group.maxParallel !== null) exporting.notes.push(`${name}: a limit for legs that run at once`)
  if (group.failFast) exporting.notes.push(`${name}: a leg that fails does not call off those beside it`)
  return {
    ...jobBody(job, keys, exporting),
    parallel: keys.length === 0 ? legs.length : { matrix: legs.map(({ values }) => values) },
  }
}

const jobBody = (
  job: WrittenJob,
  without: readonly string[],
  exporting: Exporting,
): Readonly<Record<string, YamlValue | undefined>> => {
  const { options } = exporting
  const { manual, delayMs, condition, concurrency } = job
  const identity = identityOf(job, options)
  const when = manual !== null ? 'manual' : delayMs > 0 ? 'delayed' : whens[condition]
  return {
    stage: exporting.stages === null ? oneStage : stageOf(job),
    needs: needsOf(job, exporting),
    image: options.image ?? undefined,
    services: job.services.length === 0 ? undefined : job.services.map(serviceOf),
    variables: variablesOf(job, [...without, ...(options.inputs ?? []).map(({ name }) => name)]),
    id_tokens: identity === null ? undefined : { SLUICE_ID_TOKEN: { aud: identity.audience } },
    ...scripts(job, exporting),
    cache: job.keyedCaches.length === 0 ? undefined : job.keyedCaches.map(cacheOf),
    artifacts: artifactsOf(job, exporting),
    retry: retryOf(job.retry),
    timeout: durationText(job.timeoutMs),
    allow_failure: allowFailureOf(job),
    when,
    start_in: when === 'delayed' ? durationText(delayMs) : undefined,
    environment: environmentOf(job.environment),
    resource_group: concurrency?.group,
    interruptible: job.isInterruptible === true || concurrency?.onConflict === 'cancel_running' ? true : undefined,
    coverage: job.coveragePattern === undefined ? undefined : `/${job.coveragePattern}/`,
  }
}

const whens: Readonly<Record<JobPlan['condition'], string | undefined>> = {
  success: undefined,
  failure: 'on_failure',
  always: 'always',
  settled: 'always',
  resolve: undefined,
}

/** What a job asks for and GitLab has no word for. */
const unsaid = (job: WrittenJob): readonly string[] => {
  const { name, concurrency, manual, retry } = job
  const said = (isAsked: boolean, what: string): readonly string[] => (isAsked ? [`${name}: ${what}`] : [])
  return [
    ...said(job.condition === 'resolve', 'its condition, which is decided while the run goes on'),
    ...said(job.budget !== null, 'its time budget'),
    ...said(
      job.keyedCaches.some(({ isExact = false, restoreKeys }) => !isExact && restoreKeys.length > 0),
      'caches that are found by the beginning of their key',
    ),
    ...said(job.cache !== null, 'the task cache, which skips it when nothing that it depends on has changed'),
    ...said(retry.attemptsMax > 3, 'more than two retries'),
    ...said(retry.attemptsMax > 1 && retry.backoffMs > 0, 'the pause between attempts'),
    ...said(
      concurrency?.onConflict === 'replace_waiting',
      `a newer run in place of one that waits for ${concurrency?.group}; all run one after the other`,
    ),
    ...said(
      manual !== null && manual.inputs.length > 0,
      'inputs of a manual job; they are variables that are set when it is started',
    ),
    ...said(job.artifacts.length > 1, 'artifacts under names of their own; they are one archive'),
    ...job.services
      .filter(({ image }) => image === null)
      .map((service) => `${name}: the service ${service.name}, which is a command without an image`),
    ...job.reports
      .filter(({ format }) => !isGitlabReport(format))
      .map(({ format }) => `${name}: the ${format} report as evidence; it is kept as a file`),
  ]
}

const needsOf = (job: WrittenJob, { names }: Exporting): YamlValue => {
  const found = new Map<string, boolean>()
  for (const need of job.needs) {
    const name = names.get(need) ?? need
    found.set(name, found.get(name) === true || job.takes.includes(need))
  }
  return [...found].map(([name, isTaken]) => (isTaken ? name : { job: name, artifacts: false }))
}

const scripts = (job: WrittenJob, { sealed }: Exporting): Readonly<Record<string, YamlValue | undefined>> => {
  const { steps, workingDirectory, name } = job
  const isAlone = steps.filter(({ when }) => when === 'success').length === 1
  const main = steps
    .filter(({ when }) => when === 'success')
    .flatMap((step) => stepLines(step, workingDirectory, isAlone))
  const after = steps.filter(({ when }) => when !== 'success')
  const afterLines = after.flatMap((step) => {
    const lines = stepLines(step, workingDirectory, after.length === 1)
    return step.when === 'failure' ? [`if [ "$CI_JOB_STATUS" = failed ]; then\n${lines.join('\n')}\nfi`] : lines
  })
  const checks = job.takes.filter((need) => sealed.has(need)).map((need) => checkLines(need, `$${sealName(need)}`))
  const others = job.outputFiles.filter((file) => file !== outputFile)
  const collected = `${generatedMark} outputs\ncat ${others.join(' ')} >> ${outputFile}`
  const seal = sealLines(name, job.artifacts, `echo "${sealName(name)}={digest}" >> ${outputFile}`)
  const own = [
    ...(writesOutputs(job) ? [`${generatedMark} outputs\nexport SLUICE_OUTPUT="$CI_PROJECT_DIR/${outputFile}"`] : []),
    ...(checks.length === 0 ? [] : [[`${generatedMark} what was handed over is what was made`, ...checks].join('\n')]),
  ]
  return {
    before_script: own.length === 0 ? undefined : own,
    script: [
      ...main,
      ...(others.length > 0 && hasOutputFile(job, sealed) ? [collected] : []),
      ...(sealed.has(name) ? [seal] : []),
    ],
    after_script: afterLines.length === 0 ? undefined : afterLines,
  }
}

/** The dotenv report of a job that has more to tell than one file of its own. */
const outputFile = 'sluice-outputs.env'

const hasOutputFile = (job: WrittenJob, sealed: ReadonlySet<string>): boolean =>
  sealed.has(job.name) || writesOutputs(job) || job.outputFiles.length > 1

const artifactsOf = (job: WrittenJob, { sealed }: Exporting): YamlValue | undefined => {
  const { artifacts, reports, outputFiles, name } = job
  const [first] = artifacts
  const dotenv = hasOutputFile(job, sealed) ? outputFile : outputFiles[0]
  const unread = reports.filter(({ format }) => !isGitlabReport(format)).flatMap(({ paths }) => paths)
  const paths = [...artifacts.flatMap((one) => one.paths), ...unread, ...(sealed.has(name) ? [sealFile(name)] : [])]
  const read = { ...reportsOf(job), ...(dotenv === undefined ? {} : { dotenv }) }
  const hasReports = Object.keys(read).length > 0
  if (paths.length === 0 && !hasReports && first?.untracked !== true) return undefined
  return {
    name: first === undefined || first.name === name ? undefined : first.name,
    paths: paths.length === 0 ? undefined : paths,
    exclude: first === undefined || first.exclude.length === 0 ? undefined : first.exclude,
    untracked: first?.untracked,
    when: first === undefined ? (reports.length > 0 ? 'always' : undefined) : storageWhens[first.when],
    expire_in: typeof first?.expireMs === 'number' ? durationText(first.expireMs) : undefined,
    reports: hasReports ? read : undefined,
  }
}
