import type { EnvironmentSpec, Release, ReleaseId } from '../model.ts'
import { SluiceError } from '../errors.ts'
import { checksOf } from '../verification/report.ts'
import { revertHooks, withHooks } from './hooks.ts'
import { judgedAlone } from './alone.ts'
import { type DrillWay, onwardFrom } from '../promotion.ts'
import { failuresAllowed } from './strategies/rolling.ts'
import { type Company, revertSteps, rollbackSteps, stepsOf } from './strategies/registry.ts'
import { allOn, bringUp, holdAll, type StrategyInput, takeDown } from './strategies/common.ts'
import type { Hotfix, Purpose, RolloutPlan, Step } from './types.ts'

/** What a plan is made from. */
export type PlanInput = {
  readonly purpose: Purpose
  readonly environment: string
  readonly from: Release | null
  readonly to: Release
  /** Releases still running from earlier rollouts, neither `from` nor `to`: taken down first. */
  readonly kept: readonly ReleaseId[]
  /** Candidates of rollouts that others took the place of, this one perhaps: running, with whatever traffic they have. */
  readonly abandoned?: readonly ReleaseId[]
  /** Set when it takes the place of a way back: what that brings keeps its traffic until this one answers. */
  readonly overtakes?: 'rollback'
  readonly drill?: DrillWay
  readonly hotfix?: Hotfix
}

/** The environment as a release resolves it; `config_invalid` when the release does not know it. */
export const specOf = (release: Release, environment: string): EnvironmentSpec => {
  const spec = release.content.environments.find(({ name }) => name === environment)
  if (spec !== undefined) return spec
  const names = release.content.environments.map(({ name }) => name).join(', ')
  throw new SluiceError('config_invalid', {
    detail: `release ${release.content.version} has no environment named ${environment} (it has: ${names})`,
    hint: 'add the environment to sluice.config.ts and cut a new release: sluice run',
  })
}

/** Decides every step, forward and back, before the first is taken. Pure: the same input gives the same plan. */
export const planRollout = (asked: PlanInput): RolloutPlan => {
  const { purpose, environment, from, to, kept, abandoned = [], overtakes } = asked
  const spec = specOf(to, environment)
  const fromSpec = from === null ? null : specOf(from, environment)
  const input = {
    from: from === null || fromSpec === null ? null : { release: from.id, instances: fromSpec.instances },
    to: { release: to.id, instances: spec.instances },
    checks: (['candidate', 'environment'] as const).filter((scope) => checksOf(spec, scope).length > 0),
  }
  const company = companyOf(purpose, spec, fromSpec)
  const steps =
    purpose === 'rollback'
      ? rollbackSteps(input, company)
      : judgedAlone(stepsOf(spec.strategy, input), { from: input.from?.release ?? null, to: to.id, spec })
  const isOther = (release: ReleaseId): boolean => release !== to.id && release !== from?.id
  const leftovers = kept.filter((release) => isOther(release) && !abandoned.includes(release))
  const replaced = abandoned.filter((release) => release !== from?.id)
  const hooks = spec.hooks ?? []
  const told = revertHooks(hooks)
  const { warm, cold } = revertSteps(input, company)
  // What was replaced may have the traffic still, should the router have said otherwise: its retire is what finds out.
  const cleared = replaced.filter((release) => release !== to.id).flatMap((release) => takeDown(release, 0))
  const back = (way: readonly Step[]): readonly Step[] => [...(mayHold ? held(way, to.id) : way), ...cleared, ...told]
  const mayHold = spec.onFail === 'pause' && purpose !== 'rollback' && from !== null
  return {
    purpose,
    strategy: purpose === 'rollback' ? 'rollback' : spec.strategy.kind,
    service: to.content.service,
    from: from?.id ?? null,
    to: to.id,
    steps: [
      ...leftovers.flatMap((release) => takeDown(release, 0)),
      ...inPlaceOf(
        { replaced, input, company, overtakes },
        purpose === 'rollback' ? [...steps, ...told] : withHooks(steps, hooks, to.id),
      ),
    ],
    revert: { warm: back(warm), cold: back(cold) },
    spec,
    fromSpec,
    unhealthyMax: unhealthyAllowed(spec),
    ...promotionOf({ environment, from, to }),
    ...(asked.drill === undefined ? {} : { drill: asked.drill }),
    ...(asked.hotfix === undefined ? {} : { hotfix: asked.hotfix }),
  }
}

/** What the environments' promotion needs to know once this has settled; empty unless one is configured. */
const promotionOf = ({
  from,
  to,
  environment,
}: Pick<PlanInput, 'from' | 'to' | 'environment'>): Pick<RolloutPlan, 'onward' | 'isBackward'> => {
  const onward = onwardFrom(to, environment)
  const isAuto = [to, from].some((release) => release !== null && specOf(release, environment).promotion?.auto === true)
  const isBackward = isAuto && from !== null && to.cutAt < from.cutAt
  return { ...(onward === null ? {} : { onward }), ...(isBackward ? { isBackward } : {}) }
}

type Succession = {
  readonly replaced: readonly ReleaseId[]
  readonly input: StrategyInput
  readonly company: Company
  readonly overtakes: 'rollback' | undefined
}

/**
 * What a rollout does that takes the place of another: first all traffic back on the stable release, which stays the way back, then the
 * replaced candidate down, and only then its own steps. Without a stable release, or where that is what somebody goes back from already, the replaced one serves
 * until the new one does. Where releases may not run together, requests wait until the replaced one is down.
 */
const inPlaceOf = (
  { replaced, input: { from, to }, company, overtakes }: Succession,
  steps: readonly Step[],
): readonly Step[] => {
  if (replaced.length === 0) return steps
  const down = replaced.filter((release) => release !== to.release).flatMap((release) => takeDown(release, 0))
  if (company === 'alone') return [holdAll, ...down, ...steps]
  if (from === null || overtakes !== undefined) return [...steps, ...down]
  const { release, instances } = from
  return [...bringUp(release, instances, instances - 1), allOn(release, instances), ...down, ...steps]
}

/** The way back with a halt once the old release has all traffic, so that somebody can look at the candidate before it is taken down. */
const held = (way: readonly Step[], to: ReleaseId): readonly Step[] => {
  const moved = way.findIndex((step) => step.kind === 'shift' && step.shares.length > 0)
  const down = way.findIndex((step) => step.kind === 'drain' && step.release === to)
  const halt = { kind: 'approve', approvals: 1, reason: 'look at what failed; it has no traffic any more' } as const
  return moved >= 0 && moved < down ? way.toSpliced(down, 0, halt) : way
}

/** `recreate` says that two releases may not run together; on a rollback either release may say so. */
const companyOf = (purpose: Purpose, spec: EnvironmentSpec, fromSpec: EnvironmentSpec | null): Company =>
  spec.strategy.kind === 'recreate' || (purpose === 'rollback' && fromSpec?.strategy.kind === 'recreate')
    ? 'alone'
    : 'together'

/** Rolling has a declared tolerance; elsewhere half of the candidate's instances being unhealthy is too much. */
const unhealthyAllowed = ({ strategy, instances }: EnvironmentSpec): number =>
  strategy.kind === 'rolling' ? failuresAllowed(instances, strategy.maxFailurePercent) : Math.ceil(instances / 2) - 1
