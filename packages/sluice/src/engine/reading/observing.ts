/** What is there now, as the data plane and the driver show it. */
import type { Instance } from '../../core/model.ts'
import type { RouteObservation } from '../../core/routing.ts'
import type { EnvironmentTarget } from '../commands/environments.ts'
import type { Ports } from '../ports.ts'

/** `route` is null where the data plane does not answer. */
export type Observed = { readonly route: RouteObservation | null; readonly instances: readonly Instance[] }

/** Asks both. */
export const observe = async (
  { router, driver, log }: Pick<Ports, 'router' | 'driver' | 'log'>,
  target: EnvironmentTarget,
  signal: AbortSignal,
): Promise<Observed> => {
  const [route, instances] = await Promise.all([
    router.observe(target, signal).catch((error: unknown) => {
      log.warn('observe_failed', { environment: target.environment, error: String(error) })
      return null
    }),
    driver.observe(target.service, target.environment, signal),
  ])
  return { route, instances }
}
