/** Who waits for whom, as indices: made once for a plan, and once more whenever jobs are added. */
import { assert } from '../machine.ts'
import type { JobPlan } from './job-plan.ts'
import type { RunLinks } from './types.ts'

/** Jobs in an order in which each comes after its needs and after the job that it is part of; as they are where that holds already. Linear. A circle stays at the end as it was. */
export const orderJobs = (jobs: readonly JobPlan[]): readonly JobPlan[] => {
  const byName = new Map(jobs.map((job) => [job.name, job]))
  const placed = new Set<string>()
  const ordered: JobPlan[] = []
  for (const job of jobs) {
    const stack = [job]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const before = [...top.needs, ...(top.partOf === null ? [] : [top.partOf])]
      const missing = before.flatMap((name) => (placed.has(name) ? [] : (byName.get(name) ?? [])))
      const next = missing.find((one) => !stack.includes(one))
      if (next !== undefined) {
        stack.push(next)
        continue
      }
      stack.pop()
      if (placed.has(top.name)) continue
      placed.add(top.name)
      ordered.push(top)
    }
  }
  return ordered
}

/** The links of jobs, each of which comes after its needs and after the job that it is part of. Linear in jobs and needs. */
export const linkJobs = (jobs: readonly JobPlan[]): RunLinks => {
  const indexOf = new Map(jobs.map(({ name }, index) => [name, index]))
  const needs = jobs.map((job) => [...new Set(job.needs)].map((need) => indexed(indexOf, need, job.name)))
  const dependents = jobs.map((): number[] => [])
  const legs = jobs.map((): number[] => [])
  const heights = jobs.map(() => 0)
  for (const [index, mine] of needs.entries()) for (const need of mine) dependents[need]?.push(index)
  const wholes = jobs.map(({ name, partOf }) => (partOf === null ? null : indexed(indexOf, partOf, name)))
  for (const [index, whole] of wholes.entries()) if (whole !== null) legs[whole]?.push(index)
  for (let index = jobs.length - 1; index >= 0; index -= 1) {
    const whole = wholes[index] ?? null
    const outer = whole === null ? [] : (dependents[whole] ?? [])
    const above = [...(dependents[index] ?? []), ...outer]
    heights[index] = above.reduce((height, other) => Math.max(height, (heights[other] ?? 0) + 1), 0)
  }
  return { needs, dependents, legs, wholes, heights, afterRelease: afterRelease(jobs, needs, wholes) }
}

const indexed = (indexOf: ReadonlyMap<string, number>, name: string, by: string): number => {
  const index = indexOf.get(name)
  assert(index !== undefined, `job ${by} of a plan names job ${name}, which the plan has`)
  return index
}

const afterRelease = (
  jobs: readonly JobPlan[],
  needs: readonly (readonly number[])[],
  wholes: readonly (number | null)[],
): readonly number[] => {
  const after = new Set<number>()
  for (const [index, { work }] of jobs.entries()) {
    const delivers = work.kind === 'deploy' || work.kind === 'promote'
    const whole = wholes[index] ?? null
    const isIn = whole !== null && after.has(whole)
    if (delivers || isIn || needs[index]?.some((need) => after.has(need)) === true) after.add(index)
  }
  return [...after]
}
