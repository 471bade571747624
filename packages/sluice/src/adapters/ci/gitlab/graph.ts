/**
 * The order of a pipeline. A job with `needs` starts once those are done; any other waits for all jobs of the stages before its own. So that this does not
 * take a line between every two of them, a job without steps (`.stage:build`) gathers each stage, and the next one needs only that.
 */
import { plainJob } from '../../../core/pipeline/plain-plans.ts'
import type { JobPlan } from '../../../core/pipeline/job-plan.ts'
import { spotOf } from './check-keys.ts'
import type { PipelineJob, PipelineScope } from './jobs.ts'
import { childGate, circleOf, dependenciesOf, isWaitedFor, type JobIndex, type NeedsPlan, needsOf } from './needs.ts'
import { isOptional } from './participation.ts'

/** What comes before each job, and the jobs without steps that the order takes. */
export type PipelineGraph = {
  readonly needs: ReadonlyMap<string, NeedsPlan>
  readonly gathers: readonly Gather[]
}

/** A job without steps that stands for others: a stage, the legs of a parallel job, or the jobs of a child pipeline. */
export type Gather = {
  readonly name: string
  readonly needs: readonly string[]
  /** Of these, whose artifacts are not passed on. */
  readonly without: readonly string[]
  readonly stage: string
}

/** Name of the job that gathers a stage; begins with a dot as no job that runs does. */
const stageGate = (stage: string): string => `.stage:${stage}`

/** The order of the jobs that take part. Circles are noted. */
export const graphOf = (
  jobs: readonly PipelineJob[],
  scope: PipelineScope,
  written: ReadonlySet<string>,
): PipelineGraph => {
  const { notes, stages } = scope
  const positions = new Map(stages.map((stage, position) => [stage, position]))
  const stageOf = (stage: string): number => positions.get(stage) ?? 0
  const byBase = Map.groupBy(jobs, ({ baseName }) => baseName)
  const taking = new Map<string, readonly PipelineJob[]>([...jobs.map((job) => [job.name, [job]] as const), ...byBase])
  const index: JobIndex = { taking, written: new Set([...written, ...taking.keys()]), stageOf }
  const groups = [...byBase].flatMap(([name, legs]): readonly Gather[] => {
    const [first] = legs
    return first === undefined || first.leg === null
      ? []
      : [{ name, needs: legs.map((leg) => leg.name), without: [], stage: first.stage }]
  })
  const gates = stageGates(jobs, scope, new Set(groups.map(({ name }) => name)))
  const needs = new Map(
    jobs.map((job) => {
      const named = needsOf(job, index, notes)
      return [
        job.name,
        named ?? byStage(gateBefore(gates, stageOf(job.stage)), dependenciesOf(job, index, notes)),
      ] as const
    }),
  )
  const all = new Map([
    ...[...needs].map(([name, plan]) => [name, plan.needs] as const),
    ...groups.map((group) => [group.name, group.needs] as const),
  ])
  const circle = circleOf(all)
  const [first] = circle ?? []
  const job = jobs.find(({ name, baseName }) => name === first || baseName === first)
  if (circle !== null && job !== undefined)
    notes.error(spotOf(job.tree, job.baseName, 'needs'), `jobs need each other in a circle: ${circle.join(' → ')}`)
  return { needs, gathers: [...groups, ...usedGates(gates, needs)] }
}

type StageGate = Gather & { readonly position: number }

/** One for each stage that something follows. What nobody need start does not hold a stage up. */
const stageGates = (
  jobs: readonly PipelineJob[],
  { stages }: PipelineScope,
  groups: ReadonlySet<string>,
): readonly StageGate[] => {
  const byStage = Map.groupBy(jobs, ({ stage }) => stage)
  const gates: StageGate[] = []
  for (const [position, stage] of stages.entries()) {
    const members = byStage.get(stage) ?? []
    const holding = members.filter(({ participation }) => !isOptional(participation))
    if (holding.length === 0) continue
    const before = gates.at(-1)
    const free = new Set(
      members.filter(({ participation }) => isOptional(participation)).map(({ baseName }) => baseName),
    )
    const names = holding.flatMap(({ name, baseName, tree }) => [
      groups.has(baseName) && !free.has(baseName) ? baseName : name,
      ...(isWaitedFor(tree) ? [childGate(name)] : []),
    ])
    const without = holding.filter(({ tree }) => isWaitedFor(tree)).map(({ name }) => childGate(name))
    gates.push({
      name: stageGate(stage),
      needs: [...new Set(names), ...(before === undefined ? [] : [before.name])],
      without,
      stage,
      position,
    })
  }
  return gates
}

const gateBefore = (gates: readonly StageGate[], position: number): string | null =>
  gates.findLast((gate) => gate.position < position)?.name ?? null

const byStage = (gate: string | null, dependencies: readonly string[] | null): NeedsPlan => {
  const gates = gate === null ? [] : [gate]
  if (dependencies === null) return { needs: gates, without: [] }
  return { needs: [...gates, ...dependencies], without: gates }
}

const usedGates = (gates: readonly StageGate[], needs: ReadonlyMap<string, NeedsPlan>): readonly Gather[] => {
  const used = new Set([...needs.values()].flatMap((plan) => plan.needs))
  const last = gates.findLast(({ name }) => used.has(name))?.position ?? -1
  return gates.filter(({ position }) => position <= last)
}

/** A job without steps as the plan has it. It runs whatever those it gathers came to; whoever needs it looks past it. */
export const gatherPlan = ({ name, needs, without, stage }: Gather): JobPlan =>
  plainJob(name, {
    needs,
    needsWithoutArtifacts: without,
    stage,
    condition: 'settled',
    work: { kind: 'none' },
    gathers: true,
  })
