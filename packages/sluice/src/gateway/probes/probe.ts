/** The receipt of make-before-break: the gateway itself asks new instances until each has given so many good answers in a row. */
import type { HealthPolicy } from '../../core/model.ts'
import type { ProbeEnough, ProbeReceipt, Upstream } from '../../core/routing.ts'
import { ask } from './ask.ts'

/** What is asked of the upstreams. */
export type ProbeRequest = {
  readonly upstreams: readonly Upstream[]
  readonly health: HealthPolicy
  readonly successes: number
  readonly deadlineMs: number
  readonly enough?: ProbeEnough
}

/**
 * Asks all upstreams at once; each has its receipt when it has answered well often enough, at the deadline, or when this gateway ends. Once enough have, the others have
 * their grace, and then a receipt of how they stand: one that hangs keeps nobody waiting.
 */
export const probeAll = async (request: ProbeRequest, isEnding: () => boolean): Promise<readonly ProbeReceipt[]> => {
  const { upstreams, deadlineMs, enough } = request
  const until = performance.now() + deadlineMs
  const standing = upstreams.map(({ instance }): ProbeReceipt => ({
    instance,
    healthy: false,
    successes: 0,
    last: unasked,
  }))
  let isOver = false
  let grace: NodeJS.Timeout | null = null
  const probing = new Promise<void>((resolve) => {
    const tell = (index: number, receipt: ProbeReceipt): void => {
      if (isOver) return
      standing[index] = receipt
      const healthy = standing.filter((one) => one.healthy).length
      if (enough !== undefined && grace === null && healthy >= enough.count) grace = setTimeout(resolve, enough.graceMs)
    }
    const asked = upstreams.map((upstream, index) =>
      probeOne(upstream, {
        ...request,
        until,
        isEnding: () => isOver || isEnding(),
        tell: (receipt) => tell(index, receipt),
      }),
    )
    void Promise.all(asked).then(() => resolve())
  })
  await probing
  isOver = true
  if (grace !== null) clearTimeout(grace)
  return standing
}

const unasked = 'not asked: the deadline was over'

type Asking = ProbeRequest & {
  readonly until: number
  readonly isEnding: () => boolean
  /** Called with how the upstream stands after each answer. */
  readonly tell: (receipt: ProbeReceipt) => void
}

const probeOne = async (upstream: Upstream, request: Asking): Promise<void> => {
  const { until, isEnding, tell } = request
  const { instance } = upstream
  let successes = 0
  let last = unasked
  let asked = false
  let coldWhy: string | null = null
  for (let left = until - performance.now(); left > 0 && !isEnding(); left = until - performance.now()) {
    const timeoutMs = Math.min(request.health.timeoutMs, left)
    const answer = await ask(upstream, { path: request.health.path, timeoutMs })
    // A probe that the deadline cut short says nothing about the instance; what it answered before does.
    if (!answer.late || !asked || timeoutMs === request.health.timeoutMs) last = answer.last
    asked = true
    successes = answer.good ? successes + 1 : 0
    const cold = successes < request.successes ? null : await warmUp(upstream, request)
    if (cold !== null) {
      successes = 0
      if (!cold.isCutShort || coldWhy === null) coldWhy = cold.why
      // Not the good health answer that came before: the instance is cold.
      last = coldWhy
    }
    const healthy = successes >= request.successes
    tell({ instance, healthy, successes, last })
    if (healthy) return
    const rest = Math.min(request.health.intervalMs, until - performance.now())
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)))
  }
}

/** Why an instance is not warm. `isCutShort`: the deadline came, which says less than what went wrong before. */
type Cold = { readonly why: string; readonly isCutShort: boolean }

/** Has it answer what warms it up; gives what went wrong, or null. An error of its own (5xx), or none in time, and it is asked how it is from the beginning. */
const warmUp = async (upstream: Upstream, { health: { warmup }, until, isEnding }: Asking): Promise<Cold | null> => {
  if (warmup === undefined) return null
  for (let asked = 0; asked < warmup.requests; asked += 1) {
    const leftMs = until - performance.now()
    if (leftMs <= 0 || isEnding())
      return { why: `the deadline came after ${asked} of ${warmup.requests} warm-up requests`, isCutShort: true }
    const timeoutMs = Math.min(warmup.timeoutMs, leftMs)
    const { good, last, late } = await ask(upstream, { path: warmup.path, timeoutMs })
    const isAnswer = good || (!late && /^[1-4]\d\d$/.test(last))
    const why = `warm-up request ${asked + 1} of ${warmup.requests} to ${warmup.path}: ${last}`
    if (!isAnswer) return { why, isCutShort: late && timeoutMs < warmup.timeoutMs }
  }
  return null
}
