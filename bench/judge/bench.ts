/**
 * `npm run bench:judge [-- --quick] [--json]`: what a bad release costs until the judge stops it, how often a healthy one is stopped, and what others would
 * have done with the same traffic. Simulated, with the gateway's own code; seeds are fixed, so that every run gives the same figures.
 */
import { describeMachine } from '../lib/machine.ts'
import { type Figure, progress, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, readOptions } from '../lib/targets.ts'
import { slowUntilStop } from './latency.ts'
import { argo, flagger, kayenta, type Outcome, type Traffic } from './peers.ts'
import { type Cost, isAlarmed, isAlarmedByBursts, type Schedule, untilStop } from './tripwire.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const machine = describeMachine()

/** The targets of the specification: median and 95th percentile of the candidate's requests and failures until the stop. */
const rows = [
  { name: '0.1-50', stable: 0.001, candidate: 0.5, requests: [4, 8], failed: [2, 3] },
  { name: '0.1-10', stable: 0.001, candidate: 0.1, requests: [20, 63], failed: [2, 4] },
  { name: '0.1-1', stable: 0.001, candidate: 0.01, requests: [425, 1_239], failed: [5, 8] },
  { name: '0.1-0.5', stable: 0.001, candidate: 0.005, requests: [1_466, 3_847], failed: [8, 14] },
  { name: '1-5', stable: 0.01, candidate: 0.05, requests: [149, 379], failed: [8, 14] },
  { name: '1-2', stable: 0.01, candidate: 0.02, requests: [1_512, 3_695], failed: [32, 63] },
] as const

const detectSeeds = quick ? 1_000 : 5_000
/** What the figures may be above their targets. */
const slack = 1.1

const times = <T>(count: number, work: (seed: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => work(1 + 4 * index))

const spread = (values: readonly number[]): readonly [number, number] => {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0
  return [rank(0.5), rank(0.95)]
}

const detected = (row: (typeof rows)[number]): readonly Bounded[] => {
  progress(`a bad release: ${row.name}`)
  const costs: readonly Cost[] = times(detectSeeds, (seed) => untilStop({ ...row, shareBp: 500 }, seed))
  const [p50, p95] = spread(costs.map(({ requests }) => requests))
  const [failedP50, failedP95] = spread(costs.map(({ failed }) => failed))
  const bounded = (name: string, value: number, target: number): Bounded => {
    const unit = name.startsWith('failed') ? 'of them failed' : 'candidate requests until the stop'
    return atMost({ name: `judge.${name}.${row.name}`, value, unit }, Math.round(10 * slack * target) / 10)
  }
  return [
    bounded('p50', p50, row.requests[0]),
    bounded('p95', p95, row.requests[1]),
    bounded('failedP50', failedP50, row.failed[0]),
    bounded('failedP95', failedP95, row.failed[1]),
  ]
}

type Healthy = { readonly name: string; readonly seeds: number; readonly isAlarmed: (seed: number) => boolean }

const requestsOfAll = quick ? 400_000 : 2_000_000
const steady =
  (shareBp: number): Schedule =>
  () =>
    shareBp
/** Shares that change between events, as those of a canary do, and go back once. */
const changing: readonly number[] = [100, 500, 1_000, 500, 2_500, 5_000, 7_500]
const ramp =
  (total: number): Schedule =>
  (at) =>
    changing[Math.min(changing.length - 1, Math.floor((at * changing.length) / total))] ?? 500

const healthySeeds = quick ? 300 : 4_000
const burstErrors = quick ? 4_000 : 20_000

const healthy: readonly Healthy[] = [
  ...[0.001, 0.01, 0.05].flatMap((rate): readonly Healthy[] => {
    const of = (name: string, schedule: Schedule): Healthy => ({
      name: `${rate * 100}-${name}`,
      // The row nearest to its bound has the most releases, so that chance alone does not decide.
      seeds: rate > 0.01 && name === 'w50' ? 2 * healthySeeds : healthySeeds,
      isAlarmed: (seed) => isAlarmed({ rate, schedule, requests: requestsOfAll }, seed),
    })
    return [
      ...[500, 1_000, 5_000].map((shareBp) => of(`w${shareBp / 100}`, steady(shareBp))),
      of('changing', ramp(requestsOfAll)),
    ]
  }),
  ...[2, 5].map((burst): Healthy => ({
    name: `burst${burst}`,
    seeds: healthySeeds,
    isAlarmed: (seed) => isAlarmedByBursts({ errors: burstErrors, burst, schedule: steady(500), count: 'users' }, seed),
  })),
  ...[2, 5].map((burst): Healthy => ({
    name: `burst${burst}-changing`,
    seeds: healthySeeds,
    isAlarmed: (seed) =>
      isAlarmedByBursts({ errors: burstErrors, burst, schedule: ramp(burstErrors), count: 'users' }, seed),
  })),
  {
    name: 'latency',
    seeds: quick ? 100 : 1_000,
    isAlarmed: (seed) =>
      slowUntilStop({ factor: 1, shareBp: 1_000, requests: quick ? 20_000 : 100_000 }, seed) !== null,
  },
]

const percentOf = (seeds: number, hits: (seed: number) => boolean): number =>
  Math.round((10_000 * times(seeds, hits).filter(Boolean).length) / seeds) / 100

const alarms = healthy.map(({ name, seeds, isAlarmed: hits }): Figure => {
  progress(`a healthy release: ${name}`)
  return { name: `judge.falseAlarmPercent.${name}`, value: percentOf(seeds, hits), unit: '%' }
})

const counted: readonly Figure[] = [2, 5].map((burst) => ({
  name: `judge.falseAlarmPercent.byRequest.burst${burst}`,
  value: percentOf(Math.ceil(healthySeeds / 4), (seed) =>
    isAlarmedByBursts({ errors: burstErrors, burst, schedule: steady(500), count: 'requests' }, seed),
  ),
  unit: '% (what counting each request would give)',
}))

const slowed: readonly Figure[] = [1.2, 1.5, 3].map((factor) => {
  progress(`a slow release: ${factor} times`)
  const costs = times(quick ? 100 : 1_000, (seed) => slowUntilStop({ factor, shareBp: 500, requests: 400_000 }, seed))
  const [p50] = spread(costs.map((cost) => cost ?? Infinity))
  return { name: `judge.p50.latency-${factor}x`, value: p50, unit: 'candidate requests until the stop' }
})

/** What a peer does with a bad release at 100 requests/s, and with a healthy one at 10. */
const peer = (name: string, run: (traffic: Traffic, seed: number) => Outcome): readonly Figure[] => {
  progress(`the same traffic: ${name}`)
  const seeds = quick ? 200 : 1_000
  const bad = ['0.1-50', '0.1-0.5'].flatMap((row): readonly Figure[] => {
    const found = rows.find((one) => one.name === row)
    if (found === undefined) return []
    const { stable, candidate } = found
    const outcomes = times(seeds, (seed) => run({ stable, candidate, perSecond: 100 }, seed))
    const caught = outcomes.filter(({ rolledBack }) => rolledBack)
    const percent = Math.round((1_000 * caught.length) / seeds) / 10
    const figures: Figure[] = [{ name: `judge.${name}.caughtPercent.${row}`, value: percent, unit: '%' }]
    if (caught.length * 2 < seeds) return figures
    const [requests] = spread(caught.map((one) => one.requests))
    const [failed] = spread(caught.map((one) => one.failed))
    figures.push({ name: `judge.${name}.p50.${row}`, value: requests, unit: 'candidate requests until the stop' })
    figures.push({ name: `judge.${name}.failedP50.${row}`, value: failed, unit: 'of them failed' })
    return figures
  })
  const isStopped = (seed: number): boolean => run({ stable: 0.005, candidate: 0.005, perSecond: 10 }, seed).rolledBack
  const value = percentOf(seeds, isStopped)
  return [...bad, { name: `judge.${name}.falseAlarmPercent.0.5-10rps`, value, unit: '%' }]
}

const { figures, missed, exitCode } = judge([
  ...rows.flatMap(detected),
  ...slowed,
  ...alarms,
  atMost(
    { name: 'judge.falseAlarmPercentMax', value: Math.max(...alarms.map(({ value }) => value)), unit: '%' },
    // A short form sees so few releases that chance alone may show twice the rate.
    quick ? 2 : 1,
  ),
  ...counted,
  ...peer('flagger', flagger),
  ...peer('argo', argo),
  ...peer('kayenta', kayenta),
])
report({
  command: 'bench:judge',
  machine,
  figures,
  json,
  notes: [
    `candidate at 5 % of the traffic, α 1 % a release; ${detectSeeds} bad releases a row, ${healthySeeds} healthy ones over ${requestsOfAll} requests each`,
    'peers at 100 requests/s: the documented examples of Flagger and Argo Rollouts, the defaults of Kayenta (verdict after an hour)',
    ...missed,
  ],
})
process.exitCode = exitCode
