import type { EnvironmentSpec, Release, ReleaseId } from '../model.ts'
import { SluiceError } from '../errors.ts'
import { judgedAlone } from './alone.ts'
import { onwardFrom } from '../promotion.ts'
import { failuresAllowed } from './strategies/rolling.ts'
import { type Company, revertSteps, rollbackSteps, stepsOf } from './strategies/registry.ts'
import { takeDown } from './strategies/common.ts'
import type { Purpose, RolloutPlan } from './types.ts'

/** What a plan is made from. */
export type PlanInput = {
  readonly purpose: Purpose
  readonly environment: string
  readonly from: Release | null
  readonly to: Release
  /** Releases still running from earlier rollouts, neither `from` nor `to`: taken down first. */
  readonly kept: readonly ReleaseId[]
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
export const planRollout = ({ purpose, environment, from, to, kept }: PlanInput): RolloutPlan => {
  const spec = specOf(to, environment)
  const fromSpec = from === null ? null : specOf(from, environment)
  const input = {
    from: from === null || fromSpec === null ? null : { release: from.id, instances: fromSpec.instances },
    to: { release: to.id, instances: spec.instances },
  }
  const company = companyOf(purpose, spec, fromSpec)
  const steps =
    purpose === 'rollback'
      ? rollbackSteps(input, company)
      : judgedAlone(stepsOf(spec.strategy, input), { from: input.from?.release ?? null, to: to.id, spec })
  const leftovers = kept.filter((release) => release !== to.id && release !== from?.id)
  return {
    purpose,
    strategy: purpose === 'rollback' ? 'rollback' : spec.strategy.kind,
    service: to.content.service,
    from: from?.id ?? null,
    to: to.id,
    steps: [...leftovers.flatMap((release) => takeDown(release, 0)), ...steps],
    revert: revertSteps(input, company),
    spec,
    fromSpec,
    unhealthyMax: unhealthyAllowed(spec),
    ...promotionOf({ environment, from, to }),
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

/** `recreate` says that two releases may not run together; on a rollback either release may say so. */
const companyOf = (purpose: Purpose, spec: EnvironmentSpec, fromSpec: EnvironmentSpec | null): Company =>
  spec.strategy.kind === 'recreate' || (purpose === 'rollback' && fromSpec?.strategy.kind === 'recreate')
    ? 'alone'
    : 'together'

/** Rolling has a declared tolerance; elsewhere half of the candidate's instances being unhealthy is too much. */
const unhealthyAllowed = ({ strategy, instances }: EnvironmentSpec): number =>
  strategy.kind === 'rolling' ? failuresAllowed(instances, strategy.maxFailurePercent) : Math.ceil(instances / 2) - 1
