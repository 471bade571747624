import type { EnvironmentState } from '../../core/environment.ts'
import type { Override } from '../../core/admission.ts'
import type { HotfixInput, OverridesInput } from '../client/contract-rollback.ts'
import type { EnvironmentTarget } from '../../engine/commands/environments.ts'
import { SluiceError } from '../../core/errors.ts'
import { rolloutOfChange } from '../../core/governance/change.ts'
import { type ReleaseId, type RolloutId, rolloutId } from '../../core/model.ts'
import type { ArmCounters } from '../../core/routing.ts'
import type { Hotfix, Purpose } from '../../core/rollout/types.ts'
import { outcomeOf } from '../../core/verification/report.ts'
import type { ApiContext, Call, Handlers } from '../context.ts'
import { lineView } from '../present/governance.ts'
import { environmentView, releasesNamed } from '../present/environments.ts'
import type { NamedEnvironment } from '../present/environment-names.ts'
import { refOf } from '../present/releases.ts'
import { releasesOf, rolloutView } from '../present/rollouts.ts'
import { planView, type TrafficNow } from '../present/plan.ts'
import type { EnvironmentsView, EnvironmentView } from '../client/environment-views.ts'
import type { StartedView } from '../client/views.ts'
import { environmentsOf, knownReleases, observedOf, serviceOf, targetOf } from './lookup.ts'
import { trainsUnderWay } from './trains-now.ts'

/** Every environment as it stands, made once for all who ask at the same time. */
export const overview = (context: ApiContext): Promise<EnvironmentsView> =>
  context.overview.get(async () => {
    const signal = context.closing
    const { service, environments } = await environmentsOf(context, signal).catch(noConfig)
    const views = environments.map((named) => show(context, { service: service ?? '', named, signal }))
    const line = lineView(await context.engine.reading.line())
    const trains = await trainsUnderWay(context)
    const seen = { service, environments: await Promise.all(views), line, now: context.clock.now() }
    return trains.length === 0 ? seen : { ...seen, trains }
  })

/** Answers about environments, and everything that is asked of one. */
export const environmentHandlers: Handlers<
  | 'environments.list'
  | 'environments.show'
  | 'environments.plan'
  | 'environments.deploy'
  | 'environments.promote'
  | 'environments.rollback'
  | 'environments.approve'
  | 'environments.lock'
  | 'environments.unlock'
  | 'environments.freeze'
  | 'environments.unfreeze'
  | 'environments.maintain'
  | 'environments.endMaintenance'
  | 'environments.verify'
> = {
  'environments.list': (context) => overview(context),
  'environments.show': async (context, { params, signal }) => {
    const { service, environment } = await targetOf(context, params.environment, signal)
    return showNamed(context, { service, environment }, signal)
  },
  'environments.plan': async (context, { params, query, caller, signal }) => {
    const service = await serviceOf(context, signal)
    const { environment } = params
    const purpose: Purpose = query.purpose ?? 'deploy'
    const named = query.release ?? null
    // A rollback to a release that somebody names takes the place of whatever is under way.
    const asked = query.replace ?? (purpose === 'rollback' && named !== null ? 'true' : null)
    const replace = asked === null ? {} : { replace: asked === 'true' }
    const command = { service, environment, purpose, release: named, ...replace }
    const { plan, release, from, refusals, governance } = await context.engine.previewDeploy(command, caller)
    const known = await knownReleases(context, plan.from === null ? [release.id] : [plan.from, release.id])
    const target = { service, environment }
    return planView(plan, {
      release,
      from,
      refusals,
      governance,
      known,
      environment: await context.engine.reading.environment(service, environment),
      traffic: await trafficNow(context, { target, asked: query.traffic ?? null, from: plan.from }, signal),
      now: context.clock.now(),
    })
  },
  'environments.deploy': (context, call) => deploy(context, call, 'deploy'),
  'environments.promote': (context, call) => deploy(context, call, 'promote'),
  'environments.rollback': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const { reason = null, release = null, category = null, emergency, overrides } = body
    return context.engine.rollback(
      {
        ...target,
        release,
        reason: category,
        ...(emergency === true ? { emergency: 'declared' } : {}),
        ...overridesOf(overrides),
      },
      { ...caller, reason },
    )
  },
  'environments.approve': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.governance.approve(
      { ...target, release: body.release },
      { ...caller, reason: body.reason ?? null },
    )
    return {}
  },
  'environments.lock': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.lock(target, body.until ?? null, { ...caller, reason: body.reason })
    return showNamed(context, target, signal)
  },
  'environments.unlock': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.unlock(target, { ...caller, reason: body.reason ?? null })
    return showNamed(context, target, signal)
  },
  'environments.freeze': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const from = body.from ?? context.clock.now()
    if (body.until <= Math.max(from, context.clock.now())) {
      throw new SluiceError('usage_invalid', {
        detail: body.until <= from ? 'the freeze would end before it begins' : 'the freeze would be over already',
        hint: `sluice env freeze ${params.environment} --for 2h -m "why"`,
      })
    }
    const window = { from, until: body.until, reason: body.reason }
    await context.engine.freeze(target, window, { ...caller, reason: body.reason })
    return showNamed(context, target, signal)
  },
  'environments.unfreeze': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.unfreeze(target, { ...caller, reason: body.reason ?? null })
    return showNamed(context, target, signal)
  },
  'environments.maintain': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const { reason, html = null, retryAfterMs = 60_000, holdMs } = body
    const wish =
      holdMs === undefined ? ({ kind: 'page', html, retryAfterMs } as const) : ({ kind: 'hold', holdMs } as const)
    await context.engine.maintain(target, wish, { ...caller, reason })
    return showNamed(context, target, signal)
  },
  'environments.endMaintenance': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.maintain(target, null, { ...caller, reason: body.reason ?? null })
    return showNamed(context, target, signal)
  },
  'environments.verify': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const verified = await context.engine.verify(target, { ...caller, reason: body.reason ?? null }, signal)
    const { release, at, report } = verified
    const known = await knownReleases(context, [release])
    return {
      environment: params.environment,
      release: refOf(release, known),
      outcome: outcomeOf(report),
      at,
      ...report,
    }
  },
}

/** How long traffic is counted for a plan, milliseconds. */
const countedMs = 1_000

type Counting = {
  readonly target: EnvironmentTarget
  readonly asked: number | 'observed' | null
  /** Of whose bad responses the rate is. */
  readonly from: ReleaseId | null
}

/** What the environment answers now. The rate of bad responses is of all that the present release answered; the traffic is counted for a second when that was asked for. */
const trafficNow = async (
  context: ApiContext,
  { target, asked, from }: Counting,
  signal: AbortSignal,
): Promise<TrafficNow> => {
  const look = async (): Promise<readonly ArmCounters[]> => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(countedMs)])
    const observed = await context.engine.observe(target, bounded).catch(() => null)
    return observed?.route?.counters ?? []
  }
  // Without anything that serves there is no traffic; nobody is asked.
  const before = from === null ? [] : await look()
  const answered = (counters: readonly ArmCounters[]): number =>
    counters.reduce((sum, { requests }) => sum + requests, 0)
  const stable = before.find(({ release }) => release === from)
  const badRate = stable === undefined || stable.units < unitsForRate ? null : stable.badUnits / stable.units
  if (asked !== 'observed') return { requestsPerSecond: asked, badRate }
  if (before.length === 0) return { requestsPerSecond: null, badRate }
  const startedAt = context.clock.now()
  await new Promise((resolve) => setTimeout(resolve, countedMs))
  const count = answered(await look()) - answered(before)
  const seconds = Math.max(1, context.clock.now() - startedAt) / 1_000
  // Counters that were begun anew meanwhile say nothing.
  return { requestsPerSecond: count < 0 ? null : Math.round(count / seconds), badRate }
}

/** Answers from which on a rate is more than a guess. */
const unitsForRate = 1_000

/** A directory without a config and without releases has no environments yet; that is an answer, not an error. */
const noConfig = (error: unknown): { readonly service: null; readonly environments: readonly NamedEnvironment[] } => {
  if (error instanceof SluiceError && error.code === 'config_missing') return { service: null, environments: [] }
  throw error
}

const deploy = async (
  context: ApiContext,
  { params, body, caller, signal }: Call<'environments.deploy' | 'environments.promote'>,
  purpose: Purpose,
): Promise<StartedView> => {
  const service = await serviceOf(context, signal)
  const { environment } = params
  const command = {
    service,
    environment,
    purpose,
    release: body.release ?? null,
    whenBusy: body.whenBusy ?? null,
    ...overridesOf(body.overrides),
    ...hotfixOf(body.hotfix),
  }
  const { rollout, kind } = await context.engine.deployOrQueue(command, { ...caller, reason: body.reason ?? null })
  return { rollout, kind }
}

/** Nothing where nothing was given, so that the same words as before are the same words. */
export const overridesOf = (given: OverridesInput['overrides']): { readonly overrides?: readonly Override[] } =>
  given === undefined || given === null || given.length === 0 ? {} : { overrides: given }

/** The same for a hotfix. A change that it names is the rollout that this is; each counts once. `usage_invalid` for what is neither. */
export const hotfixOf = (given: HotfixInput['hotfix']): { readonly hotfix?: Hotfix } => {
  if (given === undefined || given === null) return {}
  const remediates = given.remediates.map(remediatedOf)
  return { hotfix: { remediates: [...new Set(remediates)] } }
}

const remediatedOf = (given: string): RolloutId => {
  const id = rolloutOfChange(given)
  if (/^rol_[0-9a-z]+$/.test(id)) return rolloutId(id)
  throw new SluiceError('usage_invalid', {
    detail: `a hotfix makes rollouts good (rol_…) or changes (chg_…), and ${JSON.stringify(given)} is neither`,
    hint: 'sluice rollout ls',
  })
}

/** An environment as it stands. */
export const showNamed = async (
  context: ApiContext,
  { service, environment }: EnvironmentTarget,
  signal: AbortSignal,
): Promise<EnvironmentView> => {
  const { environments } = await environmentsOf(context, signal)
  const named = environments.find(({ name }) => name === environment) ?? { name: environment, after: null }
  return show(context, { service, named, signal })
}

type Shown = { readonly service: string; readonly named: NamedEnvironment; readonly signal: AbortSignal }

const show = async (context: ApiContext, { service, named, signal }: Shown): Promise<EnvironmentView> => {
  const state: EnvironmentState = await context.engine.reading.environment(service, named.name)
  const live = state.live === null ? null : await context.engine.reading.rollout(state.live)
  const known = await knownReleases(context, [
    ...releasesNamed(state),
    ...state.kept,
    ...(live === null ? [] : releasesOf(live)),
  ])
  const observed = await observedOf(context, { service, environment: named.name }, { known, signal })
  return environmentView(state, {
    after: named.after,
    live: live === null ? null : rolloutView(live, known),
    maintenance: await context.engine.reading.maintenance(service, named.name),
    observed,
    known,
    now: context.clock.now(),
  })
}
