/** `trigger`: a child pipeline of files of the same repository becomes jobs of this run. Their names begin with that of the trigger job. */
import type { JobPlan } from '../../../core/pipeline/job-plan.ts'
import { checkKeys, spotOf } from './check-keys.ts'
import { gatherPlan } from './graph.ts'
import { inputsIn } from './inputs.ts'
import type { PipelineJob, PipelineScope } from './jobs.ts'
import { childGate, isWaitedFor } from './needs.ts'
import {
  booleanOf,
  hasKey,
  itemsOf,
  type MapTree,
  type Tree,
  textOf,
  valueOf,
  withEntries,
  withoutKeys,
} from './tree.ts'
import type { GivenVariable } from './context.ts'

/** What the child is made of: a document that only includes, and the variables that it is given. */
export type ChildPipeline = { readonly root: MapTree; readonly variables: readonly GivenVariable[] }

/** The child pipeline of a trigger job; null where it cannot be had (noted). */
export const childOf = (
  job: PipelineJob,
  scope: PipelineScope,
  { given, skipped }: { readonly given: readonly GivenVariable[]; readonly skipped: readonly string[] },
): ChildPipeline | null => {
  const trigger = valueOf(job.tree, 'trigger')
  const spot = spotOf(job.tree, job.baseName, 'trigger')
  const { notes } = scope
  const project = textOf(trigger?.kind === 'map' ? valueOf(trigger, 'project') : trigger)
  if (project !== null) {
    if (trigger?.kind === 'map') checkKeys(withoutKeys(trigger, elsewhere), 'trigger', { key: spot.key, notes })
    if (skipped.includes(project)) notes.warn(spot, `trigger of ${project} is left out, as was asked for`)
    else
      notes.refuse(
        spot,
        `trigger of ${project} is refused: pipelines of another project cannot be started from here; --skip-include ${project} does without it`,
      )
    return null
  }
  checkKeys(trigger, 'trigger', { key: spot.key, notes })
  checkKeys(valueOf(trigger, 'forward'), 'forward', { key: `${spot.key}.forward`, notes })
  if (trigger?.kind !== 'map') {
    notes.error(spot, 'expected trigger with include')
    return null
  }
  const include = valueOf(trigger, 'include')
  if (include === null) {
    notes.error(spot, 'expected trigger with include')
    return null
  }
  const shared = inputsIn(trigger)
  const items = itemsOf(include).map((item) => withInputs(item, shared))
  const root: MapTree = {
    kind: 'map',
    place: trigger.place,
    entries: new Map([['include', { at: trigger.place, value: { kind: 'list', items, place: include.place } }]]),
  }
  return { root, variables: forwarded(job, trigger, given) }
}

/** Keys that name a pipeline of another project. */
const elsewhere: ReadonlySet<string> = new Set(['project', 'branch'])

const withInputs = (item: Tree, shared: MapTree | null): Tree => {
  if (shared === null) return item
  if (item.kind === 'map') return hasKey(item, 'inputs') ? item : withEntries(item, [['inputs', shared]])
  return {
    kind: 'map',
    place: item.place,
    entries: new Map([
      ['local', { at: item.place, value: item }],
      ['inputs', { at: item.place, value: shared }],
    ]),
  }
}

/** Variables of the file go to the child unless it is said otherwise, those typed for the run only when it is said. */
const forwarded = (job: PipelineJob, trigger: MapTree, given: readonly GivenVariable[]): readonly GivenVariable[] => {
  const forward = valueOf(trigger, 'forward')
  const passesFile = booleanOf(valueOf(forward, 'yaml_variables')) !== false
  const passesTyped = booleanOf(valueOf(forward, 'pipeline_variables')) === true
  const own = [...job.variables].flatMap(([name, { layer }]): readonly GivenVariable[] =>
    layer === 'file' && passesFile
      ? [{ name, value: job.filler.text(`$${name}`), from: 'pipeline', isFile: false, isMasked: false, isRaw: true }]
      : [],
  )
  return [...given.filter(({ from }) => from === 'project' || passesTyped), ...own]
}

/** The jobs of a child as jobs of its parent: renamed, begun by the trigger job, and gathered where their end counts as its own. */
export const adopted = (job: PipelineJob, children: readonly JobPlan[]): readonly JobPlan[] => {
  const renamed = (name: string): string =>
    name.startsWith('.') ? `.${job.name} / ${name.slice(1)}` : `${job.name} / ${name}`
  const plans = children.map((child) => ({
    ...child,
    name: renamed(child.name),
    needs: child.needs.length === 0 ? [job.name] : child.needs.map(renamed),
    needsWithoutArtifacts: child.needsWithoutArtifacts.map(renamed),
    partOf: child.partOf === null ? null : renamed(child.partOf),
  }))
  if (!isWaitedFor(job.tree)) return plans
  const ends = plans
    .filter(({ manual, gathers }) => manual?.isOptional !== true && gathers !== true)
    .map(({ name }) => name)
  const gate = gatherPlan({ name: childGate(job.name), needs: [job.name, ...ends], without: [], stage: job.stage })
  return [...plans, gate]
}
