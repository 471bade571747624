/** The receipt of make-before-break: new instances are asked, from where HAProxy runs, until each has given so many good answers in a row. */
import http from 'node:http'
import { setTimeout as rest } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import type { ProbeReceipt, Upstream } from '../../core/routing.ts'
import type { Router } from '../../ports/router.ts'

type ProbeRequest = Parameters<Router['probe']>[0]

/** Asks all at once; each has its receipt when it has answered well often enough, or at the deadline. Rejects with `outcome_unknown` when called off. */
export const probeAll = async (request: ProbeRequest, signal: AbortSignal): Promise<readonly ProbeReceipt[]> => {
  const until = performance.now() + request.deadlineMs
  const { enough, upstreams } = request
  const graced = new AbortController()
  const either = AbortSignal.any([signal, graced.signal])
  let healthy = 0
  let grace: NodeJS.Timeout | null = null
  const probing = upstreams.map(async (upstream) => {
    const receipt = await probeOne(upstream, request, { until, signal: either })
    if (receipt.healthy) healthy += 1
    // Once enough of them answer, one that hangs keeps nobody waiting.
    if (enough !== undefined && healthy >= enough.count) grace ??= setTimeout(() => graced.abort(), enough.graceMs)
    return receipt
  })
  const receipts = await Promise.all(probing)
  if (grace !== null) clearTimeout(grace)
  if (!signal.aborted) return receipts
  throw new SluiceError('outcome_unknown', { detail: 'the probe was called off' })
}

const probeOne = async (
  upstream: Upstream,
  { health, successes: wanted }: ProbeRequest,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
): Promise<ProbeReceipt> => {
  let successes = 0
  let last = 'not asked: the deadline was over'
  let wasAsked = false
  let coldWhy: string | null = null
  for (let leftMs = until - performance.now(); leftMs > 0 && !signal.aborted; leftMs = until - performance.now()) {
    const timeoutMs = Math.min(health.timeoutMs, Math.ceil(leftMs))
    const timeout = AbortSignal.timeout(timeoutMs)
    const answer = await askOnce(upstream, health.path, AbortSignal.any([signal, timeout]))
    // A probe that the deadline cut short says nothing about the instance; what it answered before does.
    if (answer.isGood || !timeout.aborted || !wasAsked || timeoutMs === health.timeoutMs) last = answer.last
    wasAsked = true
    successes = answer.isGood ? successes + 1 : 0
    const cold = successes < wanted ? null : await warmUp(upstream, health, { until, signal })
    if (successes >= wanted && cold === null) return { instance: upstream.instance, healthy: true, successes, last }
    if (cold !== null) {
      successes = 0
      if (!cold.isCutShort || coldWhy === null) coldWhy = cold.why
      // Not the good health answer that came before: the instance is cold.
      last = coldWhy
    }
    const pauseMs = Math.max(0, Math.min(health.intervalMs, until - performance.now()))
    await rest(pauseMs, null, { signal }).catch(() => null)
  }
  return { instance: upstream.instance, healthy: false, successes, last }
}

/** See the gateway's own. */
const warmUp = async (
  upstream: Upstream,
  { warmup }: ProbeRequest['health'],
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
): Promise<{ readonly why: string; readonly isCutShort: boolean } | null> => {
  if (warmup === undefined) return null
  for (let asked = 0; asked < warmup.requests; asked += 1) {
    const leftMs = Math.ceil(until - performance.now())
    if (leftMs <= 0 || signal.aborted)
      return { why: `the deadline came after ${asked} of ${warmup.requests} warm-up requests`, isCutShort: true }
    const timeout = AbortSignal.timeout(Math.min(warmup.timeoutMs, leftMs))
    const { isGood, last } = await askOnce(upstream, warmup.path, AbortSignal.any([signal, timeout]))
    const why = `warm-up request ${asked + 1} of ${warmup.requests} to ${warmup.path}: ${last}`
    if (!isGood && !/^[1-4]\d\d$/.test(last)) return { why, isCutShort: timeout.aborted && leftMs < warmup.timeoutMs }
  }
  return null
}

type Answer = { readonly isGood: boolean; readonly last: string }

/** On a connection of its own. No answer is an answer. */
const askOnce = ({ host, port }: Upstream, path: string, signal: AbortSignal): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = { 'user-agent': 'sluice-probe', connection: 'close' }
    const request = http.get({ host, port, path, agent: false, headers, signal }, (response) => {
      const status = response.statusCode ?? 0
      resolve({ isGood: status >= 200 && status < 400, last: String(status) })
      response.destroy()
    })
    request.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message
      resolve({ isGood: false, last: code === 'ABORT_ERR' ? 'no answer in time' : code })
    })
  })
