/** Performs a rollout's effects through the driver and the router, and says what came of it. */
import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentSpec, Fence, HealthPolicy, Instance, ReleaseId } from '../../core/model.ts'
import { unreachable } from '../../core/machine.ts'
import { limits } from '../../core/limits.ts'
import { environmentTarget } from '../../core/verification/report.ts'
import { errorsOf } from '../../core/judge/statistics.ts'
import type { Action, EffectResult, RolloutEffect, RolloutState, Share } from '../../core/rollout/types.ts'
import type { ArmCounters, Overlap, ProbeEnough, ProbeReceipt, Route, Upstream } from '../../core/routing.ts'
import { drainMsOf, overlapping, routingOf } from '../../core/routing-spec.ts'
import type { Driver } from '../../ports/driver.ts'
import type { Hooks } from '../../ports/hooks.ts'
import type { Router } from '../../ports/router.ts'
import type { Verifier } from '../../ports/verifier.ts'
import { askOutside, type OutsideWorld } from './ask-outside.ts'
import { confirm, hasTraffic } from './route-receipt.ts'

/** What performing needs. */
export type RolloutWorld = OutsideWorld & {
  readonly driver: Driver
  readonly router: Router
  readonly hooks: Hooks
  readonly verifier: Verifier
  /** Of every environment, what it can go back to. */
  readonly neverPruned: () => Promise<readonly ReleaseId[]>
}

type Known = Exclude<RolloutState, { status: 'absent' }>
type Work<Kind extends Action['kind']> = {
  readonly state: Known
  readonly effect: RolloutEffect
  readonly action: Extract<Action, { kind: Kind }>
  readonly signal: AbortSignal
}

/** Performs one effect. Rejects with SluiceError; `outcome_unknown` where nobody can tell. */
export const performRollout = (
  world: RolloutWorld,
  { state, effect }: { readonly state: Known; readonly effect: RolloutEffect },
  signal: AbortSignal,
): Promise<EffectResult> => {
  const { action } = effect
  switch (action.kind) {
    case 'start':
      return start(world, { state, effect, action, signal })
    case 'probe':
      return probe(world, { state, effect, action, signal })
    case 'shift':
      return shift(world, { state, effect, action, signal })
    case 'drain':
      return drain(world, { state, effect, action, signal })
    case 'retire':
      return retire(world, { state, effect, action, signal })
    case 'verify':
      return verify(world, { state, effect, action, signal })
    case 'hook':
      return askHook(world, { state, effect, action, signal })
    case 'measure':
      return measure(world, state, signal)
    default:
      return unreachable(action)
  }
}

const done: EffectResult = { kind: 'done' }

const specFor = ({ plan }: Known, release: ReleaseId): EnvironmentSpec =>
  release === plan.from ? (plan.fromSpec ?? plan.spec) : plan.spec

const start = async (world: RolloutWorld, { state, effect, action, signal }: Work<'start'>): Promise<EffectResult> => {
  const release = await world.release(action.release)
  const spec = specFor(state, action.release)
  const secrets = await world.secrets.values(spec.secretVersions, signal)
  const variables = { ...spec.config, ...secrets }
  await world.driver.start({ release, spec, count: action.count, fence: effect.fence, variables }, signal)
  return done
}

const observe = (world: RolloutWorld, { plan }: Known, signal: AbortSignal): Promise<readonly Instance[]> =>
  world.driver.observe(plan.service, plan.spec.name, signal)

const upstream = ({ id, host, port }: Instance): Upstream => ({ instance: id, host, port })

const probe = async (world: RolloutWorld, { state, action, signal }: Work<'probe'>): Promise<EffectResult> => {
  const wanted = (await observe(world, state, signal)).filter(
    ({ release, index }) => release === action.release && index < action.count,
  )
  const { health, router } = specFor(state, action.release)
  const request = {
    ...(router !== undefined && { router }),
    upstreams: wanted.map(upstream),
    successes: health.healthyAfter,
    deadlineMs: health.startTimeoutMs,
    ...(isWayBack(state) ? hurried(health, action) : { health }),
  }
  const receipts = await world.router.probe(request, signal)
  const healthy = receipts.filter((receipt) => receipt.healthy).length
  const sick = receipts.find((receipt) => !receipt.healthy)
  return {
    kind: 'probed',
    healthy,
    detail: probeDetail(wanted, action.count, sick),
    evidence: await evidenceOf(world, sick, signal),
  }
}

/** Nothing of a rollback may wait for the pace at which somebody has healthy instances looked at, nor for instances that it can do without. */
const isWayBack = ({ status, plan }: Known): boolean => status === 'reverting' || plan.purpose === 'rollback'

const hurried = (
  health: HealthPolicy,
  { count, failuresMax }: Pick<Work<'probe'>['action'], 'count' | 'failuresMax'>,
): { readonly health: HealthPolicy; readonly enough: ProbeEnough } => {
  const { warmup: _, ...asked } = health
  return {
    health: { ...asked, intervalMs: Math.min(health.intervalMs, limits.wayBackProbeMs) },
    enough: { count: count - failuresMax, graceMs: limits.wayBackGraceMs },
  }
}

const probeDetail = (wanted: readonly Instance[], count: number, sick: ProbeReceipt | undefined): string => {
  if (sick !== undefined) return `${sick.instance} last answered: ${sick.last}`
  return wanted.length < count ? `only ${wanted.length} instances are there` : 'all answered'
}

const evidenceOf = async (
  world: RolloutWorld,
  sick: ProbeReceipt | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> =>
  sick === undefined ? [] : world.driver.logs(sick.instance, limits.evidenceLinesMax, signal).catch(() => [])

const shift = async (world: RolloutWorld, { state, effect, action, signal }: Work<'shift'>): Promise<EffectResult> => {
  const { plan } = state
  const key = { service: plan.service, environment: plan.spec.name }
  if (action.shares.length === 0 && action.whenEmpty === 'close') {
    await world.router.remove({ ...key, fence: effect.fence }, signal)
    return done
  }
  const instances = await observe(world, state, signal)
  const route = routeOf(state, { fence: effect.fence, action, instances })
  confirm(route, await world.router.shift(route, signal))
  return done
}

/** What a route is made of besides the rollout. */
type Routing = {
  readonly fence: Fence
  readonly action: Work<'shift'>['action']
  readonly instances: readonly Instance[]
}

const routeOf = (state: Known, { fence, action, instances }: Routing): Route => {
  const { plan, id } = state
  const { shares, rules, mirror, preview } = action
  const lead = shares.find(({ arm }) => arm === 'stable')?.release ?? plan.to
  const spec = specFor(state, lead)
  return {
    service: plan.service,
    environment: spec.name,
    listen: spec.listen,
    ...(spec.router !== undefined && { router: spec.router }),
    fence,
    arms: shares.map(({ arm, release, shareBp, count }) => ({
      name: arm,
      release,
      shareBp,
      upstreams: shareBp === 0 ? runningOf(instances, release, count) : upstreamsOf(instances, release, count),
    })),
    sticky: spec.sticky,
    salt: plan.to,
    tripwire: shares.some(({ arm, shareBp }) => arm === 'candidate' && shareBp > 0)
      ? { rollout: id, policy: plan.spec.judge }
      : null,
    health: spec.health,
    ...(preview === undefined ? {} : { preview }),
    ...routingOf(spec, { overlap: overlapOf(state, shares, instances), ...(rules === undefined ? {} : { rules }) }),
    ...(mirror === undefined
      ? {}
      : {
          mirror: {
            shareBp: mirror.shareBp,
            release: mirror.release,
            upstreams: upstreamsOf(instances, mirror.release, mirror.count),
          },
        }),
  }
}

const overlapOf = (state: Known, shares: readonly Share[], instances: readonly Instance[]): readonly Overlap[] => {
  const { purpose, from } = state.plan
  const release = overlapping({ status: state.status, purpose, from, shares })
  const upstreams = instances.filter((one) => one.release === release && one.status === 'running').map(upstream)
  return release === null || upstreams.length === 0 ? [] : [{ release, upstreams }]
}

const runningOf = (instances: readonly Instance[], release: ReleaseId, count: number): readonly Upstream[] =>
  instances.filter((one) => one.release === release && one.index < count && one.status === 'running').map(upstream)

/** Never to a release with nothing running: that is what strands traffic. */
const upstreamsOf = (instances: readonly Instance[], release: ReleaseId, count: number): readonly Upstream[] => {
  const upstreams = runningOf(instances, release, count)
  if (upstreams.length > 0) return upstreams
  throw new SluiceError('health_failed', {
    detail: `no instance of ${release} is running, so it gets no traffic`,
    retry: 'later',
  })
}

const drain = async (world: RolloutWorld, { state, action, signal }: Work<'drain'>): Promise<EffectResult> => {
  const { plan } = state
  const leaving = (await observe(world, state, signal)).filter(
    ({ release, index }) => release === action.release && index >= action.keep,
  )
  if (leaving.length === 0) return done
  const deadlineMs = drainMsOf(specFor(state, action.release))
  const key = { service: plan.service, environment: plan.spec.name }
  await world.router.drain({ ...key, upstreams: leaving.map(upstream), deadlineMs }, signal)
  return done
}

const retire = async (
  world: RolloutWorld,
  { state, effect, action, signal }: Work<'retire'>,
): Promise<EffectResult> => {
  const { plan } = state
  const key = { service: plan.service, environment: plan.spec.name }
  const observed = await world.router.observe(key, signal)
  const arm = observed?.route.arms.find(({ release }) => release === action.release)
  const routed = observed !== null && hasTraffic(observed.route, action.release) ? (arm?.upstreams.length ?? 0) : 0
  if (routed > action.keep) {
    throw new SluiceError('retire_refused', {
      detail: `${action.release} still has ${(arm?.shareBp ?? 0) / 100} % of the traffic on ${routed} instances`,
    })
  }
  const { stopGraceMs } = specFor(state, action.release)
  const { release, keep } = action
  const neverPruned = await world.neverPruned()
  await world.driver.retire({ ...key, release, keep, stopGraceMs, fence: effect.fence, neverPruned }, signal)
  return done
}

const verify = async (world: RolloutWorld, { state, action, signal }: Work<'verify'>): Promise<EffectResult> => {
  const { plan } = state
  const running = (await observe(world, state, signal)).filter(({ status }) => status === 'running')
  const targets = running.filter(({ release, index }) => release === action.release && index < action.count)
  if (targets.length === 0)
    throw new SluiceError('health_failed', { detail: `no instance of ${action.release} is running`, retry: 'later' })
  const previous = running.filter(({ release }) => release === plan.from && release !== action.release)
  const spec = specFor(state, action.release)
  const request = {
    release: await world.release(action.release),
    spec,
    scope: action.scope,
    targets: action.scope === 'environment' ? [environmentTarget(spec)] : targets.map(upstream),
    previous: action.scope === 'environment' ? [] : previous.map(upstream),
    ...(action.through === undefined
      ? {}
      : { through: environmentTarget({ name: 'preview', listen: action.through }) }),
  }
  return { kind: 'verified', report: await world.verifier.verify(request, signal) }
}

const askHook = async (world: RolloutWorld, { state, effect, action, signal }: Work<'hook'>): Promise<EffectResult> => {
  const { plan, id } = state
  const call = {
    key: effect.key,
    name: action.name,
    rollout: id,
    service: plan.service,
    environment: plan.spec.name,
    release: plan.to,
    previous: plan.from,
    moment: action.moment,
    step: action.stage,
  }
  return { kind: 'answered', answer: await world.hooks.call(action.target, call, signal) }
}

const measure = async (world: RolloutWorld, state: Known, signal: AbortSignal): Promise<EffectResult> => {
  const { plan, id } = state
  const [observed, outside] = await Promise.all([
    world.router.observe({ service: plan.service, environment: plan.spec.name }, signal),
    askOutside(world, state, signal),
  ])
  if (observed === null)
    throw new SluiceError('route_unconfirmed', { detail: `the router has no route for ${plan.spec.name}` })
  const { route, counters, logE, trip, observedAt, statistics } = observed
  const seen = statistics === undefined ? undefined : errorsOf(statistics)
  return {
    kind: 'measured',
    logE,
    shareBp: route.arms.find(({ release }) => release === plan.to)?.shareBp ?? 0,
    candidate: seen?.candidate ?? units(counters, plan.to),
    stable: seen?.stable ?? units(counters, plan.from),
    tripped: trip?.rollout === id,
    observedAt,
    ...(statistics === undefined ? {} : { statistics }),
    ...(outside === null ? {} : { outside }),
  }
}

const units = (counters: readonly ArmCounters[], release: ReleaseId | null): { units: number; badUnits: number } => {
  const counted = counters.find((one) => one.release === release)
  return { units: counted?.units ?? 0, badUnits: counted?.badUnits ?? 0 }
}
