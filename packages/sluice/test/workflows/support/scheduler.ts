/** A scheduler in memory, enough to drive plans of a dialect to their ends: needs, conditions, legs, limits of legs, concurrency groups. */
import type { JobPlan, JsonValue, LoweringNote, Texts } from '../../../src/core/pipeline/job-plan.ts'
import type { DialectEnd, Need, Resolution } from '../../../src/ports/dialect.ts'

/** What runs and decides; the dialect with a shell of its own for each job. */
export type Hands = {
  readonly resolve: (job: JobPlan, before: { readonly needs: readonly Need[]; readonly ancestors: readonly Need[]; readonly isCancelled: boolean }) => Promise<Resolution>
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
  need: Need | null
  isRunning: boolean
  readonly abort: AbortController
  /** Whether it has become the group of its legs, and where their outputs come from. */
  group: { readonly outputs: 'merged' | JsonValue } | null
}

/** Runs all jobs to their ends. When `signal` falls, the run is called off. */
export const schedule = async (jobs: readonly JobPlan[], hands: Hands, signal: AbortSignal): Promise<Ran> => {
  const entries = new Map<string, Entry>()
  const because: Record<string, string> = {}
  const notes: LoweringNote[] = []
  const order: string[] = []
  const add = (job: JobPlan): void =>
    void entries.set(job.name, { job, need: null, isRunning: false, abort: new AbortController(), group: null })
  for (const job of jobs) add(job)
  for (const { job } of entries.values()) {
    const whole = job.partOf === null ? undefined : entries.get(job.partOf)
    if (whole !== undefined) whole.group = { outputs: 'merged' }
  }
  const legsOf = (name: string): readonly Entry[] => [...entries.values()].filter(({ job }) => job.partOf === name)
  const settle = (entry: Entry, result: Need['result'], outputs: Texts = {}): void => {
    entry.need = { name: entry.job.name, result, outputs }
    const whole = entry.job.partOf === null ? undefined : entries.get(entry.job.partOf)
    if (whole !== undefined && result === 'failure' && whole.job.failFast && entry.job.mayFail === null)
      for (const leg of legsOf(whole.job.name)) {
        if (leg.need === null && !leg.isRunning) leg.need = { name: leg.job.name, result: 'cancelled', outputs: {} }
        leg.abort.abort()
      }
  }
  signal.addEventListener('abort', () => {
    for (const { abort } of entries.values()) abort.abort()
  })
  const needsOf = (job: JobPlan): readonly Need[] =>
    job.needs.flatMap((name) => entries.get(name)?.need ?? [])
  const ancestorsOf = (job: JobPlan): readonly Need[] => {
    const found = new Map<string, Need>()
    const walk = (names: readonly string[]): void => {
      for (const name of names) {
        const entry = entries.get(name)
        if (entry?.need === undefined || entry.need === null || found.has(name)) continue
        found.set(name, entry.need)
        walk(entry.job.needs)
      }
    }
    walk(job.needs)
    return [...found.values()]
  }
  const start = async (entry: Entry): Promise<void> => {
    entry.isRunning = true
    const { job } = entry
    const needs = needsOf(job)
    const ancestors = ancestorsOf(job)
    let plan = job
    if (job.condition === 'resolve') {
      const resolution = await hands.resolve(job, { needs, ancestors, isCancelled: signal.aborted })
      if (resolution.kind === 'skip') {
        because[job.name] = resolution.because
        return settle(entry, 'skipped')
      }
      if (resolution.kind === 'invalid') {
        notes.push(...resolution.notes)
        return settle(entry, 'failure')
      }
      if (resolution.kind === 'legs') {
        entry.group = { outputs: resolution.outputs }
        for (const leg of resolution.legs) add(leg)
        return undefined
      }
      plan = resolution.job
    } else if (!holds(job.condition, ancestors, signal.aborted)) {
      return settle(entry, 'skipped')
    }
    if (entry.group !== null) return undefined
    order.push(job.name)
    // What runs though the run was called off is not called off by that.
    const end = await hands.run(plan, needs, signal.aborted ? new AbortController().signal : AbortSignal.any([entry.abort.signal, signal]))
    const failed = plan.mayFail === null ? 'failure' : 'success'
    const results = { succeeded: 'success', failed, timed_out: failed, cancelled: 'cancelled' } as const
    return settle({ ...entry, job: plan, get need() { return null }, set need(value) { entry.need = value } }, results[end.outcome], end.outputs)
  }
  const running = new Set<Promise<void>>()
  for (;;) {
    for (const entry of entries.values()) settleGroup(entry, legsOf(entry.job.name), { hands, settle })
    for (const entry of entries.values()) {
      if (entry.need !== null || entry.isRunning || !isReady(entry, entries)) continue
      const work = start(entry)
      const tracked: Promise<void> = work.finally(() => running.delete(tracked))
      running.add(tracked)
    }
    if (running.size === 0 && [...entries.values()].every(({ need }) => need !== null)) break
    if (running.size > 0) await Promise.race(running)
    else if (![...entries.values()].some((entry) => entry.group !== null && entry.need === null)) throw new Error('the run does not move')
  }
  const all = [...entries.values()].flatMap(({ need }) => need ?? [])
  return {
    results: Object.fromEntries(all.map(({ name, result }) => [name, result])),
    outputs: Object.fromEntries(all.filter(({ outputs }) => Object.keys(outputs).length > 0).map(({ name, outputs }) => [name, outputs])),
    because,
    notes,
    order,
  }
}

const holds = (condition: JobPlan['condition'], ancestors: readonly Need[], isCancelled: boolean): boolean => {
  if (condition === 'always') return true
  if (isCancelled) return false
  if (condition === 'failure') return ancestors.some(({ result }) => result === 'failure')
  return condition === 'settled' || ancestors.every(({ result }) => result === 'success' || result === 'skipped')
}

const isReady = ({ job }: Entry, entries: ReadonlyMap<string, Entry>): boolean => {
  if (!job.needs.every((name) => (entries.get(name)?.need ?? null) !== null)) return false
  const busy = [...entries.values()].filter(({ isRunning, need, group }) => isRunning && need === null && group === null)
  if (job.concurrency !== null && busy.some((other) => other.job.concurrency?.group === job.concurrency?.group)) return false
  const most = job.partOf === null ? null : (entries.get(job.partOf)?.job.maxParallel ?? null)
  return most === null || busy.filter((other) => other.job.partOf === job.partOf).length < most
}

const settleGroup = (
  entry: Entry,
  legs: readonly Entry[],
  { hands, settle }: { readonly hands: Hands; readonly settle: (entry: Entry, result: Need['result'], outputs?: Texts) => void },
): void => {
  if (entry.group === null || entry.need !== null || legs.length === 0) return
  const needs = legs.flatMap(({ need }) => need ?? [])
  if (needs.length < legs.length) return
  const results = needs.map(({ result }) => result)
  const result = results.includes('failure')
    ? 'failure'
    : results.includes('cancelled')
      ? 'cancelled'
      : results.every((one) => one === 'skipped')
        ? 'skipped'
        : 'success'
  const outputs =
    entry.group.outputs === 'merged'
      ? Object.assign({}, ...needs.map((one) => one.outputs))
      : hands.outputs(entry.job, needs, entry.group.outputs)
  settle(entry, result, outputs)
}
