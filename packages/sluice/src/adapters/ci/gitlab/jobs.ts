/** The jobs of a pipeline: visible ones, with the defaults that they take over, in their legs, as far as they take part. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import type { GitlabContext } from './context.ts'
import { durationMs } from './duration.ts'
import { environmentOf, type GitlabEnvironment } from './environment.ts'
import { keyRows } from './keys.ts'
import type { Notes } from './notes.ts'
import { type Leg, legsOf } from './parallel.ts'
import { type Participation, participationOf } from './participation.ts'
import { factsWith, type RuleFacts } from './rules.ts'
import { slugOf } from './slug.ts'
import { booleanOf, hasKey, type MapTree, type Tree, textOf, textsOf, valueOf, withEntries } from './tree.ts'
import {
  createFiller,
  type Filler,
  inheritedVariables,
  layered,
  layerOf,
  type Variables,
  variablesOf,
} from './variables.ts'

/** A job, or one leg of it, that takes part. */
export type PipelineJob = {
  /** Of the leg. */
  readonly name: string
  /** As it is written in the file. */
  readonly baseName: string
  readonly leg: Leg | null
  readonly tree: MapTree
  readonly stage: string
  readonly variables: Variables
  readonly filler: Filler
  readonly participation: Participation
  readonly environment: GitlabEnvironment | null
}

/** What all jobs of a pipeline share. */
export type PipelineScope = {
  readonly root: MapTree
  readonly context: GitlabContext
  readonly notes: Notes
  readonly predefined: Variables
  /** `variables:` of the file, with those of `workflow:rules` over them. */
  readonly globals: Variables
  readonly given: Variables
  readonly stages: readonly string[]
  readonly hasWorkflowRules: boolean
  /** Whether a job of the pipeline leaves variables for later ones. */
  readonly hasDotenv: boolean
  readonly facts: RuleFacts
}

const legacyDefaults = ['image', 'services', 'cache', 'before_script', 'after_script']

/** Names of the jobs as they are written: everything at the root that is no keyword and does not begin with a dot. */
export const jobNames = (root: MapTree): readonly string[] =>
  [...root.entries.keys()].filter(
    (name) => !name.startsWith('.') && (!Object.hasOwn(keyRows('root'), name) || name === 'pages'),
  )

/** What jobs take over: `default:`, and the same keys at the root where older files have them. */
export const defaultsOf = (root: MapTree, notes: Notes): MapTree => {
  const written = valueOf(root, 'default')
  const empty: MapTree = { kind: 'map', entries: new Map(), place: root.place }
  if (written !== null && written.kind !== 'map') expected(notes, spotOf(root, '', 'default'), 'keys with values')
  checkKeys(written, 'default', { key: 'default', notes })
  const explicit = written?.kind === 'map' ? written : empty
  const legacy = legacyDefaults.flatMap((name): readonly (readonly [string, Tree])[] => {
    const value = root.entries.get(name)?.value
    if (value !== undefined && explicit.entries.has(name))
      notes.error(spotOf(root, '', name), `${name} is at the root and in default: too; say it once`)
    return value === undefined || explicit.entries.has(name) ? [] : [[name, value]]
  })
  return withEntries(explicit, legacy)
}

/** A job with what it takes over, as `inherit:default` allows. */
export const withDefaults = (job: MapTree, defaults: MapTree): MapTree => {
  const rule = valueOf(valueOf(job, 'inherit'), 'default')
  if (booleanOf(rule) === false) return job
  const allowed = rule?.kind === 'list' ? new Set(textsOf(rule)) : null
  const taken = [...defaults.entries].flatMap(([name, { value }]): readonly (readonly [string, Tree])[] =>
    hasKey(job, name) || (allowed !== null && !allowed.has(name)) ? [] : [[name, value]],
  )
  return taken.length === 0 ? job : withEntries(job, taken)
}

/** Every job of the file that takes part, in its legs. Jobs that do not take part are left out, as GitLab leaves them out. */
export const pipelineJobs = (jobs: ReadonlyMap<string, MapTree>, scope: PipelineScope): readonly PipelineJob[] => {
  let id = 0
  return [...jobs].flatMap(([name, tree]) => {
    const legs = legsOf(name, tree, scope.notes)
    return (legs ?? [null]).flatMap((leg) => {
      id += 1
      const job = pipelineJob({ name, tree, leg, id }, scope)
      return job === null ? [] : [job]
    })
  })
}

type JobOrder = { readonly name: string; readonly tree: MapTree; readonly leg: Leg | null; readonly id: number }

const pipelineJob = (order: JobOrder, scope: PipelineScope): PipelineJob | null => {
  const { name: baseName, tree, leg } = order
  const { notes, facts, hasWorkflowRules } = scope
  const name = leg?.name ?? baseName
  const stage = textOf(valueOf(tree, 'stage')) ?? 'test'
  if (!scope.stages.includes(stage)) {
    notes.error(
      spotOf(tree, baseName, 'stage'),
      `${baseName} is in the stage "${stage}", and there is none; there are ${scope.stages.join(', ')}`,
    )
    return null
  }
  const isLate = (): boolean => scope.hasDotenv
  const before = jobVariables(order, scope, { stage, ruled: new Map(), environment: null })
  const participation = participationOf(
    tree,
    { key: baseName, hasWorkflowRules },
    factsWith(facts, createFiller(before, { isLate })),
  )
  if (participation === null) return null
  const ruled = jobVariables(order, scope, { stage, ruled: participation.variables, environment: null })
  const environment = environmentOf(tree, { key: baseName, notes, filler: createFiller(ruled, { isLate }) })
  const variables =
    environment === null ? ruled : jobVariables(order, scope, { stage, ruled: participation.variables, environment })
  const filler = createFiller(variables, { isLate })
  return { name, baseName, leg, tree, stage, variables, filler, participation, environment }
}

/** The address may name variables of dotenv reports, which only the run knows. */
const urlOf = (environment: GitlabEnvironment | null): Variables =>
  environment === null || environment.url === null
    ? new Map()
    : new Map([
        [
          'CI_ENVIRONMENT_URL',
          { value: environment.url, isRaw: false, isFile: false, isMasked: false, layer: 'predefined' },
        ],
      ])

type JobFacts = {
  readonly stage: string
  readonly ruled: Variables
  readonly environment: GitlabEnvironment | null
}

const jobVariables = (order: JobOrder, scope: PipelineScope, { stage, ruled, environment }: JobFacts): Variables => {
  const { name: baseName, tree, leg, id } = order
  const name = leg?.name ?? baseName
  const { context } = scope
  const image = valueOf(tree, 'image')
  const imageName = textOf(image?.kind === 'map' ? valueOf(image, 'name') : image)
  const jobId = context.pipeline.id * 100_000 + id
  const timeout = textOf(valueOf(tree, 'timeout'))
  const timeoutMs = (timeout === null ? null : durationMs(timeout)) ?? limits.gitlabJobTimeoutMs
  const own: readonly (readonly [string, string])[] = [
    ['CI_JOB_ID', String(jobId)],
    ['CI_JOB_NAME', name],
    ['CI_JOB_NAME_SLUG', slugOf(name)],
    ['CI_JOB_GROUP_NAME', baseName],
    ['CI_JOB_STAGE', stage],
    ['CI_JOB_TIMEOUT', String(Math.round(timeoutMs / 1_000))],
    ['CI_JOB_URL', `${context.project.serverUrl}/${context.project.path}/-/jobs/${jobId}`],
    ...(imageName === null ? [] : ([['CI_JOB_IMAGE', imageName]] as const)),
    ...(textOf(valueOf(tree, 'when')) === 'manual' ? ([['CI_JOB_MANUAL', 'true']] as const) : []),
    ...(leg === null
      ? []
      : ([
          ['CI_NODE_INDEX', String(leg.index)],
          ['CI_NODE_TOTAL', String(leg.total)],
        ] as const)),
    ...(environment?.variables ?? []),
  ]
  const inherit = valueOf(tree, 'inherit')
  return layered(
    scope.predefined,
    layerOf(own, 'predefined'),
    urlOf(environment),
    inheritedVariables(scope.globals, inherit?.kind === 'map' ? inherit : null),
    variablesOf(valueOf(tree, 'variables')),
    layerOf(leg?.variables ?? [], 'file'),
    ruled,
    scope.given,
  )
}
