/** Jobs that must not run at the same time, over all runs of a service: who may go, and who has to give way. Pure; the engine decides on the states of all live runs at once. */
import { isSettled, jobAt } from './board.ts'
import type { ConcurrencyPlan } from './job-plan.ts'
import type { RunEvent, RunState } from './types.ts'

type Run = Exclude<RunState, { status: 'absent' }>

/** What a run is told. */
export type SlotMove = {
  readonly run: string
  readonly event: Extract<RunEvent, { type: 'slot_granted' | 'slot_lost' }>
}

type Claim = ConcurrencyPlan & {
  readonly run: string
  readonly job: string
  readonly since: number
  readonly isWaiting: boolean
}

/** The moves that are due, in order; none when everybody has what they may have. `at` is epoch ms. */
export const slotMoves = (runs: readonly Run[], at: number): readonly SlotMove[] => {
  const groups = Map.groupBy(runs.flatMap(claimsOf), ({ group }) => group)
  return [...groups.values()].flatMap((claims) => movesIn(claims, at))
}

/** Whether a run has a job that waits for its turn among all runs. */
export const waitsForSlot = (run: Run): boolean => run.jobs.some(({ status }) => status === 'queued')

const claimsOf = (run: Run): readonly Claim[] =>
  run.jobs.flatMap((job, index) => {
    const { name, concurrency } = jobAt(run, index)
    if (concurrency === null || isSettled(job) || job.status === 'waiting') return []
    const isWaiting = job.status === 'queued'
    // What waits for a person, a time or its dialect has not asked yet.
    if (job.status === 'manual' || job.status === 'delayed') return []
    if (job.status === 'resolving' && job.startedAt === undefined) return []
    return [{ ...concurrency, run: run.id, job: name, since: isWaiting ? job.since : 0, isWaiting }]
  })

const movesIn = (claims: readonly Claim[], at: number): readonly SlotMove[] => {
  const holders = claims.filter(({ isWaiting }) => !isWaiting)
  const waiting = claims
    .filter(({ isWaiting }) => isWaiting)
    .toSorted((a, b) => a.since - b.since || (a.run < b.run ? -1 : 1))
  const newest = waiting.at(-1)
  if (newest === undefined) return []
  if (newest.onConflict === 'queue')
    return holders.length > 0 ? [] : waiting.slice(0, 1).map((claim) => granted(claim, at))
  const older = waiting.slice(0, -1).map((claim) => lost(claim, newest, at))
  const isFree = holders.length === 0
  if (isFree && newest.onConflict === 'cancel_running') return [...older, granted(newest, at)]
  // Nothing runs: who asked first begins, however many asked before anybody looked, and only those between lose their place.
  if (isFree) return [...waiting.slice(0, 1).map((claim) => granted(claim, at)), ...older.slice(1)]
  return newest.onConflict === 'cancel_running' ? [...older, ...holders.map((claim) => lost(claim, newest, at))] : older
}

const granted = ({ run, job }: Claim, at: number): SlotMove => ({ run, event: { type: 'slot_granted', at, job } })

const lost = ({ run, job, group }: Claim, to: Claim, at: number): SlotMove => ({
  run,
  event: { type: 'slot_lost', at, job, detail: `${to.job} of ${to.run} took its place in ${group}` },
})
