/** Turns a lowered pipeline, from GitHub or GitLab, into the text of a `sluice.config.ts` that a person reads and goes on with. */
import type { JobPlan, Lowered } from '../../../core/pipeline/job-plan.ts'
import { isReportFormat } from '../../../core/evidence/types.ts'
import { limits } from '../../../core/limits.ts'
import { standardShell } from '../../../core/pipeline/lower-config.ts'
import { type AskedInputs, nothingAsked } from './asked-inputs.ts'
import { commonFields, type ConfigBody, durationCode, emptyless, inputsCode, isVariableName } from './config-fields.ts'
import { githubOrigin } from './github-origin.ts'
import { idsOf, isPredefined, type WrittenJob, writtenJobs } from './pipeline-shape.ts'
import { quoted } from './script-text.ts'
import { type CodeValue, codeText, commentText } from './typescript-text.ts'

/** What the file is for. */
export type ImportOptions = {
  readonly service: string
  /** The file that was lowered, for the head of the text. */
  readonly from: string
  /** What it asks whoever starts it for; nothing when absent. */
  readonly asked?: AskedInputs
}

/** The text of a config. Everything that could not be carried over is a comment at its job, or at the head. */
export const importPipeline = (lowered: Lowered, options: ImportOptions): string => {
  const { service, from, asked = nothingAsked } = options
  const jobs = writtenJobs(lowered.jobs)
  const names = configNames(jobs.map(({ name }) => name))
  const comments = new Map<string, readonly string[]>()
  const artifacts = new Set<string>()
  const entries = jobs.map((job) => {
    const remarks: string[] = []
    const name = names.get(job.name) ?? job.name
    if (name !== job.name) remarks.push(`was: ${job.name}`)
    const value = configJob(job, {
      names,
      artifacts,
      remarks,
      asked,
      plan: lowered.jobs.find((one) => one.name === job.name) ?? null,
    })
    if (remarks.length > 0) comments.set(name, remarks)
    return [name, value] as const
  })
  const notes = [...lowered.notes, ...asked.notes].map(({ file, line, message }) =>
    commentText(`${file}${line === null ? '' : `:${line}`} ${message}`),
  )
  return [
    commentText(`Made by \`sluice import\` from ${from}.`),
    ...notes,
    "import { defineConfig } from 'sluice'",
    '',
    'export default defineConfig({',
    `  service: ${codeText(configName(service))},`,
    '  pipeline: {',
    ...(asked.inputs.length === 0 ? [] : [`    on: ${codeText({ manual: inputsCode(asked.inputs) }, 4)},`]),
    `    jobs: ${codeText(Object.fromEntries(entries), 4, comments)},`,
    '  },',
    '})',
    '',
  ].join('\n')
}

/** Names of the config are lower case and short; two that become the same get numbers. */
const configNames = (names: readonly string[]): ReadonlyMap<string, string> => {
  const ids = idsOf(
    names
      .map(configName)
      .map((name, index, all) =>
        all.indexOf(name) === index ? name : `${name.slice(0, limits.nameLengthMax - 4)}-${index}`,
      ),
  )
  const values = [...ids.values()]
  return new Map(names.map((name, index) => [name, values[index] ?? configName(name)]))
}

const configName = (name: string): string => {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return (/^[a-z]/.test(plain) ? plain : `job-${plain}`).slice(0, limits.nameLengthMax).replace(/-+$/, '')
}

type Importing = {
  readonly names: ReadonlyMap<string, string>
  /** Names of artifacts that jobs have by now: in a config each is made by one. */
  readonly artifacts: Set<string>
  readonly remarks: string[]
  readonly asked: AskedInputs
  readonly plan: JobPlan | null
}

const configJob = (job: WrittenJob, importing: Importing): CodeValue => {
  const { names, artifacts, remarks, asked, plan } = importing
  const origin = plan === null ? null : githubOrigin(plan, asked.byName)
  remarks.push(...unsaid(job))
  const body = origin === null ? ownBody(withoutInputs(job, asked), remarks) : githubBody(origin, remarks)
  const needs = job.needs.map((need) => names.get(need) ?? need)
  return {
    needs: needs.length === 0 ? undefined : needs,
    ...body,
    env: namedVariables(body['env'], remarks),
    artifacts: distinctArtifacts(body['artifacts'], {
      own: configName(names.get(job.name) ?? job.name),
      taken: artifacts,
    }),
    shell: shellOf(job),
    ...commonFields(job, configName),
    timeout: durationCode(job.timeoutMs),
  }
}

/** The job without variables that are the inputs' own. */
const withoutInputs = (job: WrittenJob, { inputs }: AskedInputs): WrittenJob => {
  const own = new Map(inputs.map((input) => [input.name, input.default ?? '']))
  return { ...job, env: Object.fromEntries(Object.entries(job.env).filter(([name, value]) => own.get(name) !== value)) }
}

/** Variables whose names a shell takes; the others are told. */
const namedVariables = (env: CodeValue | undefined, remarks: string[]): CodeValue | undefined => {
  if (!isRecord(env)) return env
  const strange = Object.keys(env).filter((name) => !isVariableName(name))
  if (strange.length > 0) remarks.push(`set variables that no shell knows by their names: ${strange.join(', ')}`)
  return emptyless(
    Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        isVariableName(name) && value !== undefined ? [[name, value] as const] : [],
      ),
    ),
  )
}

/** The same artifacts, with the name of the job behind what another job has called the same. */
const distinctArtifacts = (
  artifacts: CodeValue | undefined,
  { own, taken }: { readonly own: string; readonly taken: Set<string> },
): CodeValue | undefined => {
  if (!isRecord(artifacts)) return artifacts
  return Object.fromEntries(
    Object.entries(artifacts).map(([name, paths]) => {
      const free = taken.has(name) ? configName(`${name}-${own}`) : name
      taken.add(free)
      return [free, paths]
    }),
  )
}

const isRecord = (value: CodeValue | undefined): value is { readonly [key: string]: CodeValue | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Scripts from elsewhere do not stop at a variable that is not set, as those of the config do where they name no shell. */
const shellOf = ({ dialect, shell }: WrittenJob): string | undefined => {
  if (dialect === 'github') return 'bash -e {0}'
  const words = shell === null ? 'sh -e {0}' : shell.join(' ')
  return words === standardShell.join(' ') ? undefined : words
}

const ownBody = (job: WrittenJob, remarks: string[]): ConfigBody => {
  const steps = job.steps.map((step) => ({
    name: step.name,
    run: stepScript(job, step),
    when: step.when,
    continueOnError: step.continueOnError,
  }))
  const text = steps.map(({ run }) => run).join('\n')
  const { env, unknown, head } = neededVariables({ ...job.env, ...job.late }, text)
  if (unknown.length > 0) remarks.push(`not known to Sluice, and used by the script: ${unknown.join(', ')}`)
  const [first, ...others] = steps
  const withHead = first === undefined ? [] : [{ ...first, run: [...head, first.run].join('\n') }, ...others]
  return {
    steps: stepsCode(withHead),
    env: emptyless(env),
    secrets: job.secrets.length === 0 ? undefined : job.secrets,
    artifacts: emptyless(Object.fromEntries(job.artifacts.map(({ name, paths }) => [configName(name), paths]))),
  }
}

/** Each step is a shell of its own, so its folder and its variables stand at its head. */
const stepScript = (job: WrittenJob, step: WrittenJob['steps'][number]): string => {
  const folder = step.workingDirectory ?? job.workingDirectory
  const set = Object.entries(step.env).map(([name, value]) => `export ${name}=${quoted(value)}`)
  return [...(folder === null ? [] : [`cd ${quoted(folder)}`]), ...set, ...step.lines].join('\n')
}

const githubBody = (origin: NonNullable<ReturnType<typeof githubOrigin>>, remarks: string[]): ConfigBody => {
  const steps: StepOfConfig[] = []
  const artifacts: Record<string, readonly string[]> = {}
  if (origin.condition !== null) remarks.push(`ran if: ${origin.condition}`)
  for (const step of origin.steps) {
    if (step.kind === 'run') {
      const set = Object.entries(step.env).map(
        ([name, value]) => `export ${name}="${value.replaceAll(/["\\`]/g, String.raw`\$&`)}"`,
      )
      steps.push({
        name: step.name,
        run: [...(step.folder === null ? [] : [`cd ${step.folder}`]), ...set, step.run].join('\n'),
        when: whenOf(step.condition) ?? 'success',
        continueOnError: false,
      })
      if (step.condition !== null && whenOf(step.condition) === null)
        remarks.push(`the step ${step.name ?? step.run.split('\n')[0]} ran if: ${step.condition}`)
    } else if (step.kind === 'artifact') artifacts[configName(step.name)] = step.paths
    else if (step.kind === 'cache') remarks.push(`kept ${step.paths.join(', ')} under ${step.key}`)
    else if (step.kind === 'other') remarks.push(`used ${step.uses}; write what it did as a step`)
  }
  const left = steps.flatMap(({ run }) => [...run.matchAll(/\$\{\{.*?\}\}/g)].map(([whole]) => whole))
  if (left.length > 0) remarks.push(`expressions that GitHub would fill in: ${[...new Set(left)].join(' ')}`)
  return {
    steps: stepsCode(steps),
    env: emptyless(origin.env),
    secrets: origin.secrets.length === 0 ? undefined : origin.secrets,
    artifacts: emptyless(artifacts),
  }
}

type StepOfConfig = {
  readonly name: string | null
  readonly run: string
  readonly when: 'success' | 'failure' | 'always'
  readonly continueOnError: boolean
}

/** The conditions of GitHub's steps that a step of the config has a word for. */
const whenOf = (condition: string | null): StepOfConfig['when'] | null => {
  const bare = (condition ?? '').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1').trim()
  if (bare === 'always()') return 'always'
  return bare === 'failure()' ? 'failure' : bare === 'success()' ? 'success' : null
}

const stepsCode = (steps: readonly StepOfConfig[]): CodeValue => {
  const written = steps.map(({ name, run, when, continueOnError }): CodeValue => {
    const isPlain = when === 'success' && !continueOnError
    const isNamed = name !== null && name !== run && name !== 'script'
    if (isPlain && !isNamed) return run
    return {
      ...(isNamed ? { name } : {}),
      run,
      ...(when === 'success' ? {} : { when }),
      ...(continueOnError ? { continueOnError } : {}),
    }
  })
  const [only] = written
  if (only === undefined) return 'true'
  return written.length === 1 && typeof only === 'string' ? only : written
}

/** What Sluice has under a name of its own. */
const sluiceNames: Readonly<Record<string, string>> = {
  CI_COMMIT_SHA: '$SLUICE_COMMIT',
  CI_COMMIT_SHORT_SHA: '${SLUICE_COMMIT:0:8}',
  CI_PROJECT_DIR: '$SLUICE_WORKSPACE',
  CI_JOB_NAME: '$SLUICE_JOB',
  CI_PIPELINE_ID: '$SLUICE_RUN',
}

/** Variables that the script uses: those of the file as they are; those that GitLab sets where their values do not belong to one commit, or Sluice has the same. */
const neededVariables = (
  all: Readonly<Record<string, string>>,
  script: string,
): {
  readonly env: Readonly<Record<string, string>>
  readonly unknown: readonly string[]
  readonly head: readonly string[]
} => {
  const env = Object.fromEntries(Object.entries(all).filter(([name]) => !isPredefined(name)))
  const text = [script, ...Object.values(env)].join('\n')
  const used = [...new Set([...text.matchAll(/\$\{?((?:CI|GITLAB)(?:_\w+)?)\b/g)].map(([, name = '']) => name))]
  const kept = used.filter((name) => all[name] !== undefined && isLasting(name))
  const head = used
    .filter((name) => Object.hasOwn(sluiceNames, name))
    .map((name) => `export ${name}="${sluiceNames[name]}"`)
  return {
    env: { ...env, ...Object.fromEntries(kept.map((name) => [name, all[name] ?? ''])) },
    unknown: used.filter((name) => !kept.includes(name) && !Object.hasOwn(sluiceNames, name) && name !== 'CI'),
    head,
  }
}

const isLasting = (name: string): boolean =>
  /^(?:GITLAB_CI|CI_DEFAULT_BRANCH|CI_(?:PROJECT|SERVER|ENVIRONMENT|NODE|API)_\w+|CI_JOB_STAGE)$/.test(name) &&
  name !== 'CI_PROJECT_DIR'

/** What a job asks for and the config has no word for here. */
const unsaid = (job: WrittenJob): readonly string[] => {
  const said = (isAsked: boolean, what: string): readonly string[] => (isAsked ? [what] : [])
  const { manual, delayMs, environment } = job
  return [
    ...said(manual?.isOptional === true, 'the run went on without it when nobody started it'),
    ...said(delayMs > 0, `started ${durationCode(delayMs)} after its needs`),
    ...said(
      environment !== null,
      `deployed to ${environment?.name}${environment === null || environment.url === null ? '' : ` (${environment.url})`}`,
    ),
    ...job.keyedCaches.flatMap(({ policy, when, paths }) => [
      ...said(policy !== 'pull-push', `only ${policy === 'pull' ? 'took' : 'left'} the cache of ${paths.join(', ')}`),
      ...said(when !== 'success', `kept ${paths.join(', ')} ${when === 'always' ? 'in any case' : 'after a failure'}`),
    ]),
    ...job.services.flatMap(({ name, env }) => {
      const strange = Object.keys(env).filter((one) => !isVariableName(one))
      return said(
        strange.length > 0,
        `the service ${name} had variables that no shell knows by their names: ${strange.join(', ')}`,
      )
    }),
    ...job.reports.flatMap(({ format, paths }) =>
      said(!isReportFormat(format), `left a ${format} report: ${paths.join(', ')}`),
    ),
  ]
}
