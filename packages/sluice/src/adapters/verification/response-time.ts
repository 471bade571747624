import http from 'node:http'
import { limits } from '../../core/limits.ts'
import type { Upstream } from '../../core/routing.ts'
import {
  afterPair,
  comparedLogE,
  type Comparison,
  goodAnswers,
  isSlower,
  learningPairs,
  noComparison,
  quantileOf,
} from '../../core/verification/compare.ts'
import { hasStatus } from '../../core/verification/expect.ts'
import type { ResponseTimeCheck } from '../../core/verification/types.ts'
import { ask } from './ask.ts'
import { blind, type Place, type Seen } from './look.ts'

/** A number from 0 (inclusive) to 1. */
export type Random = () => number

/** Pairs of requests to the new release and the one before it, until the new one is shown to be slower or all were sent. Rejects when the signal falls. */
export const lookResponseTime = async (
  check: ResponseTimeCheck,
  { targets, previous }: Pick<Place, 'targets' | 'previous'>,
  { random, signal }: { readonly random: Random; readonly signal: AbortSignal },
): Promise<Seen> => {
  // One connection each, so that neither pays for what the other's was spared.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const time = (among: readonly Upstream[]): Promise<number | null> =>
    timed(check, { target: chosen(among, random), agent, signal })
  try {
    if (previous.length === 0) return await alone(() => time(targets))
    let comparison = noComparison
    while (comparison.pairs < check.requests && !isSlower(comparison, check)) {
      signal.throwIfAborted()
      // The coin makes it true that neither release has the better place.
      const isFirst = random() < 0.5
      const one = await time(isFirst ? targets : previous)
      const other = await time(isFirst ? previous : targets)
      const pair = { candidateMs: isFirst ? one : other, previousMs: isFirst ? other : one }
      comparison = afterPair(comparison, pair, check)
    }
    return seen(comparison, check)
  } finally {
    agent.destroy()
  }
}

type Timing = { readonly target: Upstream; readonly agent: http.Agent; readonly signal: AbortSignal }

/** Milliseconds until the last byte of a good answer; null for any other. */
const timed = async (
  { request, status }: ResponseTimeCheck,
  { target, agent, signal }: Timing,
): Promise<number | null> => {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(limits.comparedRequestMs)])
  const answer = await ask(request, { target, agent, signal: bounded }).catch(() => null)
  signal.throwIfAborted()
  return answer !== null && hasStatus(answer.status, status) ? answer.durationMs : null
}

const chosen = (among: readonly Upstream[], random: Random): Upstream => {
  const target = among[Math.floor(random() * among.length)]
  if (target === undefined) throw new Error('there is no address to ask')
  return target
}

/** The first release of an environment has nobody to be slower than; it must answer all the same. */
const alone = async (time: () => Promise<number | null>): Promise<Seen> => {
  const times: number[] = []
  for (let sent = 0; sent < learningPairs; sent += 1) {
    const taken = await time()
    if (taken !== null) times.push(taken)
  }
  const p95 = quantileOf(
    times.toSorted((a, b) => a - b),
    0.95,
  )
  if (times.length < learningPairs) return blind(`${times.length} of ${learningPairs} answers were good`)
  return { unmet: [], detail: `nothing before it to compare with; p95 ${shown(p95)}`, evidence: [] }
}

const seen = (comparison: Comparison, check: ResponseTimeCheck): Seen => {
  const { pairs, candidate, previous } = comparison
  const e = Math.exp(Math.min(comparedLogE(comparison), 700))
  const at = (quantile: number): string =>
    `p${quantile * 100} ${shown(quantileOf(candidate, quantile))} against ${shown(quantileOf(previous, quantile))}`
  const numbers = `${at(0.5)}, ${at(0.95)} in ${pairs} pairs; E = ${e.toPrecision(3)} of ${1 / check.alpha}`
  const evidence = [
    `false alarms: at most ${Number((100 * check.alpha).toPrecision(3))} % of releases that are no slower than ${check.tolerance} times`,
  ]
  if (isSlower(comparison, check)) {
    const detail = `slower than the release before: ${numbers}`
    return { unmet: [{ outcome: 'failed', detail }], detail, evidence }
  }
  const good = goodAnswers(candidate)
  const goodBefore = goodAnswers(previous)
  // Times of answers that did not come say nothing: what mostly fails on both sides was not compared.
  if (2 * Math.min(good, goodBefore) <= pairs)
    return blind(`only ${good} of ${pairs} answers were good, of the release before ${goodBefore}`)
  return { unmet: [], detail: `not shown to be slower: ${numbers}`, evidence }
}

const shown = (ms: number): string =>
  Number.isFinite(ms) ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : 'no good answer'
