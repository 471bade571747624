/**
 * The five DORA metrics of one service in one environment (dora.dev, "DORA's software delivery performance metrics", 2026-01): change lead time, frequency, failed
 * deployment recovery time, change fail rate, rework rate. Each counts distinct deliveries, so that a rate is never above 1, and each names those behind it.
 */
import { type DeliveryFailure, isCanaryAbort, isCounted, judgeDeliveries } from './failures.ts'
import { doraDefaults, type DoraSettings } from './settings.ts'
import type { DeliveryRecord, Recorded, RecordedRelease } from './record.ts'

/** The window of most metrics: `from` up to, not including, `to`, epoch ms. */
export type Window = { readonly from: number; readonly to: number }

/** Fewer deliveries than this make a rate that says nothing. */
const deliveriesMin = 5
/** Weeks that the frequency looks back over. */
const frequencyWeeks = 13
/** The window of the rework rate, as in DORA's survey. */
const reworkWindowMs: number = 180 * 86_400_000

const dayMs = 86_400_000
const weekMs = 7 * dayMs

/** Quantiles of spans, ms; null without any. */
export type Spread = {
  readonly count: number
  readonly p50Ms: number
  readonly p75Ms: number
  readonly p90Ms: number
} | null

/** How many of how many; the rate is null where there are none. */
export type Rate = {
  readonly count: number
  readonly of: number
  readonly rate: number | null
  /** Whether there are enough for the rate to mean something. */
  readonly isEnough: boolean
  /** Rollouts that are counted. */
  readonly rollouts: readonly string[]
}

/** How often, by the median of distinct days with a delivery in a week. */
export type Frequency = {
  readonly count: number
  readonly perWeek: number
  readonly daysPerWeekMedian: number
  /** Distinct days of each week, the newest last. */
  readonly weeks: readonly number[]
  readonly band: 'daily' | 'weekly' | 'monthly' | 'rarer'
}

/** From a commit to all users. */
export type LeadTime = {
  /** Over commits, each with the first delivery that has it. */
  readonly commits: Spread
  /** Of the release's own commit: time in which a run or a rollout worked on it, and the rest, in which it waited. */
  readonly working: Spread
  readonly waiting: Spread
  readonly rollouts: readonly string[]
}

/** From failing to being over. */
export type Recovery = {
  readonly closed: Spread
  /** Failures that are not over: neither nothing nor left out. */
  readonly open: readonly { readonly rollout: string; readonly since: number; readonly forMs: number }[]
  readonly rollouts: readonly string[]
}

/** The share of deliveries that failed, and how far they had come. */
export type ChangeFailRate = Rate & {
  readonly reachedSome: number
  readonly reachedAll: number
  /** Rollouts that came back before any user was on them; they are no deliveries, and are shown beside. */
  readonly beforeUsers: readonly string[]
  /** Rollouts that came back before all users were on them: of the failures, or no deliveries, as `settings.canaryAborts` says. */
  readonly canaryAborts: readonly string[]
}

/** One delivery as the metrics saw it. */
export type DoraDelivery = {
  readonly rollout: string
  readonly release: string
  readonly version: string
  readonly purpose: Recorded['purpose']
  readonly outcome: Recorded['outcome']
  readonly startedAt: number
  readonly liveAt: number | null
  readonly fullAt: number | null
  readonly settledAt: number
  readonly shareBpMax: number
  readonly leadMs: number | null
  readonly workingMs: number | null
  readonly waitingMs: number | null
  readonly commits: number
  readonly commitsFrom: Recorded['commitsFrom']
  readonly isRework: boolean
  /** Rollouts that it was said to make good; empty for none. */
  readonly remediates: readonly string[]
  readonly failure: DeliveryFailure | null
  readonly rows: readonly [number, number]
}

/** All of it. */
export type DoraReport = {
  /** What it was made by. */
  readonly settings: DoraSettings
  readonly service: string
  readonly environment: string
  readonly from: number
  readonly to: number
  readonly frequency: Frequency
  readonly leadTime: LeadTime
  readonly recovery: Recovery
  readonly changeFail: ChangeFailRate
  readonly rework: Rate
  /** Incidents that no delivery is blamed for: outages elsewhere. They count for none of the metrics. */
  readonly incidentsElsewhere: readonly string[]
  readonly deliveries: readonly DoraDelivery[]
}

/** What is asked for. */
export type DoraQuestion = Window & {
  readonly service: string
  readonly environment: string
  readonly now: number
  readonly settings?: DoraSettings
}

/** The metrics from the record. */
export const doraReport = (record: DeliveryRecord, question: DoraQuestion): DoraReport => {
  const { service, environment, from, to, now, settings = doraDefaults } = question
  const { deliveries: all, failures, reworks, elsewhere } = judgeDeliveries(record, question, settings)
  const releases = new Map(record.releases.map((release) => [release.id, release]))
  const within = (since: number) => (one: Recorded) => one.settledAt >= since && one.settledAt < to
  const inWindow = all.filter(within(from))
  const counted = inWindow.filter(isCounted)
  const changes = counted.filter(({ purpose }) => purpose !== 'rollback')
  const failed = changes.flatMap(({ rollout }) => failures.get(rollout) ?? [])
  const unplanned = all.filter(within(to - reworkWindowMs)).filter(isCounted)
  const firstWith = firstDeliveries(all)
  return {
    settings,
    service,
    environment,
    from,
    to,
    frequency: frequencyOf(all.filter(isCounted), { from, to, zone: settings.zone }),
    leadTime: leadTimeOf(changes, { firstWith, releases }),
    recovery: recoveryOf(failed, Math.min(to, now)),
    changeFail: {
      ...rateOf(
        failed.map(({ rollout }) => rollout),
        changes.length,
      ),
      reachedSome: failed.filter(({ reached }) => reached === 'some').length,
      reachedAll: failed.filter(({ reached }) => reached === 'all').length,
      beforeUsers: inWindow
        .filter((one) => one.purpose !== 'rollback' && one.outcome === 'rolled_back' && one.liveAt === null)
        .filter(({ cause }) => cause !== 'superseded')
        .map(({ rollout }) => rollout),
      canaryAborts: record.deliveries
        .filter((one) => one.service === service && one.environment === environment && isCanaryAbort(one))
        .filter(within(from))
        .map(({ rollout }) => rollout),
    },
    rework: rateOf(
      unplanned.filter(({ rollout }) => reworks.has(rollout)).map(({ rollout }) => rollout),
      unplanned.length,
    ),
    incidentsElsewhere: elsewhere.filter(({ openedAt }) => openedAt >= from && openedAt < to).map(({ id }) => id),
    deliveries: counted.map((one) => shownOf(one, { release: releases.get(one.release), failures, reworks })),
  }
}

const frequencyOf = (
  counted: readonly Recorded[],
  { from, to, zone }: Window & Pick<DoraSettings, 'zone'>,
): Frequency => {
  const dayOf = dayIn(zone)
  const changes = counted.filter(({ purpose, outcome }) => purpose !== 'rollback' && outcome === 'succeeded')
  const inWindow = changes.filter(({ settledAt }) => settledAt >= from && settledAt < to)
  const weeks = Array.from({ length: frequencyWeeks }, (_, at) => {
    const end = to - (frequencyWeeks - 1 - at) * weekMs
    const own = changes.filter(({ settledAt }) => settledAt >= end - weekMs && settledAt < end)
    return new Set(own.map(({ settledAt }) => dayOf(settledAt))).size
  })
  const daysPerWeekMedian = quantileOf(weeks, 0.5)
  const months = monthsOf(changes, to)
  const band =
    daysPerWeekMedian >= 3
      ? 'daily'
      : daysPerWeekMedian >= 1
        ? 'weekly'
        : quantileOf(months, 0.5) >= 1
          ? 'monthly'
          : 'rarer'
  return { count: inWindow.length, perWeek: inWindow.length / ((to - from) / weekMs), daysPerWeekMedian, weeks, band }
}

/** The day of a moment in a time zone, as a text that is the same for the whole of it. */
const dayIn = (zone: string): ((at: number) => string) => {
  const form = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return (at) => form.format(at)
}

/** Deliveries of each of the last three spans of 30 days. */
const monthsOf = (changes: readonly Recorded[], to: number): readonly number[] =>
  [0, 1, 2].map((at) => {
    const end = to - at * 30 * dayMs
    return changes.filter(({ settledAt }) => settledAt >= end - 30 * dayMs && settledAt < end).length
  })

/** The first delivery that brought a commit to all users, by commit. */
const firstDeliveries = (all: readonly Recorded[]): ReadonlyMap<string, string> => {
  const first = new Map<string, string>()
  for (const { fullAt, purpose, outcome, commits, rollout } of all) {
    if (fullAt === null || purpose === 'rollback' || outcome !== 'succeeded') continue
    for (const { id } of commits) if (!first.has(id)) first.set(id, rollout)
  }
  return first
}

type Leads = {
  readonly firstWith: ReadonlyMap<string, string>
  readonly releases: ReadonlyMap<string, RecordedRelease>
}

const leadTimeOf = (changes: readonly Recorded[], { firstWith, releases }: Leads): LeadTime => {
  const arrived = changes.filter(({ outcome, fullAt }) => outcome === 'succeeded' && fullAt !== null)
  const leads = arrived.flatMap(({ rollout, commits, fullAt }) =>
    commits
      .filter(({ id }) => firstWith.get(id) === rollout)
      .map(({ committedAt }) => (fullAt ?? 0) - committedAt)
      // Commits with a time of later than now are of a machine that made them up.
      .filter((ms) => ms > 0),
  )
  const spans = arrived
    .filter(({ commits, rollout }) => commits.some(({ id }) => firstWith.get(id) === rollout))
    .map((one) => spansOf(one, releases.get(one.release)))
  return {
    commits: spreadOf(leads),
    working: spreadOf(spans.flatMap(({ workingMs }) => workingMs ?? [])),
    waiting: spreadOf(spans.flatMap(({ waitingMs }) => waitingMs ?? [])),
    rollouts: arrived.map(({ rollout }) => rollout),
  }
}

type Spans = Pick<DoraDelivery, 'leadMs' | 'workingMs' | 'waitingMs'>

/** The way of a release's own commit: what worked on it were its run and the rollout, but for where that waited for a person. */
const spansOf = (one: Recorded, release: RecordedRelease | undefined): Spans => {
  if (release === undefined || one.fullAt === null || one.purpose === 'rollback')
    return { leadMs: null, workingMs: null, waitingMs: null }
  const leadMs = one.fullAt - release.commit.committedAt
  if (leadMs <= 0 || release.runMs === null)
    return { leadMs: leadMs > 0 ? leadMs : null, workingMs: null, waitingMs: null }
  const rolloutMs = Math.max(0, one.fullAt - one.startedAt - one.waitedMs)
  const workingMs = Math.min(leadMs, release.runMs + rolloutMs)
  return { leadMs, workingMs, waitingMs: leadMs - workingMs }
}

const recoveryOf = (failed: readonly DeliveryFailure[], now: number): Recovery => {
  const over = failed.flatMap((failure) =>
    failure.recoveredAt === null ? [] : [Math.max(0, failure.recoveredAt - failure.since)],
  )
  return {
    closed: spreadOf(over),
    open: failed
      .filter(({ recoveredAt }) => recoveredAt === null)
      .map(({ rollout, since }) => ({ rollout, since, forMs: Math.max(0, now - since) })),
    rollouts: failed.map(({ rollout }) => rollout),
  }
}

const rateOf = (rollouts: readonly string[], of: number): Rate => ({
  count: rollouts.length,
  of,
  rate: of === 0 ? null : rollouts.length / of,
  isEnough: of >= deliveriesMin,
  rollouts,
})

type Seen = {
  readonly release: RecordedRelease | undefined
  readonly failures: ReadonlyMap<string, DeliveryFailure>
  readonly reworks: ReadonlySet<string>
}

const shownOf = (one: Recorded, { release, failures, reworks }: Seen): DoraDelivery => ({
  rollout: one.rollout,
  release: one.release,
  version: release?.version ?? '',
  purpose: one.purpose,
  outcome: one.outcome,
  startedAt: one.startedAt,
  liveAt: one.liveAt,
  fullAt: one.fullAt,
  settledAt: one.settledAt,
  shareBpMax: one.shareBpMax,
  ...spansOf(one, release),
  commits: one.commits.length,
  commitsFrom: one.commitsFrom,
  isRework: reworks.has(one.rollout),
  remediates: one.hotfix?.remediates ?? [],
  failure: failures.get(one.rollout) ?? null,
  rows: one.rows,
})

const spreadOf = (values: readonly number[]): Spread =>
  values.length === 0
    ? null
    : {
        count: values.length,
        p50Ms: quantileOf(values, 0.5),
        p75Ms: quantileOf(values, 0.75),
        p90Ms: quantileOf(values, 0.9),
      }

/** The value at a share of the sorted values, between its two neighbours (linear; type 7 of Hyndman and Fan, 1996). */
const quantileOf = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0]
  return low + (high - low) * (place - Math.floor(place))
}
