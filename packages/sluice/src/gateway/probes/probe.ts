/** The receipt of make-before-break: the gateway itself asks new instances until each has given so many good answers in a row. */
import type { HealthPolicy } from '../../core/model.ts'
import type { ProbeReceipt, Upstream } from '../../core/routing.ts'
import { ask } from './ask.ts'

/** What is asked of the upstreams. */
export type ProbeRequest = {
  readonly upstreams: readonly Upstream[]
  readonly health: HealthPolicy
  readonly successes: number
  readonly deadlineMs: number
}

/** Asks all upstreams at once; each has its receipt when it has answered well often enough, at the deadline, or when this gateway ends. */
export const probeAll = (request: ProbeRequest, isEnding: () => boolean): Promise<readonly ProbeReceipt[]> => {
  const until = performance.now() + request.deadlineMs
  return Promise.all(request.upstreams.map((upstream) => probeOne(upstream, { ...request, until, isEnding })))
}

type Asking = ProbeRequest & { readonly until: number; readonly isEnding: () => boolean }

const probeOne = async (upstream: Upstream, request: Asking): Promise<ProbeReceipt> => {
  const { until, isEnding } = request
  let successes = 0
  let last = 'not asked: the deadline was over'
  let asked = false
  for (let left = until - performance.now(); left > 0 && !isEnding(); left = until - performance.now()) {
    const timeoutMs = Math.min(request.health.timeoutMs, left)
    const answer = await ask(upstream, { path: request.health.path, timeoutMs })
    // A probe that the deadline cut short says nothing about the instance; what it answered before does.
    if (!answer.late || !asked || timeoutMs === request.health.timeoutMs) last = answer.last
    asked = true
    successes = answer.good ? successes + 1 : 0
    if (successes >= request.successes) return { instance: upstream.instance, healthy: true, successes, last }
    const rest = Math.min(request.health.intervalMs, until - performance.now())
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)))
  }
  return { instance: upstream.instance, healthy: false, successes, last }
}
