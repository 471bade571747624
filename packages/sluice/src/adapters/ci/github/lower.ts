/** GitHub Actions workflows into the one model of jobs. Pure: what is read is handed in, so that a result can be kept under the hash of what it was made from. */
import type { ConcurrencyPlan, JsonValue, Lowered, LoweringNote, Texts } from '../../../core/pipeline/job-plan.ts'
import { readCalls } from './calls.ts'
import { checkActions, type ActionRules } from './check-actions.ts'
import { checkMeaning } from './check-meaning.ts'
import type { Fields, GithubDefinition, RunnerRules } from './definition.ts'
import type { GithubEvent } from './event.ts'
import { evaluateText, evaluateValue, isMapping, textOf, type Scope } from './expressions.ts'
import { githubContext } from './github-context.ts'
import { typedInputs } from './inputs.ts'
import { concurrencyOf, isKnown } from './job-fields.ts'
import { partOf, planJobs } from './plan-jobs.ts'
import { isOfOthers, reachOf } from './reach.ts'
import { readSchema } from './schema.ts'
import { child, descend, parseTree, toJson, type Tree } from './tree.ts'
import { eventsOf, matchTrigger, type Trigger } from './triggers.ts'
import { check, note, type Checking } from './validate.ts'
import { bodyOf, linesOf } from './workflow-body.ts'

/** What is lowered, and for what. */
export type LoweringRequest = {
  /** Path of the workflow, relative to the root of the project. */
  readonly file: string
  readonly text: string
  readonly event: GithubEvent
  /** Names of the jobs that are wanted with what they need; null for all. What the others ask of this machine is not looked at. */
  readonly only: readonly string[] | null
  /** Whether a workflow that GitHub would not start for the event has no jobs, or has them and a warning says so. */
  readonly filters: 'enforce' | 'note'
  /** Whether inputs that are required must be there, or the workflow is only read; `needed` when absent. */
  readonly inputs?: 'needed' | 'assumed'
  /** The text of a file of the project, by path relative to its root; null where there is none. Asked for called workflows and actions of the repository; for a workflow
   * of another repository with its whole reference, `owner/name/.github/workflows/x.yml@v1`. */
  readonly read: (path: string) => string | null
  readonly vars: Texts
  readonly rules: RunnerRules
  readonly actions: ActionRules
}

/** A lowered workflow: jobs and notes, and what it says about the run as a whole. Plain JSON. */
export type LoweredWorkflow = Lowered & {
  readonly name: string
  /** `run-name`, evaluated; null for none. */
  readonly runName: string | null
  /** Runs of this group must not overlap. */
  readonly concurrency: ConcurrencyPlan | null
  readonly trigger: Trigger
  /** Names of the events that start it. */
  readonly events: readonly string[]
  /** Activities that it waits for, by event; and the cron lines of its schedules. */
  readonly activities: Readonly<Record<string, readonly string[]>>
  readonly crons: readonly string[]
  /** Whether another commit (its id, what it changed) could make other jobs of it; where false, only the event in the plans differs. */
  readonly dependsOnCommit: boolean
}

/** Lowers a workflow. Never throws for what a document says: everything wrong, and everything that is read differently here, is among the notes with its place. */
export const lowerWorkflow = (request: LoweringRequest): LoweredWorkflow => {
  const { file, text } = request
  const { tree, notes: parseNotes } = parseTree(file, text)
  const notes: LoweringNote[] = [...parseNotes]
  if (tree === null) return nothing(notes)
  const checking: Checking = { schema: readSchema('workflow'), file, notes, known: new Map() }
  check(checking, tree, 'workflow-root-strict')
  const events = descend(tree, ['on'])
  const softened = notes.map(softenedNote)
  notes.length = 0
  notes.push(...softened)
  if (tree.kind !== 'map' || hasError(notes)) return { ...nothing(sorted(notes)), events: eventNames(events) }
  return lowerChecked(request, tree, checking)
}

const lowerChecked = (request: LoweringRequest, tree: Tree, checking: Checking): LoweredWorkflow => {
  const { file, filters, vars, rules } = request
  const { notes } = checking
  const body = bodyOf(tree)
  checkMeaning(checking, tree)
  const on = body['on'] ?? null
  const part = partOf(file, body)
  const top = { name: part.name, file }
  const jobs = isMapping(body['jobs']) ? body['jobs'] : {}
  const inputs = dispatchInputs(checking, tree, request)
  const event = { ...request.event, inputs: { ...request.event.inputs, ...textsOf(inputs) } }
  const scope: Scope = {
    contexts: {
      github: githubContext({ event, run: null, commit: null, workflow: top, job: null, token: '' }),
      inputs,
      vars,
    },
    functions: [],
  }
  // What this machine has not is told together, whatever kind it is of; of a document that is wrong nothing more can be said.
  const isWrong = hasError(notes)
  const isReached = reachOf(jobs, request.only, scope)
  const { read, actions } = request
  const early = { contexts: { github: scope.contexts['github'] ?? null, vars }, functions: [] }
  const calling = { tree, file, read, actions, rules, above: [], allowed: null, isReached, scope: early }
  const calls = readCalls(calling, checking)
  checkActions(checking, tree, { read, actions, isReached })
  const trigger = matchTrigger(on, event)
  const shell = { ...nothing([]), trigger, ...whatStarts(on), dependsOnCommit: looksAtCommit(body) }
  if (trigger.kind === 'does_not_run')
    note(checking, 'warning', {
      key: 'on',
      message: `GitHub would not run this for ${event.name} of ${event.baseRef ?? event.ref}: ${trigger.because}`,
      place: child(tree, 'on')?.place ?? null,
    })
  if (isWrong || (filters === 'enforce' && trigger.kind === 'does_not_run')) return { ...shell, notes: sorted(notes) }
  const planned = planJobs({
    event,
    rules,
    vars,
    top,
    inputs,
    part,
    call: null,
    jobs,
    lines: linesOf(tree),
    calls,
    partOf: null,
  })
  notes.push(...planned.notes.filter((one) => !isOfOthers(one, isReached)))
  const concurrency = workflowConcurrency(checking, tree, scope)
  for (const job of planned.jobs)
    if (concurrency !== null && job.concurrency?.group === concurrency.group)
      note(checking, 'error', {
        key: `jobs.${job.name}.concurrency`,
        message: `the job waits for the group ${concurrency.group}, which its own workflow holds: neither would ever go on (GitHub cancels such a run for its deadlock)`,
        place: descend(tree, ['jobs', job.name])?.place ?? child(tree, 'concurrency')?.place ?? null,
      })
  return {
    ...shell,
    name: part.name,
    runName: runNameOf(body['run-name'], scope),
    concurrency,
    jobs: hasError(notes) ? [] : planned.jobs,
    notes: sorted(notes),
  }
}

const nothing = (notes: readonly LoweringNote[]): LoweredWorkflow => ({
  name: '',
  runName: null,
  concurrency: null,
  trigger: { kind: 'does_not_run', because: 'the file cannot be read' },
  events: [],
  activities: {},
  crons: [],
  dependsOnCommit: true,
  jobs: [],
  notes,
})

/** Whether what is evaluated before the run, or a filter of `on`, looks at the commit. Steps are evaluated later. */
const looksAtCommit = (body: Fields): boolean => {
  const jobs = isMapping(body['jobs']) ? body['jobs'] : {}
  const early = Object.values(jobs).map((job) => (isMapping(job) ? { ...job, steps: null } : job))
  const text = JSON.stringify([body['run-name'] ?? null, body['concurrency'] ?? null, early])
  return (
    /github\s*(?:\.\s*(?:sha|event|workflow_sha)\b|\[)|\(\s*github\s*\)/i.test(text) ||
    /"paths/.test(JSON.stringify(body['on'] ?? null))
  )
}

const whatStarts = (on: JsonValue): Pick<LoweredWorkflow, 'events' | 'activities' | 'crons'> => {
  const events = eventsOf(on)
  const { schedule } = events
  return {
    events: Object.keys(events),
    activities: Object.fromEntries(
      Object.entries(events).map(([name, limits]) => [name, listOf(isMapping(limits) ? limits['types'] : undefined)]),
    ),
    crons: listOf(
      Array.isArray(schedule) ? schedule.map((one: JsonValue) => (isMapping(one) ? (one['cron'] ?? '') : '')) : [],
    ),
  }
}

const listOf = (value: JsonValue | undefined): readonly string[] => {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map(textOf)
}

/** Inputs as the payload has them: texts, those that were not given with their defaults. */
const textsOf = (inputs: Fields): Texts =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, textOf(value)]))

const eventNames = (on: Tree | null): readonly string[] => (on === null ? [] : Object.keys(eventsOf(toJson(on))))

/** GitHub ignores keys that it does not know beside the inputs of `workflow_dispatch`. */
const softenedNote = (one: LoweringNote): LoweringNote =>
  /^on\.workflow_dispatch\.[^.]+$/.test(one.key) && one.message.startsWith('Unexpected value')
    ? { ...one, level: 'warning', message: `${one.message}; it is ignored` }
    : one

const hasError = (notes: readonly LoweringNote[]): boolean => notes.some(({ level }) => level === 'error')

/** In the order of the files, each once: an action that is used twice says the same twice. */
const sorted = (notes: readonly LoweringNote[]): readonly LoweringNote[] =>
  [...new Map(notes.map((one) => [JSON.stringify(one), one])).values()].toSorted(
    (a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )

const dispatchInputs = (
  checking: Checking,
  tree: Tree,
  { event, inputs }: Pick<LoweringRequest, 'event' | 'inputs'>,
): GithubDefinition['inputs'] => {
  // GitHub starts a workflow that is to be called only by a call; here one may be tried by itself.
  if (event.name !== 'workflow_dispatch' && event.name !== 'workflow_call') return {}
  const declared = descend(tree, ['on', event.name, 'inputs'])
  const { values, problems } = typedInputs(declared === null ? {} : toJson(declared), event.inputs)
  for (const { name, message } of inputs === 'assumed' ? [] : problems)
    note(checking, 'error', {
      key: `on.${event.name}.inputs.${name}`,
      message,
      place: (child(declared, name) ?? declared)?.place ?? null,
    })
  return values
}

const runNameOf = (value: JsonValue | undefined, scope: Scope): string | null =>
  typeof value === 'string' && value !== '' && isKnown(value, scope) ? evaluateText(value, scope) : null

/** The same as it is in a run of that number. */
const inRun = ({ contexts, functions }: Scope, number: number): Scope => {
  const github = contexts['github']
  const run = { run_id: String(number), run_number: String(number), run_attempt: '1' }
  return { contexts: { ...contexts, github: isMapping(github) ? { ...github, ...run } : run }, functions }
}

const workflowConcurrency = (checking: Checking, tree: Tree, scope: Scope): ConcurrencyPlan | null => {
  const written = child(tree, 'concurrency')
  if (written === null) return null
  const value = toJson(written)
  if (isKnown(value, scope)) return concurrencyOf(evaluateValue(value, scope))
  const [one, other] = [1, 2].map((number) => JSON.stringify(evaluateValue(value, inRun(scope, number))))
  // A group that is the same for any run, `github.head_ref || github.run_id` of a pull request.
  if (one === other && one !== undefined) return concurrencyOf(JSON.parse(one))
  note(checking, 'warning', {
    key: 'concurrency',
    message: 'the group of the whole run is named by the run itself, so that it never meets another: it is left out',
    place: written.place,
  })
  return null
}
