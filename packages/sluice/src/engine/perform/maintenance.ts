/** Puts an environment's maintenance in force through the router, or ends it. */
import { SluiceError } from '../../core/errors.ts'
import type { MaintenanceState } from '../../core/maintenance.ts'
import type { EffectResult } from '../../core/rollout/types.ts'
import type { Router } from '../../ports/router.ts'
import type { AnyEffect } from '../machines.ts'
import { asMaintenanceEffect } from '../trusted.ts'

/** Safe to repeat: the router knows the sequence. `usage_invalid` when it has no maintenance. */
export const performMaintenance = async (
  router: Router,
  { service, environment }: MaintenanceState,
  { effect, signal }: { readonly effect: AnyEffect; readonly signal: AbortSignal },
): Promise<EffectResult> => {
  const { sequence, action } = asMaintenanceEffect(effect)
  if (router.maintain === undefined)
    throw new SluiceError('usage_invalid', {
      detail: `the router of ${environment} has no maintenance mode`,
      retry: 'never',
    })
  await router.maintain({ service, environment, sequence, maintenance: action.maintenance }, signal)
  return { kind: 'done' }
}
