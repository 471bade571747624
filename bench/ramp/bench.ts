/**
 * `npm run bench:ramp [-- --quick] [--json]`: how long a healthy release takes until it has all traffic when evidence decides, beside the same steps of five minutes each; and what a bad
 * release costs by either way. The real rollout machine, judge and tripwire by a virtual clock; seeds are fixed, so that every run gives the same figures.
 */
import type { JudgeConfig } from '../../packages/sluice/src/core/config/types.ts'
import type { RolloutPlan } from '../../packages/sluice/src/core/rollout/types.ts'
import { planOf } from '../../packages/sluice/test/rollout/story.ts'
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, readOptions } from '../lib/targets.ts'
import { type Outcome, playRollout } from './rollout.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const machine = describeMachine()

/** α is the default, 1 % a release; both ways have it, the shares, and the tripwire. */
const exposureBudget = 100
const shares = ['1%', '2%', '5%', '10%', '25%', '50%'] as const
const steps = shares.map((share) => ({ share, bake: '5m', unitsMin: 20 }) as const)
const planWith = (settings: JudgeConfig): RolloutPlan =>
  planOf({ strategy: { kind: 'canary', steps }, judge: { interval: '5s', ...settings } })
const plans = {
  ramp: planWith({ prove: { margin: 1.5 }, exposureBudget }),
  fixed: planWith({}),
} as const

const errorRate = 0.001
/** How many times as bad as stable a bad release is. */
const ratios = [1.5, 2, 3, 5, 10, 100, 500]
const perSeconds = [10, 100, 1_000]
const healthySeeds = quick ? 20 : 400
const badSeeds = quick ? 10 : 100

type Way = keyof typeof plans

const play = (
  way: Way,
  { perSecond, ratio }: { perSecond: number; ratio: number },
  seeds: number,
): readonly Outcome[] =>
  Array.from({ length: seeds }, (_, index) => {
    const rates = { perSecond, stable: errorRate, candidate: errorRate * ratio }
    return playRollout(plans[way], rates, 1 + 4 * index)
  })

const spread = (values: readonly number[]): readonly [number, number] => {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? Infinity
  return [rank(0.5), rank(0.95)]
}

const rounded = (value: number): number => Math.round(10 * value) / 10

/** A release that never had all traffic has waited forever. */
const healthy = (way: Way, perSecond: number): readonly Bounded[] => {
  progress(`a healthy release, ${perSecond} requests/s: ${way}`)
  const outcomes = play(way, { perSecond, ratio: 1 }, healthySeeds)
  const [p50, p95] = spread(outcomes.map(({ promotedAfterSeconds }) => promotedAfterSeconds ?? Infinity))
  const promoted = outcomes.filter(({ promotedAfterSeconds }) => promotedAfterSeconds !== null).length
  const percent = rounded((100 * promoted) / outcomes.length)
  const name = way === 'ramp' ? 'ramp.seconds' : 'ramp.fixed'
  const unit = 's until it has all traffic (median)'
  return [
    { name: `${name}.${perSecond}`, value: p50, unit },
    { name: `${name}P95.${perSecond}`, value: p95, unit: 's (95th percentile)' },
    atLeast({ name: `${name}Promoted.${perSecond}`, value: percent, unit: '% of healthy releases' }, quick ? 90 : 97),
  ]
}

/** What it gave beyond what the stable release would have given, until it was stopped or had all traffic. */
const costOf = ({ bad, requests }: Outcome): number => bad - requests * errorRate

const bad = (way: Way, perSecond: number): Bounded => {
  progress(`bad releases, ${perSecond} requests/s: ${way}`)
  const costs = ratios.map((ratio) => {
    const outcomes = play(way, { perSecond, ratio }, badSeeds)
    return outcomes.reduce((sum, outcome) => sum + costOf(outcome), 0) / outcomes.length
  })
  const value = rounded(Math.max(...costs))
  const name = way === 'ramp' ? 'ramp.badResponsesMax' : 'ramp.fixedBadResponsesMax'
  const unit = `bad responses, the mean of the worst of ${ratios.length} bad releases`
  return way === 'ramp'
    ? atMost({ name: `${name}.${perSecond}`, value, unit }, exposureBudget)
    : { name: `${name}.${perSecond}`, value, unit }
}

const bounded = perSeconds.flatMap((perSecond) => {
  const [ramp, fixed] = [healthy('ramp', perSecond), healthy('fixed', perSecond)]
  const limit = fixed[0]?.value ?? 0
  return [
    ...ramp.map((one, index) => (index === 0 ? atMost(one, limit) : one)),
    ...fixed,
    bad('ramp', perSecond),
    bad('fixed', perSecond),
  ]
})
const { figures, missed, exitCode } = judge(bounded)
report({
  command: 'bench:ramp',
  machine,
  figures,
  json,
  notes: [
    `shares of 1, 2, 5, 10, 25 and 50 %, at most (fixed: exactly) 5 minutes each; stable answers ${errorRate * 100} % badly; α 1 %, exposure budget ${exposureBudget} bad responses`,
    `${healthySeeds} healthy releases a row, ${badSeeds} of each bad one (${ratios.join(', ')} times as bad as stable); starting instances takes no time here`,
    ...missed,
  ],
})
process.exitCode = exitCode
