import type { EnvironmentState } from '../../core/environment.ts'
import type { Override } from '../../core/admission.ts'
import { bundleChanges, migrationsBetween } from '../../core/bundle.ts'
import type { OverridesInput } from '../client/contract-rollback.ts'
import type { EnvironmentTarget } from '../../engine/environment-commands.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Purpose } from '../../core/rollout/types.ts'
import { outcomeOf } from '../../core/verification/report.ts'
import type { ApiContext, Call, Handlers } from '../context.ts'
import { environmentView, releasesNamed } from '../present/environments.ts'
import type { NamedEnvironment } from '../present/environment-names.ts'
import { refOf } from '../present/releases.ts'
import { releasesOf, rolloutView } from '../present/rollouts.ts'
import { stepViews } from '../present/steps.ts'
import type { EnvironmentView, StartedView } from '../client/views.ts'
import { environmentsOf, knownReleases, observedOf, serviceOf, targetOf } from './lookup.ts'

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
  | 'environments.verify'
> = {
  'environments.list': async (context, { signal }) => {
    const { service, environments } = await environmentsOf(context, signal).catch(noConfig)
    const views = environments.map((named) => show(context, { service: service ?? '', named, signal }))
    return { service, environments: await Promise.all(views), now: context.clock.now() }
  },
  'environments.show': async (context, { params, signal }) => {
    const { service, environment } = await targetOf(context, params.environment, signal)
    return showNamed(context, { service, environment }, signal)
  },
  'environments.plan': async (context, { params, query, signal }) => {
    const service = await serviceOf(context, signal)
    const { environment } = params
    const purpose: Purpose = query.purpose ?? 'deploy'
    const command = { service, environment, purpose, release: query.release ?? null }
    const { plan, release, from, refusals } = await context.engine.previewDeploy(command)
    const known = await knownReleases(context, plan.from === null ? [release.id] : [plan.from, release.id])
    const waiting = { index: -1, current: 'waiting', after: 'waiting' } as const
    return {
      environment,
      purpose: plan.purpose,
      strategy: plan.strategy,
      from: plan.from === null ? null : refOf(plan.from, known),
      to: refOf(plan.to, known),
      steps: stepViews(plan.steps, waiting, known),
      wayBack: stepViews(plan.revert.warm, waiting, known),
      refusals,
      changes: bundleChanges(from, release, environment),
      migrations: migrationsBetween(from, release),
    }
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
    await context.engine.approve({ ...target, release: body.release }, { ...caller, reason: body.reason ?? null })
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
    if (body.until <= from) {
      throw new SluiceError('usage_invalid', {
        detail: 'the freeze would end before it begins',
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
  const command = { service, environment, purpose, release: body.release ?? null, ...overridesOf(body.overrides) }
  const { rollout } = await context.engine.deploy(command, { ...caller, reason: body.reason ?? null })
  return { rollout, kind: 'started' }
}

/** Nothing where nothing was given, so that the same words as before are the same words. */
const overridesOf = (given: OverridesInput['overrides']): { readonly overrides?: readonly Override[] } =>
  given === undefined || given === null || given.length === 0 ? {} : { overrides: given }

const showNamed = async (
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
    observed,
    known,
  })
}
