/** What a hotfix says that it makes good. */
import { SluiceError } from '../../core/errors.ts'
import type { RolloutId } from '../../core/model.ts'
import type { Reading } from '../reading/reading.ts'

type Claim = {
  readonly service: string
  readonly environment: string
  readonly hotfix?: { readonly remediates: readonly RolloutId[] }
}

/**
 * Checks that what a hotfix makes good is there: `not_found` for a rollout that nobody knows, `usage_invalid` for one of another service or environment, and for one that brought nothing (a way back,
 * a drill). A rollout never changes any of it, so that what was true once is true when it starts.
 */
export const checkRemediated = async (
  reading: Pick<Reading, 'rollout'>,
  { service, environment, hotfix }: Claim,
): Promise<void> => {
  for (const id of hotfix?.remediates ?? []) {
    const { plan } = await reading.rollout(id)
    const hint = `sluice rollout ls --env ${environment}`
    if (plan.service !== service || plan.spec.name !== environment)
      throw new SluiceError('usage_invalid', {
        detail: `${id} is a rollout of ${plan.service} in ${plan.spec.name}, and a hotfix of ${service} in ${environment} makes nothing good there`,
        hint,
      })
    if (plan.purpose === 'rollback' || plan.drill !== undefined)
      throw new SluiceError('usage_invalid', {
        detail: `${id} is a ${plan.drill === undefined ? 'rollback' : 'drill'}: name the rollout that brought what is wrong`,
        hint,
      })
  }
}
