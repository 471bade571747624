/**
 * Steady traffic by a virtual clock through the gateway's own tripwire: requests come one after the other, evenly, and chance says whose each is and whether it is bad.
 * Those between two bad ones are drawn as a number, as in `bench/judge`.
 */
import type { JudgePolicy } from '../../packages/sluice/src/core/model.ts'
import type { RolloutId } from '../../packages/sluice/src/core/model.ts'
import type { Measurement } from '../../packages/sluice/src/core/judge/verdict.ts'
import { errorsOf } from '../../packages/sluice/src/core/judge/statistics.ts'
import type { Trip } from '../../packages/sluice/src/core/routing.ts'
import {
  armedWatch,
  freshCounts,
  judgeWatch,
  logEOf,
  statisticsOf,
  type Watch,
  watchBad,
} from '../../packages/sluice/src/gateway/routes/tripwire.ts'
import { type Random, randomOf, successes, trialsUntil } from '../judge/random.ts'

/** Requests a second of both arms together, and the share (0–1) of bad answers of each. */
export type Rates = { readonly perSecond: number; readonly stable: number; readonly candidate: number }

/** What a rollout's traffic is made of. */
export type TrafficOptions = { readonly rates: Rates; readonly rollout: RolloutId; readonly policy: JudgePolicy }

/** The traffic of one rollout. Its clock is its own: milliseconds since it began. */
export class Traffic {
  /** What the candidate has answered in all, and how badly. */
  requests = 0
  bad = 0
  trip: Trip | null = null
  private shareBp = 0
  /** Requests that have come, of both arms. */
  private came = 0
  /** Number of the next bad one, counted from the first of all. */
  private nextBad = Infinity
  private watch: Watch
  private readonly random: Random
  private readonly options: TrafficOptions

  constructor(options: TrafficOptions, seed: number) {
    this.options = options
    this.random = randomOf(seed)
    this.watch = this.armed(0)
  }

  /** Puts a share in force. Counting begins with the first one, when the tripwire is armed. */
  shift(shareBp: number, at: number): void {
    if (this.shareBp === 0 && this.watch.candidate.keyless === 0) this.watch = this.armed(at)
    this.shareBp = shareBp
    this.drawNext()
  }

  /** Lets traffic come until a moment, or until the tripwire cuts; gives the moment that it came to. */
  passUntil(at: number): number {
    const { perSecond } = this.options.rates
    const last = Math.floor((at * perSecond) / 1_000)
    while (this.nextBad <= last) {
      const badAt = Math.ceil((this.nextBad * 1_000) / perSecond)
      this.passGood(this.nextBad - 1)
      this.passBad(badAt)
      if (this.trip !== null) return badAt
    }
    this.passGood(last)
    return at
  }

  /** The counts, as a gateway gives them. */
  measured(at: number): Measurement {
    const statistics = statisticsOf(this.watch)
    return {
      kind: 'measured',
      logE: logEOf(this.watch),
      shareBp: this.shareBp,
      ...errorsOf(statistics),
      tripped: this.trip !== null,
      observedAt: at,
      statistics,
    }
  }

  private passBad(at: number): void {
    const { shareBp, watch } = this
    const candidate = this.random() < (this.share * this.options.rates.candidate) / this.badRate
    this.came += 1
    this.count(candidate ? 1 : 0, 1)
    if (candidate) this.bad += 1
    watchBad(watch, watch.errors, { candidate, unit: null, shareBp, half: this.random() < 0.5 ? 0 : 1 })
    const trip = candidate ? judgeWatch(watch, shareBp, at) : null
    if (trip === null) return this.drawNext()
    this.trip = trip
    this.shareBp = 0
  }

  /** All that come up to this number are good. */
  private passGood(last: number): void {
    const requests = last - this.came
    if (requests <= 0) return
    const goodShare = (this.share * (1 - this.options.rates.candidate)) / (1 - this.badRate)
    this.count(successes(this.random, requests, goodShare), requests)
    this.came = last
  }

  private count(candidates: number, all: number): void {
    this.requests += candidates
    for (const [side, number] of [
      [this.watch.candidate, candidates],
      [this.watch.stable, all - candidates],
    ] as const) {
      side.requests += number
      side.keyless += number
    }
  }

  private drawNext(): void {
    this.nextBad = this.badRate === 0 ? Infinity : this.came + trialsUntil(this.random, this.badRate)
  }

  private get share(): number {
    return this.shareBp / 10_000
  }

  private get badRate(): number {
    const { stable, candidate } = this.options.rates
    return this.share * candidate + (1 - this.share) * stable
  }

  private armed(at: number): Watch {
    const { rollout, policy } = this.options
    return armedWatch({ rollout, policy }, freshCounts(at))
  }
}
