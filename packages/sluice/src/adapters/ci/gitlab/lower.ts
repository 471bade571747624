/**
 * Lowers a GitLab pipeline into the jobs of the one model. What GitLab decides when it makes a pipeline (includes, rules, legs, variables) is decided here;
 * what happens while it runs is said by the fields of the jobs. Pure but for reading files through the argument.
 */
import type { JobPlan, Lowered, PipelineMode, Texts } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import { checkKeys, checkRoot, expected, spotOf } from './check-keys.ts'
import { checkCheckout, checkJob, checkVariables } from './check-job.ts'
import { adopted, childOf } from './child.ts'
import type { GitlabContext, GivenVariable } from './context.ts'
import { checkStops } from './environment.ts'
import { followExtends, followReferences } from './extends.ts'
import { gatherPlan, graphOf } from './graph.ts'
import { loadPipeline, type Loading, withIncludes } from './include.ts'
import { inputsTree } from './inputs.ts'
import { defaultsOf, jobNames, type PipelineScope, pipelineJobs, withDefaults } from './jobs.ts'
import { jobPlan } from './lower-job.ts'
import { keyRows } from './keys.ts'
import { createNotes, type Notes } from './notes.ts'
import { pipelineVariables } from './predefined.ts'
import { firstMatch, type RuleFacts, rulesOf } from './rules.ts'
import { hasKey, itemsOf, type MapTree, textOf, textsOf, valueOf, withoutNulls } from './tree.ts'
import { createFiller, givenVariables, layered, layerOf, type Variables, variablesOf } from './variables.ts'

/** A pipeline to lower. */
export type GitlabRequest = {
  /** Text of a file of the commit, relative to its root; null where there is none. */
  readonly files: (path: string) => string | null
  /** The pipeline's own file, `.gitlab-ci.yml`. */
  readonly file: string
  readonly variables: readonly GivenVariable[]
  readonly context: GitlabContext
  /** Values for `spec:inputs` of the file. */
  readonly inputs?: Texts
  /** Includes from elsewhere that are left out, by project, address, template or component; none when absent. */
  readonly skippedIncludes?: readonly string[]
  /** Which of the jobs are to run; all when absent. Asked only where nothing is wrong. */
  readonly select?: (jobs: readonly JobPlan[]) => readonly JobPlan[]
  /** What `image:` is: noted, since jobs run on this machine, or a reason not to start. Noted when absent. */
  readonly images?: 'note' | 'refuse'
}

/** The jobs of a pipeline, and what is to be said about it. Never throws for a document, however wrong; no jobs where a note is an error. */
export const lowerGitlab = (request: GitlabRequest): Lowered => {
  const notes = createNotes()
  const lowered = lowerOne(request, { notes, root: null, depth: 0, at: '' })
  const all = lowered?.jobs ?? []
  const jobs = request.select === undefined || notes.hasFaults() ? all : request.select(all)
  if (lowered !== null) excuseOthers(notes, lowered.written, jobs)
  const count = jobs.filter(({ gathers }) => gathers !== true).length
  if (count > limits.jobsMax)
    notes.error(
      { key: '', place: { file: request.file, line: null, column: null } },
      `the pipeline has ${count} jobs, at most ${limits.jobsMax}`,
    )
  const list = notes.list()
  if (notes.hasErrors()) return { jobs: [], notes: list }
  return { jobs: distinctArtifacts(jobs), notes: list, ...(lowered === null ? {} : { mode: lowered.mode }) }
}

/** What is refused keeps only those from starting whose jobs run. */
const excuseOthers = (notes: Notes, written: readonly string[], jobs: readonly JobPlan[]): void => {
  const running = new Set(jobs.flatMap(({ name, partOf }) => (partOf === null ? [name] : [name, partOf])))
  const longestFirst = written.toSorted((a, b) => b.length - a.length)
  notes.excuse((key) => {
    const of = longestFirst.find((name) => key === name || key.startsWith(`${name}.`))
    return of === undefined || running.has(of)
  })
}

type Level = {
  readonly notes: Notes
  /** A document in place of the file: that of a child pipeline. */
  readonly root: MapTree | null
  readonly depth: number
  /** What stands before keys in notes on its includes. */
  readonly at: string
}

/** `written`: names of all jobs of the file. */
type One = { readonly jobs: readonly JobPlan[]; readonly mode: PipelineMode; readonly written: readonly string[] }

const lowerOne = (request: GitlabRequest, level: Level): One | null => {
  const { context, file } = request
  const { notes } = level
  const predefined = layerOf(pipelineVariables(context, file), 'predefined')
  const given = givenVariables(request.variables)
  const filler = createFiller(layered(predefined, given), { isLate: () => false })
  const facts: RuleFacts = { context, filler, notes, conditions: new Map() }
  const root = documentOf(
    request,
    { files: request.files, facts, count: { files: 0 }, skipped: request.skippedIncludes ?? [], at: level.at },
    level,
  )
  if (root === null) return null
  checkRoot(root, notes)
  const globals = variablesOf(valueOf(root, 'variables'))
  checkVariables(valueOf(root, 'variables'), { key: 'variables', scope: 'variable' }, notes)
  const workflow = workflowOf(root, {
    ...facts,
    filler: createFiller(layered(predefined, globals, given), { isLate: () => false }),
  })
  if (workflow === null) return null
  const defaults = defaultsOf(root, notes)
  const jobs = writtenJobs(root, defaults, notes)
  const scope: PipelineScope = {
    root,
    context,
    notes,
    predefined:
      workflow.mode.name === null
        ? predefined
        : layered(predefined, layerOf([['CI_PIPELINE_NAME', workflow.mode.name]], 'predefined')),
    globals: layered(globals, workflow.variables),
    given,
    stages: stagesOf(root, notes),
    hasWorkflowRules: valueOf(valueOf(root, 'workflow'), 'rules') !== null,
    hasDotenv: [...jobs.values()].some((job) => hasKey(valueOf(valueOf(job, 'artifacts'), 'reports'), 'dotenv')),
    facts,
  }
  checkCheckout(root, '', notes)
  checkStops(jobs, notes)
  for (const [name, job] of jobs) checkJob(job, name, { notes, images: request.images ?? 'note' })
  return { jobs: plansOf(jobs, scope, { request, level }), mode: workflow.mode, written: [...jobs.keys()] }
}

const documentOf = (request: GitlabRequest, loading: Loading, { root, notes }: Level): MapTree | null => {
  const { file, inputs } = request
  const from = { key: '', place: { file, line: null, column: null } }
  const before = notes.errors()
  const loaded =
    root === null
      ? loadPipeline({ file, inputs: inputs === undefined ? null : inputsTree(inputs), from }, loading)
      : withIncludes(root, loading, [])
  if (loaded === null || notes.errors() > before) return null
  const document = followReferences(followExtends(loaded, notes), notes)
  if (jobNames(document).length > 0) return document
  notes.error(
    { key: '', place: document.place },
    'there is no job that runs: every one begins with a dot, or there is none',
  )
  return null
}

/** Jobs as they are written, with their defaults; anything else at the root is noted. */
const writtenJobs = (root: MapTree, defaults: MapTree, notes: Notes): ReadonlyMap<string, MapTree> =>
  new Map(
    jobNames(root).flatMap((name): readonly (readonly [string, MapTree])[] => {
      const job = valueOf(root, name)
      // A key with nothing behind it is one that is not there; `extends` is often undone so.
      if (job?.kind === 'map')
        return [[name, withDefaults(withoutNulls(job, jobKeys), withoutNulls(defaults, jobKeys))]]
      notes.error(spotOf(root, '', name), `"${name}" is no keyword, and as a job it needs a script`)
      return []
    }),
  )

const jobKeys: ReadonlySet<string> = new Set(Object.keys(keyRows('job')))

const stagesOf = (root: MapTree, notes: Notes): readonly string[] => {
  const written = valueOf(root, 'stages')
  if (written !== null && written.kind !== 'list') expected(notes, spotOf(root, '', 'stages'), 'a list of names')
  const names = itemsOf(written).flatMap((item) => (item.kind === 'list' ? textsOf(item) : (textOf(item) ?? [])))
  const middle = written === null ? ['build', 'test', 'deploy'] : names
  return ['.pre', ...new Set(middle.filter((name) => name !== '.pre' && name !== '.post')), '.post']
}

type Workflow = { readonly mode: PipelineMode; readonly variables: Variables }

/** `workflow`; null when its rules say that there is no pipeline. */
const workflowOf = (root: MapTree, facts: RuleFacts): Workflow | null => {
  const { notes, filler } = facts
  const workflow = valueOf(root, 'workflow')
  checkKeys(workflow, 'workflow', { key: 'workflow', notes })
  const written = valueOf(workflow, 'rules')
  const key = 'workflow.rules'
  const rule =
    written === null ? null : firstMatch(rulesOf(written, key, notes), { key, scope: 'workflow rule' }, facts)
  if (written !== null && (rule === null || textOf(valueOf(rule, 'when')) === 'never')) {
    notes.warn({ key, place: rule?.place ?? written.place }, 'workflow:rules make no pipeline for this ref and source')
    return null
  }
  const cancels = [valueOf(rule, 'auto_cancel'), valueOf(workflow, 'auto_cancel')]
  for (const cancel of cancels) checkKeys(cancel, 'auto_cancel', { key: 'workflow.auto_cancel', notes })
  const [onNewCommit] = cancels.flatMap((cancel) => textOf(valueOf(cancel, 'on_new_commit')) ?? [])
  const [onJobFailure] = cancels.flatMap((cancel) => textOf(valueOf(cancel, 'on_job_failure')) ?? [])
  const name = textOf(valueOf(workflow, 'name'))
  return {
    mode: {
      name: name === null ? null : filler.text(name),
      cancelOnFailure: onJobFailure === 'all',
      onNewCommit: onNewCommit === 'interruptible' || onNewCommit === 'none' ? onNewCommit : 'conservative',
    },
    variables: variablesOf(valueOf(rule, 'variables')),
  }
}

const plansOf = (
  written: ReadonlyMap<string, MapTree>,
  scope: PipelineScope,
  { request, level }: { readonly request: GitlabRequest; readonly level: Level },
): readonly JobPlan[] => {
  const { notes } = scope
  const jobs = pipelineJobs(written, scope)
  if (jobs.every(({ stage }) => stage === '.pre' || stage === '.post')) {
    if (!notes.hasErrors())
      notes.warn(
        { key: '', place: scope.root.place },
        'no job takes part in this pipeline (rules, only, except; .pre and .post alone make none)',
      )
    return []
  }
  const { needs, gathers } = graphOf(jobs, scope, new Set(written.keys()))
  const plans = jobs.map((job) => jobPlan(job, needs.get(job.name) ?? { needs: [], without: [] }, scope))
  const children = jobs
    .filter(({ tree }) => valueOf(tree, 'trigger') !== null)
    .flatMap((job) => {
      const child = childOf(job, scope, { given: request.variables, skipped: request.skippedIncludes ?? [] })
      if (child === null) return []
      if (level.depth >= childDepthMax) {
        notes.error(spotOf(job.tree, job.baseName, 'trigger'), `child pipelines go ${childDepthMax} deep at most`)
        return []
      }
      const context = { ...request.context, source: 'parent_pipeline' }
      const lowered = lowerOne(
        { ...request, context, variables: child.variables },
        { notes, root: child.root, depth: level.depth + 1, at: `${job.baseName}.trigger.` },
      )
      return adopted(job, lowered?.jobs ?? [])
    })
  return [...plans, ...gathers.map(gatherPlan), ...children]
}

/** GitLab lets a child have children, and those none. */
const childDepthMax = 2

/** Artifacts are kept under their names for a whole run, so two of one name get that of their job as well. */
const distinctArtifacts = (jobs: readonly JobPlan[]): readonly JobPlan[] => {
  const counts = new Map<string, number>()
  for (const { artifacts } of jobs) for (const { name } of artifacts) counts.set(name, (counts.get(name) ?? 0) + 1)
  return jobs.map((job) =>
    job.artifacts.some(({ name }) => (counts.get(name) ?? 0) > 1)
      ? { ...job, artifacts: job.artifacts.map((one) => ({ ...one, name: `${one.name} (${job.name})` })) }
      : job,
  )
}
