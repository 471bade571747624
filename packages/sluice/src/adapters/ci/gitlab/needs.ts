/** `needs` and `dependencies`: which jobs come before a job, and whose artifacts it takes. */
import { checkKeys, expected, spotOf } from './check-keys.ts'
import type { PipelineJob } from './jobs.ts'
import type { Notes, Spot } from './notes.ts'
import { isNamedLeg } from './parallel.ts'
import { booleanOf, hasKey, itemsOf, type MapTree, type Tree, textOf, valueOf } from './tree.ts'

/** The jobs of a pipeline, to be found by name. */
export type JobIndex = {
  /** Name as written → its legs that take part. */
  readonly taking: ReadonlyMap<string, readonly PipelineJob[]>
  /** Names of all jobs that the file has, whether they take part or not. */
  readonly written: ReadonlySet<string>
  readonly stageOf: (stage: string) => number
}

/** What a job needs: plan names, and those of them whose artifacts it does not take. */
export type NeedsPlan = { readonly needs: readonly string[]; readonly without: readonly string[] }

/** What `needs` says; null for a job that follows the order of stages. */
export const needsOf = (job: PipelineJob, index: JobIndex, notes: Notes): NeedsPlan | null => {
  const { participation, tree, baseName } = job
  const written = participation.needs ?? (hasKey(tree, 'needs') ? (valueOf(tree, 'needs') ?? emptyList(tree)) : null)
  if (written === null) return null
  const wanted = itemsOf(written).flatMap((item, position) =>
    needed(item, `${baseName}.needs[${position}]`, { job, index, notes }),
  )
  const takenOnly = hasKey(tree, 'dependencies') ? new Set(itemsOf(valueOf(tree, 'dependencies')).map(textOf)) : null
  const isTaken = ({ base, takes }: Needed): boolean => takes && (takenOnly === null || takenOnly.has(base))
  if (takenOnly !== null)
    for (const name of takenOnly)
      if (name !== null && wanted.length > 0 && !wanted.some(({ base }) => base === name))
        notes.error(spotOf(tree, baseName, 'dependencies'), `dependencies names "${name}", which needs does not`)
  const taken = new Set(wanted.filter(isTaken).map(({ name }) => name))
  const needs = [...new Set(wanted.map(({ name }) => name))]
  return { needs, without: needs.filter((name) => !taken.has(name)) }
}

const emptyList = ({ place }: MapTree): Tree => ({ kind: 'list', items: [], place })

type Needed = { readonly name: string; readonly base: string; readonly takes: boolean }

type Needing = { readonly job: PipelineJob; readonly index: JobIndex; readonly notes: Notes }

const needed = (item: Tree, key: string, needing: Needing): readonly Needed[] => {
  const { notes } = needing
  checkKeys(item, 'need', { key, notes })
  if (item.kind === 'map' && !item.entries.has('job')) {
    if (!['project', 'pipeline'].some((name) => item.entries.has(name)))
      expected(notes, { key, place: item.place }, 'a job')
    return []
  }
  const base = textOf(item.kind === 'map' ? valueOf(item, 'job') : item)
  if (base === null) {
    expected(notes, { key, place: item.place }, 'the name of a job')
    return []
  }
  const spot: Spot = { key, place: item.place }
  const isOptional = booleanOf(valueOf(item, 'optional')) === true
  const targets = targetsOf(base, { spot, isOptional }, needing)
  const matrix = valueOf(valueOf(item, 'parallel'), 'matrix')
  const legs =
    matrix === null ? targets : targets.filter(({ leg }) => leg !== null && isNamedLeg(leg, matrix, needing.job.leg))
  if (matrix !== null && legs.length === 0 && targets.length > 0)
    notes.error(
      spot,
      `needs:parallel:matrix names no leg of ${base}; there are ${targets.map(({ name }) => name).join(', ')}`,
    )
  const takes = booleanOf(valueOf(item, 'artifacts')) !== false
  const whole =
    matrix === null && legs.length > 0 && legs.every(({ baseName, leg }) => baseName === base && leg !== null)
  const own = whole ? [{ name: base, base, takes }] : legs.map(({ name }) => ({ name, base, takes }))
  const children = legs
    .filter(({ tree }) => isWaitedFor(tree))
    .map(({ name }) => ({ name: childGate(name), base, takes: false }))
  return [...own, ...children]
}

/** Name of the job that gathers the jobs of a child pipeline; begins with a dot as no job that runs does. */
export const childGate = (trigger: string): string => `.child:${trigger}`

/** Whether a job starts a child pipeline that counts as its own end (`strategy: depend`). */
export const isWaitedFor = (tree: MapTree): boolean => hasKey(valueOf(tree, 'trigger'), 'strategy')

const targetsOf = (
  base: string,
  { spot, isOptional }: { readonly spot: Spot; readonly isOptional: boolean },
  { job, index, notes }: Needing,
): readonly PipelineJob[] => {
  const targets = index.taking.get(base) ?? []
  if (targets.length === 0 && !isOptional)
    notes.error(
      spot,
      index.written.has(base)
        ? `${job.name} needs ${base}, which does not take part in this pipeline (its rules, only or except); needs with optional: true allows that`
        : `${job.name} needs ${base}, and there is no such job`,
    )
  const [target] = targets
  if (target !== undefined && index.stageOf(target.stage) > index.stageOf(job.stage))
    notes.error(spot, `${job.name} needs ${base}, which is in a later stage (${target.stage})`)
  return targets
}

/** What `dependencies` of a job that follows the stages says; null when it takes the artifacts of all stages before it. */
export const dependenciesOf = (job: PipelineJob, index: JobIndex, notes: Notes): readonly string[] | null => {
  if (!hasKey(job.tree, 'dependencies')) return null
  const spot = spotOf(job.tree, job.baseName, 'dependencies')
  return itemsOf(valueOf(job.tree, 'dependencies')).flatMap((item) => {
    const base = textOf(item) ?? ''
    if (!index.written.has(base)) notes.error(spot, `dependencies names "${base}", and there is no such job`)
    return (index.taking.get(base) ?? []).flatMap((target) => {
      if (index.stageOf(target.stage) < index.stageOf(job.stage)) return [target.name]
      notes.error(spot, `dependencies names "${base}", which is not in an earlier stage`)
      return []
    })
  })
}

/** Jobs that need each other in a circle, as a way round; null for none. Only jobs of one stage can. */
export const circleOf = (needs: ReadonlyMap<string, readonly string[]>): readonly string[] | null => {
  const done = new Set<string>()
  for (const start of needs.keys()) {
    const path: { readonly name: string; next: number }[] = done.has(start) ? [] : [{ name: start, next: 0 }]
    const open = new Set(path.map(({ name }) => name))
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = needs.get(top.name)?.[top.next]
      top.next += 1
      if (next === undefined) {
        done.add(top.name)
        open.delete(top.name)
        path.pop()
      } else if (open.has(next)) {
        const names = path.map(({ name }) => name)
        return [...names.slice(names.indexOf(next)), next]
      } else if (!done.has(next)) {
        open.add(next)
        path.push({ name: next, next: 0 })
      }
    }
  }
  return null
}
