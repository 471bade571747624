/**
 * When a watch takes a release back: a declared limit, exceeded for as long as declared, by the rate since it was first exceeded. A rate that is over its limit at one look begins an
 * alarm; the alarm ends when the rate over all that came since falls back to the limit, and fires once it lasted long enough over enough requests. So one burst is forgotten, and a
 * rate that wavers around twice the limit is not. There is no control after a promotion; with a holdback the judge compares (`core/judge`), and this stays the backstop.
 */
import type { RollbackReason } from '../hold.ts'
import type { RollbackTriggers } from '../rollback-policy.ts'
import type { Alarm, Pair, Triggered, WatchReading } from './types.ts'

/** A trigger as a rate: which pair it reads, and its limit. */
type Rate = {
  readonly trigger: string
  readonly name: string
  readonly reason: RollbackReason
  readonly above: number
  readonly forMs: number
  readonly requestsMin: number
  readonly pairOf: (reading: WatchReading) => Pair | null
}

/** What a look after another comes to: the alarms that go on, and what fires, if anything does. */
export type Weighed = { readonly alarms: readonly Alarm[]; readonly triggered: Triggered | null }

/** Two looks, and how much of the time between them counts, milliseconds. */
export type Looks = {
  readonly before: WatchReading | null
  readonly now: WatchReading
  readonly countedMs: number
  /** Epoch ms. */
  readonly at: number
}

/** Weighs a look against the one before. Nothing measured changes nothing: an alarm neither grows nor ends by silence. */
export const weigh = (triggers: RollbackTriggers, alarms: readonly Alarm[], looks: Looks): Weighed => {
  const kept: Alarm[] = []
  let triggered: Triggered | null = null
  const health = weighHealth(triggers, alarmOf(alarms, 'health'), looks)
  if (health !== null) kept.push(health)
  if (health !== null && health.overMs >= (triggers.health?.forMs ?? Infinity)) triggered = healthFired(health, looks)
  for (const rate of ratesOf(triggers)) {
    const alarm = weighRate(rate, alarmOf(alarms, rate.trigger), looks)
    if (alarm === null) continue
    kept.push(alarm)
    triggered ??= rateFired(rate, alarm, looks)
  }
  return { alarms: kept, triggered }
}

const alarmOf = (alarms: readonly Alarm[], trigger: string): Alarm | null =>
  alarms.find((alarm) => alarm.trigger === trigger) ?? null

const ratesOf = ({ errorRate, latency, metrics = [] }: RollbackTriggers): readonly Rate[] => [
  ...(errorRate === undefined
    ? []
    : [
        {
          ...errorRate,
          trigger: 'error_rate',
          name: 'bad responses',
          reason: 'critical_bug' as const,
          pairOf: ({ requests }: WatchReading) => requests,
        },
      ]),
  ...(latency === undefined
    ? []
    : [
        {
          trigger: 'latency',
          name: `responses slower than ${latency.aboveMs} ms`,
          reason: 'performance' as const,
          above: 1 - latency.quantile,
          forMs: latency.forMs,
          requestsMin: latency.requestsMin,
          pairOf: ({ slow }: WatchReading) => slow,
        },
      ]),
  ...metrics.map((metric) => ({
    ...metric,
    trigger: `metric:${metric.name}`,
    reason: 'critical_bug' as const,
    pairOf: (reading: WatchReading) => reading.metrics[metric.name] ?? null,
  })),
]

const weighRate = (rate: Rate, alarm: Alarm | null, { before, now, countedMs }: Looks): Alarm | null => {
  const current = rate.pairOf(now)
  const previous = before === null ? null : rate.pairOf(before)
  if (current === null || previous === null) return alarm
  // What counts began anew, so nothing can be said about the time in between.
  if (current.era !== previous.era) return null
  if (current.units < previous.units || current.badUnits < previous.badUnits) return null
  const since = alarm?.since ?? previous
  const share = shareSince(since, current)
  if (share === null) return alarm
  if (share <= rate.above) return null
  return { trigger: rate.trigger, overMs: (alarm?.overMs ?? 0) + countedMs, since }
}

/** The bad share of what came since; null when nothing came. */
const shareSince = (since: Pair, now: Pair): number | null => {
  const units = now.units - since.units
  return units <= 0 ? null : (now.badUnits - since.badUnits) / units
}

const rateFired = (rate: Rate, { overMs, since }: Alarm, { now, at }: Looks): Triggered | null => {
  const current = rate.pairOf(now)
  if (current === null || overMs < rate.forMs) return null
  const units = current.units - since.units
  const badUnits = current.badUnits - since.badUnits
  if (units < rate.requestsMin) return null
  const detail = `${rate.name}: ${badUnits} of ${units} (${percent(badUnits / units)}) in ${seconds(overMs)}, limit ${percent(rate.above)} for ${seconds(rate.forMs)}`
  return { trigger: rate.trigger, at, reason: rate.reason, detail }
}

const noCounts: Pair = { units: 0, badUnits: 0 }

const weighHealth = ({ health }: RollbackTriggers, alarm: Alarm | null, { now, countedMs }: Looks): Alarm | null => {
  if (health === undefined) return null
  if (now.unhealthy === null) return alarm
  if (now.unhealthy.length <= health.unhealthyMax) return null
  return { trigger: 'health', overMs: (alarm?.overMs ?? 0) + countedMs, since: noCounts }
}

const healthFired = ({ overMs }: Alarm, { now, at }: Looks): Triggered => ({
  trigger: 'health',
  at,
  reason: 'outage',
  detail: `health checks failed for ${seconds(overMs)}: ${now.unhealthy?.join(', ') ?? ''}`,
})

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`
const seconds = (ms: number): string => `${Number((ms / 1_000).toPrecision(3))} s`
