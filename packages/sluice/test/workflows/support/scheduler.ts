/** A scheduler in memory, enough to drive plans of a dialect to their ends: needs, conditions, legs, limits of legs, concurrency groups. */
import type { JobPlan, JsonValue, LoweringNote, Texts } from '../../../src/core/pipeline/job-plan.ts'
import type { DialectEnd, Need, Resolution } from '../../../src/ports/dialect.ts'

/** What runs and decides; the dialect with a shell of its own for each job. */
export type Hands = {
  readonly resolve: (
    job: JobPlan,
    before: { readonly needs: readonly Need[]; readonly ancestors: readonly Need[]; readonly isCancelled: boolean },
  ) => Promise<Resolution>
  readonly run: (job: JobPlan, needs: readonly Need[], signal: AbortSignal) => Promise<DialectEnd>
  readonly outputs: (job: JobPlan, legs: readonly Need[], outputs: JsonValue) => Texts
}

/** What became of a run. */
export type Ran = {
  readonly results: Readonly<Record<string, Need['result']>>
  readonly outputs: Readonly<Record<string, Texts>>
  readonly because: Readonly<Record<string, string>>
  readonly notes: readonly LoweringNote[]
  /** Names of the jobs in the order in which they began. */
  readonly order: readonly string[]
}

type Entry = {
  readonly job: JobPlan
  /** The job as it was resolved. */
  plan: JobPlan
  need: Need | null
  isRunning: boolean
  readonly abort: AbortController
  /** Whether it has become the group of its legs, and where their outputs come from. */
  group: { readonly outputs: 'merged' | JsonValue } | null
}

type Board = {
  readonly entries: Map<string, Entry>
  readonly because: Record<string, string>
  readonly notes: LoweringNote[]
  readonly order: string[]
  readonly hands: Hands
  readonly signal: AbortSignal
}

/** Runs all jobs to their ends. When `signal` falls, the run is called off. */
export const schedule = async (jobs: readonly JobPlan[], hands: Hands, signal: AbortSignal): Promise<Ran> => {
  const board: Board = { entries: new Map(), because: {}, notes: [], order: [], hands, signal }
  const { entries } = board
  for (const job of jobs) add(board, job)
  for (const { job } of entries.values()) {
    const whole = job.partOf === null ? undefined : entries.get(job.partOf)
    if (whole !== undefined) whole.group = { outputs: 'merged' }
  }
  signal.addEventListener('abort', () => {
    for (const { abort } of entries.values()) abort.abort()
  })
  const running = new Set<Promise<void>>()
  for (;;) {
    for (const entry of entries.values()) settleGroup(board, entry)
    for (const entry of entries.values()) {
      if (entry.need !== null || entry.isRunning || !isReady(entry, entries)) continue
      const tracked: Promise<void> = start(board, entry).finally(() => running.delete(tracked))
      running.add(tracked)
    }
    const isMoving = [...entries.values()].some((entry) => entry.group !== null && entry.need === null)
    if (running.size > 0) await Promise.race(running)
    else if ([...entries.values()].every(({ need }) => need !== null)) break
    else if (!isMoving) throw new Error('the run does not move')
  }
  const all = [...entries.values()].flatMap(({ need }) => need ?? [])
  return {
    results: Object.fromEntries(all.map(({ name, result }) => [name, result])),
    outputs: Object.fromEntries(
      all.filter(({ outputs }) => Object.keys(outputs).length > 0).map(({ name, outputs }) => [name, outputs]),
    ),
    because: board.because,
    notes: board.notes,
    order: board.order,
  }
}

const add = ({ entries }: Board, job: JobPlan): void =>
  void entries.set(job.name, {
    job,
    plan: job,
    need: null,
    isRunning: false,
    abort: new AbortController(),
    group: null,
  })

const start = async (board: Board, entry: Entry): Promise<void> => {
  const { hands, signal, because, notes, order } = board
  entry.isRunning = true
  const { job } = entry
  const before = { needs: needsOf(board, job), ancestors: ancestorsOf(board, job), isCancelled: signal.aborted }
  if (job.condition === 'resolve') {
    const resolution = await hands.resolve(job, before)
    if (resolution.kind === 'skip') {
      because[job.name] = resolution.because
      return settle(board, entry, 'skipped')
    }
    if (resolution.kind === 'invalid') {
      notes.push(...resolution.notes)
      return settle(board, entry, 'failure')
    }
    if (resolution.kind === 'legs') {
      entry.group = { outputs: resolution.outputs }
      for (const leg of resolution.legs) add(board, leg)
      return undefined
    }
    entry.plan = resolution.job
  } else if (!holds(job.condition, before.ancestors, signal.aborted)) return settle(board, entry, 'skipped')
  if (entry.group !== null) return undefined
  order.push(job.name)
  // What runs though the run was called off is not called off by that.
  const own = signal.aborted ? new AbortController().signal : AbortSignal.any([entry.abort.signal, signal])
  const end = await hands.run(entry.plan, before.needs, own)
  const failed = entry.plan.mayFail === null ? 'failure' : 'success'
  const results = { succeeded: 'success', failed, timed_out: failed, cancelled: 'cancelled' } as const
  return settle(board, entry, results[end.outcome], end.outputs)
}

const settle = (board: Board, entry: Entry, result: Need['result'], outputs: Texts = {}): void => {
  entry.need = { name: entry.job.name, result, outputs }
  const whole = entry.job.partOf === null ? undefined : board.entries.get(entry.job.partOf)
  if (whole === undefined || result !== 'failure' || !whole.job.failFast) return
  for (const leg of legsOf(board, whole.job.name)) {
    if (leg.need === null && !leg.isRunning) leg.need = { name: leg.job.name, result: 'cancelled', outputs: {} }
    leg.abort.abort()
  }
}

const legsOf = ({ entries }: Board, name: string): readonly Entry[] =>
  [...entries.values()].filter(({ job }) => job.partOf === name)

const needsOf = ({ entries }: Board, job: JobPlan): readonly Need[] =>
  job.needs.flatMap((name) => entries.get(name)?.need ?? [])

const ancestorsOf = ({ entries }: Board, job: JobPlan): readonly Need[] => {
  const found = new Map<string, Need>()
  const walk = (names: readonly string[]): void => {
    for (const name of names) {
      const entry = entries.get(name)
      if (entry === undefined || entry.need === null || found.has(name)) continue
      found.set(name, entry.need)
      walk(entry.job.needs)
    }
  }
  walk(job.needs)
  return [...found.values()]
}

const holds = (condition: JobPlan['condition'], ancestors: readonly Need[], isCancelled: boolean): boolean => {
  if (condition === 'always') return true
  if (isCancelled) return false
  if (condition === 'failure') return ancestors.some(({ result }) => result === 'failure')
  return condition === 'settled' || ancestors.every(({ result }) => result === 'success' || result === 'skipped')
}

const isReady = ({ job }: Entry, entries: ReadonlyMap<string, Entry>): boolean => {
  if (!job.needs.every((name) => (entries.get(name)?.need ?? null) !== null)) return false
  const busy = [...entries.values()].filter(
    ({ isRunning, need, group }) => isRunning && need === null && group === null,
  )
  if (job.concurrency !== null && busy.some((other) => other.job.concurrency?.group === job.concurrency?.group))
    return false
  const most = job.partOf === null ? null : (entries.get(job.partOf)?.job.maxParallel ?? null)
  return most === null || busy.filter((other) => other.job.partOf === job.partOf).length < most
}

const settleGroup = (board: Board, entry: Entry): void => {
  const legs = legsOf(board, entry.job.name)
  if (entry.group === null || entry.need !== null || legs.length === 0) return
  const needs = legs.flatMap(({ need }) => need ?? [])
  if (needs.length < legs.length) return
  const { outputs } = entry.group
  const made =
    outputs === 'merged'
      ? Object.assign({}, ...needs.map((one) => one.outputs))
      : board.hands.outputs(entry.job, needs, outputs)
  settle(board, entry, together(needs), made)
}

const together = (needs: readonly Need[]): Need['result'] => {
  const results = needs.map(({ result }) => result)
  if (results.includes('failure')) return 'failure'
  if (results.includes('cancelled')) return 'cancelled'
  return results.every((one) => one === 'skipped') ? 'skipped' : 'success'
}
