/** A job: its steps in order, what actions left for the end, and its outputs. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonValue, Texts } from '../../../../core/pipeline/job-plan.ts'
import type { DialectEnd, DialectRequest, JobShell } from '../../../../ports/dialect.ts'
import { controlOf, flatSteps } from '../control-steps.ts'
import { definitionOf, type Call, type Fields, type GithubDefinition } from '../definition.ts'
import { evaluateText, evaluateValue, isMapping, textOf, type Scope } from '../expressions.ts'
import { githubContext } from '../github-context.ts'
import { jobContexts } from '../job-scope.ts'
import { payloadOf } from '../payload.ts'
import {
  plainAnnotation,
  mask,
  tellError,
  tellWarning,
  type JobState,
  type RunOptions,
  type StepFrame,
} from './job-state.ts'
import { createBeside } from './beside.ts'
import { runControl } from './run-control.ts'
import { createMatchers } from './matchers.ts'
import { runPosts } from './posts.ts'
import { runPres } from './pres.ts'
import { runSteps, type Failed } from './run-step.ts'
import { stepScope, textsOf } from './step-scope.ts'

/** Runs a job of this dialect; see the port. */
export const runJob = async (
  request: DialectRequest,
  { shell, options }: { readonly shell: JobShell; readonly options: RunOptions },
  signal: AbortSignal,
): Promise<DialectEnd> => {
  const definition = definitionOf(request.job)
  const frame: StepFrame = {
    steps: {},
    inputs: definition.inputs,
    action: null,
    outer: null,
    unit: null,
    env: {},
    hasFailed: false,
    depth: 0,
    taken: new Map(),
  }
  let failed: Failed | null = null
  const state = stateOf({ definition, request, shell, options, signal })
  const outputs: Record<string, string> = {}
  try {
    Object.assign(state.env, jobEnv(state))
    const written = definition.job['steps']
    const steps = (Array.isArray(written) ? written : []).filter(isMapping)
    failed = await runPres(state, frame, flatSteps(steps))
    failed ??= await runJobSteps(state, frame, steps)
    failed = (await runPosts(state, frame)) ?? failed
    Object.assign(outputs, jobOutputs(state, frame))
    tellEnvironment(state, frame)
  } catch (error) {
    // What a document says wrong fails the job; a bug of ours would do the same, and be seen in its log.
    tellError(state, error instanceof Error ? error.message : String(error))
    failed ??= { name: null, exitCode: null }
    frame.hasFailed = true
  }
  const outcome = signal.aborted
    ? isTimeout(signal)
      ? 'timed_out'
      : 'cancelled'
    : frame.hasFailed
      ? 'failed'
      : 'succeeded'
  return { outcome, failedStep: failed?.name ?? null, exitCode: failed?.exitCode ?? null, outputs }
}

/** The steps of the job itself, among which some may run beside the others. All have ended then. */
const runJobSteps = async (state: JobState, frame: StepFrame, steps: readonly Fields[]): Promise<Failed | null> => {
  const beside = createBeside(state, frame)
  let first: Failed | null = null
  for (const step of steps) {
    const control = controlOf(step)
    if (control !== null) {
      const failed = await runControl({ state, frame, beside, step }, control)
      first ??= failed
    } else if (step['background'] === true) beside.start(step)
    else {
      const failed = await runSteps(state, frame, [step])
      first ??= failed
    }
  }
  const left = await beside.finish()
  if (left !== null) frame.hasFailed = true
  return first ?? left
}

const isTimeout = ({ reason }: AbortSignal): boolean => reason instanceof Error && reason.name === 'TimeoutError'

type Parts = {
  readonly definition: GithubDefinition
  readonly request: DialectRequest
  readonly shell: JobShell
  readonly options: RunOptions
  readonly signal: AbortSignal
}

const stateOf = ({ definition, request, shell, options, signal }: Parts): JobState => {
  const folders = {
    temporary: join(shell.temporary, '_temp'),
    tools: options.toolCache ?? join(shell.temporary, '_tool'),
    commands: join(shell.temporary, '_temp', '_runner_file_commands'),
  }
  mkdirSync(folders.commands, { recursive: true })
  mkdirSync(folders.tools, { recursive: true })
  const { event, top, id } = definition
  const { run, commit, needs } = request
  const eventFile = join(shell.temporary, '_temp', '_github_workflow', 'event.json')
  mkdirSync(join(shell.temporary, '_temp', '_github_workflow'), { recursive: true })
  writeFileSync(eventFile, JSON.stringify(payloadOf(event, { commit, file: top.file }), null, 2))
  const moment = { run, commit, needs, token: options.token }
  const secrets = secretsOf(definition.call, { ...shell.secrets, GITHUB_TOKEN: options.token })
  const state: JobState = {
    definition,
    request,
    shell,
    options,
    matchers: createMatchers(shell.directory),
    github: githubContext({ ...moment, event, workflow: top, job: id }),
    contexts: jobContexts(definition, moment),
    secrets,
    isDebug: (secrets['ACTIONS_STEP_DEBUG'] ?? definition.vars['ACTIONS_STEP_DEBUG'] ?? '') === 'true',
    folders,
    eventFile,
    container: containerEnv(definition, { contexts: { ...jobContexts(definition, moment), secrets }, functions: [] }),
    env: {},
    prepended: [],
    masked: new Set(),
    posts: [],
    saved: new Map(),
    loaded: new Map(),
    signal,
    calledOff: null,
    made: { files: 0, artifacts: new Set() },
  }
  for (const value of Object.values(secrets)) mask(state, value)
  return state
}

/** Secrets as a job sees them: the source's, or what the calls until here hand on of them. */
const secretsOf = (call: Call | null, source: Texts): Texts => {
  if (call === null) return source
  const above = secretsOf(call.above, source)
  if (call.secrets === 'inherit') return above
  const scope: Scope = { contexts: { ...call.contexts, secrets: above }, functions: [] }
  const handed = Object.entries(call.secrets).map(([name, template]) => [name, evaluateText(template, scope)])
  return { ...Object.fromEntries(handed), GITHUB_TOKEN: source['GITHUB_TOKEN'] ?? '' }
}

const containerEnv = ({ job }: GithubDefinition, scope: Scope): Texts | null => {
  const container = evaluateValue(job['container'] ?? null, scope)
  if (!isMapping(container)) return textOf(container) === '' ? null : {}
  return textOf(container['image'] ?? null) === '' ? null : textsOf(container['env'])
}

/** Environment of the workflow, and of the job on top. */
const jobEnv = (state: JobState): Texts => {
  const { part, job } = state.definition
  const github = { ...state.github, workspace: state.shell.directory, event_path: state.eventFile }
  const scope: Scope = { contexts: { ...state.contexts, github, secrets: state.secrets }, functions: [] }
  const read = (written: JsonValue | undefined): Texts => textsOf(evaluateValue(written ?? {}, scope))
  return { ...read(part.env), ...read(job['env']) }
}

/** Outputs of the job, evaluated; one that holds something masked is left out, as GitHub does. */
const jobOutputs = (state: JobState, frame: StepFrame): Texts => {
  const written = state.definition.job['outputs']
  if (written === undefined) return {}
  const outputs = textsOf(evaluateValue(written, stepScope(state, frame, {})))
  const kept = Object.entries(outputs).filter(([name, value]) => {
    const isSecret = [...state.masked].some((secret) => value.includes(secret))
    if (isSecret) tellWarning(state, `Skip output '${name}' since it may contain secret.`)
    return !isSecret
  })
  return Object.fromEntries(kept)
}

/** The address of the environment, where it comes out of the steps. */
const tellEnvironment = (state: JobState, frame: StepFrame): void => {
  const written: JsonValue | Fields = state.definition.job['environment'] ?? null
  const url = isMapping(written) ? written['url'] : undefined
  if (url === undefined || frame.hasFailed) return
  const address = textOf(evaluateValue(url, stepScope(state, frame, {})))
  if (address === '') return
  state.shell.note(`Environment: ${address}`)
  state.shell.annotate({ ...plainAnnotation('notice', address), title: 'Environment' })
}
