/**
 * The gateway's own tripwire under simulated traffic: the code that cuts, fed with what would have happened. Requests between two bad ones are skipped
 * by drawing how many there were, which gives the same distribution and takes a hundredth of the time.
 */
import type { JudgePolicy } from '../../packages/sluice/src/core/model.ts'
import { rolloutId } from '../../packages/sluice/src/core/model.ts'
import {
  armedWatch,
  freshCounts,
  judgeWatch,
  type Watch,
  watchBad,
} from '../../packages/sluice/src/gateway/routes/tripwire.ts'
import { randomOf, trialsUntil } from './random.ts'

/** The policy of judge.md's tables: α 1 % a release, tolerance 1. */
export const policy: JudgePolicy = {
  alpha: 0.01,
  tolerance: 1,
  ignoreBelow: 0,
  intervalMs: 1_000,
  staleAfterMs: 10_000,
}

const rollout = rolloutId('rol_bench')

/** A tripwire that has seen nothing. */
export const freshTripwire = (asked: JudgePolicy = policy): Watch =>
  armedWatch({ rollout, policy: asked }, freshCounts(0))

/** What a bad release cost until it was stopped: the candidate's requests, and how many of them failed. */
export type Cost = { readonly requests: number; readonly failed: number }

/** A bad release until the stop, looked at after every request. */
export const untilStop = (
  { stable, candidate, shareBp }: { readonly stable: number; readonly candidate: number; readonly shareBp: number },
  seed: number,
): Cost => {
  const random = randomOf(seed)
  const watch = freshTripwire()
  const share = shareBp / 10_000
  const badRate = share * candidate + (1 - share) * stable
  const isCandidates = (share * candidate) / badRate
  let requests = 0
  for (;;) {
    const passed = trialsUntil(random, badRate)
    const isCandidate = random() < isCandidates
    // Of the good ones before it, as many were the candidate's as its share of good responses says.
    const goodShare = (share * (1 - candidate)) / (1 - badRate)
    let own = isCandidate ? 1 : 0
    for (let good = 1; good < passed; good += 1) if (random() < goodShare) own += 1
    requests += own
    watch.candidate.keyless += own
    watch.stable.keyless += passed - own
    watchBad(watch, watch.errors, { candidate: isCandidate, unit: null, shareBp, half: 0 })
    if (isCandidate && judgeWatch(watch, shareBp, 0) !== null) return { requests, failed: watch.errors.candidateBad }
  }
}

/** The candidate's share after so many requests, of all. */
export type Schedule = (request: number) => number

/** Whether a healthy release is stopped within so many requests, each of which is a unit. */
export const isAlarmed = (
  { rate, schedule, requests }: { readonly rate: number; readonly schedule: Schedule; readonly requests: number },
  seed: number,
): boolean => {
  const random = randomOf(seed)
  const watch = freshTripwire()
  for (let at = trialsUntil(random, rate); at <= requests; at += trialsUntil(random, rate)) {
    const shareBp = schedule(at)
    const candidate = random() * 10_000 < shareBp
    watchBad(watch, watch.errors, { candidate, unit: null, shareBp, half: 0 })
    if (candidate && judgeWatch(watch, shareBp, 0) !== null) return true
  }
  return false
}

/**
 * Whether a healthy release is stopped although its errors come in bursts: each user that has any has `burst` on average, one after the other among those of
 * others, and stays on the arm that its key gives it while the share grows. `count`: once a user, as Sluice does, or each request, as others do.
 */
export const isAlarmedByBursts = (
  traffic: {
    readonly errors: number
    readonly burst: number
    readonly schedule: Schedule
    readonly count: 'users' | 'requests'
  },
  seed: number,
): boolean => {
  const random = randomOf(seed)
  const watch = freshTripwire()
  const active: { readonly point: number; readonly key: number }[] = []
  for (let error = 0; error < traffic.errors; error += 1) {
    const place = Math.floor(random() * activeMax)
    if (random() < 1 / traffic.burst || active[place] === undefined)
      active[place] = { point: random() * 10_000, key: Math.floor(random() * 4_294_967_296) }
    const user = active[place]
    if (user === undefined) continue
    const shareBp = traffic.schedule(error)
    const candidate = user.point < shareBp
    const unit = traffic.count === 'users' ? user.key : null
    watchBad(watch, watch.errors, { candidate, unit, shareBp, half: 0 })
    if (candidate && judgeWatch(watch, shareBp, 0) !== null) return true
  }
  return false
}

/** Users whose bursts are under way at once. */
const activeMax = 50
