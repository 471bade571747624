/** Writes a GitHub Actions workflow that does what a pipeline of Sluice does. What GitHub has no word for is told in notes, and as comments at the head of the file. */
import type { JobPlan, PlannedService } from '../../../core/pipeline/job-plan.ts'
import { type Exported, type ExportOptions, identityOf, storedSecrets } from './export-options.ts'
import { githubEnv, githubSteps, literal, minutes, outputFilesOf, type StepContext } from './github-steps.ts'
import { githubDispatch, githubInputEnv, unsaidToGithub } from './input-fields.ts'
import { actionPins, pinned } from './pins.ts'
import { type ExportUnit, exportUnits, idsOf, type WrittenJob } from './pipeline-shape.ts'
import { sealedJobs } from './seals.ts'
import { yamlText, type YamlValue } from './yaml-text.ts'

/** A workflow for jobs: actions pinned by commit, no permission but reading, artifacts handed over by digest, a token of its own for each job that deploys. */
export const exportGithub = (jobs: readonly JobPlan[], options: ExportOptions): Exported => {
  const units = exportUnits(jobs)
  const names = units.map(unitName)
  const unitIds = idsOf(names)
  const members = units.flatMap((unit) =>
    membersOf(unit).map((job) => [job, unitIds.get(unitName(unit)) ?? ''] as const),
  )
  const exporting: Exporting = {
    options,
    unitIds,
    ids: new Map(members.map(([job, id]) => [job.name, id])),
    jobs: new Map(members.map(([job]) => [job.name, job])),
    sealed: sealedJobs(units),
    matrices: new Set(units.flatMap((unit) => (unit.kind === 'matrix' ? membersOf(unit).map(({ name }) => name) : []))),
    skippable: skippable(jobs),
    notes: [...unsaidToGithub(options.inputs ?? [])],
  }
  const content: Readonly<Record<string, YamlValue>> = {
    name: options.service,
    on: triggers(options),
    permissions: { contents: 'read' },
    jobs: Object.fromEntries(units.map((unit) => [unitIds.get(unitName(unit)) ?? '', unitBody(unit, exporting)])),
  }
  const notes = [...new Set(exporting.notes)]
  const head = [
    `Written by \`sluice export github\` from the pipeline of ${options.service}.`,
    'Actions are pinned by commit; the comment beside each is the release that it belongs to.',
    ...notes.map((note) => `Not carried over: ${note}.`),
  ]
  return { text: yamlText(content, { head, comments: pinComments(), spaced: Object.keys(content).slice(1) }), notes }
}

type Exporting = {
  readonly options: ExportOptions
  readonly unitIds: ReadonlyMap<string, string>
  readonly ids: ReadonlyMap<string, string>
  readonly jobs: ReadonlyMap<string, WrittenJob>
  readonly sealed: ReadonlySet<string>
  readonly matrices: ReadonlySet<string>
  /** Jobs with something before them that may be skipped although nothing failed; GitHub would skip them as well. */
  readonly skippable: ReadonlySet<string>
  readonly notes: string[]
}

const unitName = (unit: ExportUnit): string => (unit.kind === 'job' ? unit.job.name : unit.matrix.name)

const membersOf = (unit: ExportUnit): readonly WrittenJob[] =>
  unit.kind === 'job' ? [unit.job] : unit.matrix.legs.map(({ name }) => ({ ...unit.matrix.sample, name }))

const pinComments = (): ReadonlyMap<string, string> =>
  new Map(
    (['checkout', 'upload', 'download', 'cache'] as const).flatMap((action) =>
      ['', '/restore', '/save'].map((part) => [pinned(action, part), actionPins[action].tag] as const),
    ),
  )

const triggers = ({ branches, schedules, inputs = [] }: ExportOptions): YamlValue => ({
  push: { branches, tags: ['v*'] },
  pull_request: {},
  workflow_dispatch: githubDispatch(inputs),
  schedule: schedules.length === 0 ? undefined : schedules.map((cron) => ({ cron })),
})

const skippable = (jobs: readonly JobPlan[]): ReadonlySet<string> => {
  const plans = new Map(jobs.map((job) => [job.name, job]))
  const known = new Map<string, boolean>()
  const isBehind = (name: string): boolean => {
    const before = known.get(name)
    if (before !== undefined) return before
    known.set(name, false)
    const found = (plans.get(name)?.needs ?? []).some(
      (need) => plans.get(need)?.condition === 'failure' || isBehind(need),
    )
    known.set(name, found)
    return found
  }
  return new Set([...plans.keys()].filter(isBehind))
}

const unitBody = (unit: ExportUnit, exporting: Exporting): YamlValue => {
  const job = unit.kind === 'job' ? unit.job : unit.matrix.sample
  const id = exporting.unitIds.get(unitName(unit)) ?? ''
  exporting.notes.push(...unsaid(job))
  const isMatrix = unit.kind === 'matrix'
  const body = jobBody(
    {
      job,
      id,
      ids: exporting.ids,
      jobs: exporting.jobs,
      sealed: exporting.sealed,
      matrices: exporting.matrices,
      isMatrix,
    },
    exporting,
    isMatrix ? unit.matrix.keys : [],
  )
  if (unit.kind === 'job') return { ...(id === job.name ? {} : { name: literal(job.name) }), ...body }
  const { legs, keys, group } = unit.matrix
  const rows =
    keys.length === 0
      ? { leg: legs.map((_, index) => index + 1) }
      : {
          include: legs.map(({ values }) =>
            Object.fromEntries(Object.entries(values).map(([key, value]) => [key, literal(value)])),
          ),
        }
  const own =
    keys.length === 0
      ? { CI_NODE_INDEX: '${{ matrix.leg }}', CI_NODE_TOTAL: String(legs.length) }
      : Object.fromEntries(keys.map((key) => [key, `\${{ matrix.${key} }}`]))
  return {
    ...(id === unit.matrix.name ? {} : { name: literal(unit.matrix.name) }),
    strategy: { 'fail-fast': group.failFast, 'max-parallel': group.maxParallel ?? undefined, matrix: rows },
    ...body,
    env: { ...own, ...envOf(body) },
  }
}

const envOf = (body: Readonly<Record<string, YamlValue | undefined>>): Readonly<Record<string, YamlValue>> => {
  const { env } = body
  return typeof env === 'object' && env !== null && !Array.isArray(env)
    ? Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
    : {}
}

const jobBody = (
  context: StepContext,
  { options, skippable: behind, ids }: Exporting,
  without: readonly string[],
): Readonly<Record<string, YamlValue | undefined>> => {
  const { job, sealed } = context
  const identity = identityOf(job, options)
  const secrets = storedSecrets(job, options)
  const asked = githubInputEnv(options.inputs ?? [])
  const env = {
    ...githubEnv(job, [...without, ...Object.keys(asked)]),
    ...asked,
    ...Object.fromEntries(secrets.map((name) => [name, `\${{ secrets.${name} }}`])),
  }
  const { concurrency, environment, manual, services } = job
  // Whoever is to start a job by hand is asked by an environment with required reviewers.
  const place = environment ?? (manual === null ? null : { name: 'approval', url: null })
  return {
    needs: job.needs.length === 0 ? undefined : [...new Set(job.needs.map((need) => ids.get(need) ?? need))],
    if: conditionOf(job, behind.has(job.name)),
    'runs-on': options.image ?? 'ubuntu-latest',
    permissions: identity === null ? undefined : { contents: 'read', 'id-token': 'write' },
    environment: place === null ? undefined : place.url === null ? place.name : { name: place.name, url: place.url },
    concurrency:
      concurrency === null
        ? undefined
        : {
            group: literal(concurrency.group),
            'cancel-in-progress': concurrency.onConflict === 'cancel_running',
            queue: concurrency.onConflict === 'queue' ? 'max' : undefined,
          },
    'timeout-minutes': minutes(job.timeoutMs),
    'continue-on-error': job.mayFail !== null && job.mayFail.exitCodes.length === 0 ? true : undefined,
    defaults: job.workingDirectory === null ? undefined : { run: { 'working-directory': job.workingDirectory } },
    services: services.length === 0 ? undefined : Object.fromEntries(services.flatMap(serviceEntry)),
    outputs: sealed.has(job.name) ? { seal: '${{ steps.seal.outputs.digest }}' } : undefined,
    env: Object.keys(env).length === 0 ? undefined : env,
    steps: githubSteps(context),
  }
}

const conditionOf = ({ condition }: WrittenJob, isBehindSkippable: boolean): string | undefined => {
  if (condition === 'failure') return 'failure()'
  if (condition === 'always') return 'always()'
  if (condition === 'settled') return '!cancelled()'
  return isBehindSkippable ? '!failure() && !cancelled()' : undefined
}

const serviceEntry = ({
  name,
  image,
  env,
  ports,
  healthCommand,
}: PlannedService): readonly (readonly [string, YamlValue])[] =>
  image === null
    ? []
    : [
        [
          name,
          {
            image,
            env: Object.keys(env).length === 0 ? undefined : env,
            ports: ports.length === 0 ? undefined : ports.map((port) => `${port}:${port}`),
            options:
              healthCommand === null
                ? undefined
                : `--health-cmd "${healthCommand.replaceAll(/[\\"$`]/g, String.raw`\$&`)}" --health-interval 2s --health-retries 15`,
          },
        ],
      ]

/** What a job asks for and GitHub has no word for. */
const unsaid = (job: WrittenJob): readonly string[] => {
  const { name, retry, manual } = job
  const said = (isAsked: boolean, what: string): readonly string[] => (isAsked ? [`${name}: ${what}`] : [])
  return [
    ...said(job.condition === 'resolve', 'its condition, which is decided while the run goes on'),
    ...said(job.budget !== null, 'its time budget'),
    ...said(job.cache !== null, 'the task cache, which skips it when nothing that it depends on has changed'),
    ...said(
      retry.attemptsMax > 1 && job.steps.length > 1,
      'attempts of the whole job; each of its steps is tried again by itself',
    ),
    ...said(
      retry.on.some(({ kind }) => kind !== 'exit_code' && kind !== 'script_failure'),
      'attempts after a time limit or a lost machine',
    ),
    ...said(
      manual !== null && job.environment === null,
      'that it is started by hand; it waits for the reviewers of the environment "approval"',
    ),
    ...said(manual !== null && manual.inputs.length > 0, 'inputs of a manual job'),
    ...said(manual?.isOptional === true, 'that the run may end without it'),
    ...said(Object.keys(job.late).length > 0, 'variables that are filled in with others; they keep their $'),
    ...said(
      job.artifacts.some(({ untracked }) => untracked === true),
      'files that git does not know as an artifact',
    ),
    ...said(job.coveragePattern !== undefined, 'the coverage that a pattern finds in the log'),
    ...job.services
      .filter(({ image }) => image === null)
      .map((service) => `${name}: the service ${service.name}, which is a command without an image`),
    ...said(
      outputFilesOf(job).length > 0 && job.partOf !== null,
      'outputs of single legs; those of the last one count',
    ),
  ]
}
