/** Performs a watch's effects: looks at what the data plane counts, and starts the rollback. */
import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import { unreachable } from '../../core/machine.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import { automaticTarget } from '../../core/rollback-targets.ts'
import { readingOf } from '../../core/watch/reading.ts'
import type { Pair, WatchEffect, WatchPlan, WatchResult } from '../../core/watch/types.ts'
import type { Driver } from '../../ports/driver.ts'
import type { MetricSource } from '../../ports/metrics.ts'
import type { Router } from '../../ports/router.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import { headerOf } from './ask-outside.ts'
import type { Returns } from './returns.ts'

/** What performing needs. */
export type WatchWorld = {
  readonly driver: Pick<Driver, 'observe'>
  readonly router: Pick<Router, 'observe' | 'probe'>
  readonly metrics: Pick<MetricSource, 'sample'>
  readonly secrets: SecretSource
  readonly release: (id: ReleaseId) => Promise<Release>
  readonly returns: Returns
}

/** Performs one effect. Rejects with SluiceError; the machine asks again. */
export const performWatch = async (
  world: WatchWorld,
  { plan, effect }: { readonly plan: WatchPlan; readonly effect: WatchEffect },
  signal: AbortSignal,
): Promise<WatchResult> => {
  const { service, environment, release } = plan
  if (await world.returns.isDrilling({ service, environment })) return { kind: 'busy', detail: 'a drill is under way' }
  const current = await world.returns.environment({ service, environment })
  if (current.live !== null) return { kind: 'busy', detail: `rollout ${current.live} is under way` }
  if (current.serving !== release)
    return { kind: 'superseded', detail: `${current.serving ?? 'nothing'} serves ${environment} now` }
  const { action } = effect
  switch (action.kind) {
    case 'look':
      return look(world, plan, signal)
    case 'roll_back':
      return rollBack(world, { plan, effect, current }, signal)
    default:
      return unreachable(action)
  }
}

const look = async (world: WatchWorld, plan: WatchPlan, signal: AbortSignal): Promise<WatchResult> => {
  const { service, environment, release, triggers } = plan
  const [observed, unhealthy, metrics] = await Promise.all([
    world.router.observe({ service, environment }, signal),
    unhealthyOf(world, plan, signal),
    metricsOf(world, plan, signal),
  ])
  const counted = observed?.counters.find((one) => one.release === release)
  if (observed === null || counted === undefined)
    throw new SluiceError('route_unconfirmed', { detail: `the router counts nothing of ${release} in ${environment}` })
  const { observedAt } = observed
  return { kind: 'looked', reading: readingOf(counted, triggers, { observedAt, unhealthy, metrics }) }
}

/** Instances that fail their health check just now, asked by the router itself; null when nobody wants to know. */
const unhealthyOf = async (
  { driver, router }: WatchWorld,
  { service, environment, release, triggers, health }: WatchPlan,
  signal: AbortSignal,
): Promise<readonly string[] | null> => {
  if (triggers.health === undefined) return null
  const instances = (await driver.observe(service, environment, signal)).filter((one) => one.release === release)
  const upstreams = instances.map(({ id, host, port }) => ({ instance: id, host, port }))
  if (upstreams.length === 0) return ['no instance is there']
  const receipts = await router.probe({ upstreams, health, successes: 1, deadlineMs: health.timeoutMs }, signal)
  return receipts.filter(({ healthy }) => !healthy).map(({ instance, last }) => `${instance} (${last})`)
}

/** A source that says nothing is no measurement; it never makes the others blind. */
const metricsOf = async (
  world: WatchWorld,
  { service, environment, release, triggers, metrics: source }: WatchPlan,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Pair | null>>> => {
  const names = (triggers.metrics ?? []).map(({ name }) => name)
  if (names.length === 0) return {}
  const { version, commit } = (await world.release(release)).content
  // What was promoted is the stable arm now.
  const labels = { service, environment, release, version, commit: commit.id, arm: 'stable' }
  const pairs = names.map(async (name): Promise<readonly [string, Pair | null]> => {
    const metric = source?.metrics.find((one) => one.name === name)
    if (source === undefined || metric === undefined) return [name, null]
    try {
      const authorization = await headerOf(world, source, signal)
      const arms = { candidate: labels, stable: null }
      const { candidate, era } = await world.metrics.sample({ source, metric, arms, authorization }, signal)
      return [name, { units: candidate.units, badUnits: candidate.badUnits, era }]
    } catch {
      return [name, null]
    }
  })
  return Object.fromEntries(await Promise.all(pairs))
}

type Going = { readonly plan: WatchPlan; readonly effect: WatchEffect; readonly current: EnvironmentState }

const rollBack = async (
  { returns }: WatchWorld,
  { plan, effect, current }: Going,
  signal: AbortSignal,
): Promise<WatchResult> => {
  const { service, environment, release } = plan
  const target: ReleaseId | null = automaticTarget(current, await returns.held(current))
  if (target === null) {
    const detail = `nothing that is not held served ${environment} before ${release}: a person must choose`
    return { kind: 'rollback_refused', detail }
  }
  if (effect.action.kind !== 'roll_back') return { kind: 'busy', detail: 'nothing was triggered' }
  const { reason, detail } = effect.action.triggered
  try {
    const rollout = await returns.rollback(
      { service, environment, release: target, reason },
      { key: effect.key, why: `watch of ${plan.rollout}: ${detail}`, signal },
    )
    return { kind: 'rollback_started', rollout }
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'admission_refused') throw error
    // Somebody was first between the look and the decision. Should theirs come back, this release is taken back after all.
    const { live } = await returns.environment({ service, environment })
    if (live !== null) return { kind: 'busy', detail: `rollout ${live} is under way` }
    return { kind: 'rollback_refused', detail: error.detail }
  }
}
