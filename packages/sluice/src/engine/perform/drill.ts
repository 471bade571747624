/** Performs a drill's effects: real rollouts, and what the data plane shows of them. */
import { SluiceError } from '../../core/errors.ts'
import { switchedAt } from '../../core/drill/switched.ts'
import type { DrillEffect, DrillPlan, DrillProof, DrillResult } from '../../core/drill/types.ts'
import { limits } from '../../core/limits.ts'
import { unreachable } from '../../core/machine.ts'
import type { ReleaseId, RolloutId } from '../../core/model.ts'
import type { Router } from '../../ports/router.ts'
import { pause } from './deliver.ts'
import type { Returns } from './returns.ts'

/** What performing needs. */
export type DrillWorld = { readonly router: Pick<Router, 'observe'>; readonly returns: Returns }

type Work = { readonly plan: DrillPlan; readonly effect: DrillEffect }

/** Performs one effect. Rejects with SluiceError; the machine asks again under the same key. */
export const performDrill = async (world: DrillWorld, work: Work, signal: AbortSignal): Promise<DrillResult> => {
  const { action } = work.effect
  switch (action.kind) {
    case 'go':
      return go(world, { ...work, to: action.to, from: action.from }, signal)
    case 'prove':
      return { kind: 'proved', proof: await proofOf(world, work.plan, { release: action.release, signal }) }
    default:
      return unreachable(action)
  }
}

type Going = Work & { readonly to: ReleaseId; readonly from: ReleaseId }

const go = async (world: DrillWorld, going: Going, signal: AbortSignal): Promise<DrillResult> => {
  const { returns } = world
  const asked = await ask(world, going, signal)
  if (typeof asked !== 'string') return asked
  for (;;) {
    const state = await returns.rollout(asked)
    if (state.status === 'succeeded') {
      const { startedAt, settledAt } = state
      const at = switchedAt(await returns.rows(asked), going.to) ?? settledAt
      const proof = await proofInTime(world, going, signal)
      return { kind: 'went', leg: { rollout: asked, tookMs: at - startedAt, proof } }
    }
    if (state.status === 'rolled_back')
      return { kind: 'failed', detail: `rollout ${asked} came back (sluice why ${asked})` }
    await pause(returns.clock, signal)
  }
}

/** The rollout of this way: the one that was asked for before, or a new one if things are as they were. */
const ask = async (
  { returns }: DrillWorld,
  { plan, effect, to, from }: Going,
  signal: AbortSignal,
): Promise<RolloutId | DrillResult> => {
  const { service, environment, by } = plan
  const known = await returns.askedFor(effect.key)
  if (known !== null) return known
  const { serving, live } = await returns.environment({ service, environment })
  if (serving !== from || live !== null) {
    const what = live === null ? `${serving ?? 'nothing'} serves` : `rollout ${live} is under way`
    return { kind: 'failed', detail: `${environment} is not as the drill left it: ${what}` }
  }
  try {
    const drill = to === plan.target ? 'back' : 'return'
    const command = { service, environment, purpose: 'rollback', release: to, drill } as const
    return await returns.go(command, { by, key: effect.key, why: `drill ${plan.id}`, signal })
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'admission_refused')
      return { kind: 'failed', detail: error.detail }
    throw error
  }
}

/** A way may take as long as its rollout does; its last question may not. Unanswered, it is `outcome_unknown`, and the machine asks again. */
const proofInTime = async (world: DrillWorld, { plan, to }: Going, signal: AbortSignal): Promise<DrillProof> => {
  const late = new AbortController()
  const cancel = world.returns.clock.after(limits.measureDeadlineMs, () => late.abort())
  const inTime = AbortSignal.any([signal, late.signal])
  const lost = new Promise<never>((_, reject) => {
    const giveUp = (): void =>
      reject(new SluiceError('outcome_unknown', { detail: 'the router did not say in time what it shows' }))
    inTime.addEventListener('abort', giveUp, { once: true })
  })
  try {
    return await Promise.race([proofOf(world, plan, { release: to, signal: inTime }), lost])
  } finally {
    cancel()
  }
}

const proofOf = async (
  { router }: DrillWorld,
  { service, environment }: DrillPlan,
  { release, signal }: { readonly release: ReleaseId; readonly signal: AbortSignal },
): Promise<DrillProof> => {
  const observed = await router.observe({ service, environment }, signal)
  if (observed === null)
    throw new SluiceError('route_unconfirmed', { detail: `the router has no route for ${environment}` })
  const { route, counters, observedAt } = observed
  const counted = counters.find((one) => one.release === release)
  return {
    release,
    shareBp: route.arms.find((arm) => arm.release === release)?.shareBp ?? 0,
    requests: counted?.requests ?? 0,
    bad: counted?.bad ?? 0,
    observedAt,
  }
}
