/** One router for the engine where environments have different ones: each request goes to the router that has the environment's route in force. */
import { SluiceError } from '../core/errors.ts'
import type { Route, RouteObservation } from '../core/routing.ts'
import type { RouteKey, Router } from '../ports/router.ts'

/** A router that can say, without being started, whether a route is its own. */
export type OtherRouter = Router & {
  readonly knows: (key: RouteKey) => Promise<'route' | 'removal' | 'nothing'>
}

/** The gateway for all environments but those that name the other router. */
export const routersByEnvironment = (gateway: Router, haproxy: OtherRouter): Router => {
  const inForce = async (key: RouteKey): Promise<Router> => ((await haproxy.knows(key)) === 'route' ? haproxy : gateway)
  return {
    probe: (request, signal) => (request.router === 'haproxy' ? haproxy : gateway).probe(request, signal),
    shift: async (route, signal) => {
      const wanted = route.router === 'haproxy' ? haproxy : gateway
      const before = await inForce(route)
      return before === wanted
        ? wanted.shift(route, signal)
        : move(
            { route, from: before, to: wanted, isNew: before === gateway && !(await hasRoute(gateway, route, signal)) },
            signal,
          )
    },
    observe: async (key, signal) => (await inForce(key)).observe(key, signal),
    drain: async (request, signal) => (await inForce(request)).drain(request, signal),
    remove: async (request, signal) => {
      // Both remember the fence, so that a late shift to either does not bring the route back.
      if ((await haproxy.knows(request)) !== 'nothing') await haproxy.remove(request, signal)
      await gateway.remove(request, signal)
    },
    maintain: async (request, signal) => {
      const router = await inForce(request)
      if (router.maintain !== undefined) return router.maintain(request, signal)
      throw new SluiceError('usage_invalid', {
        detail: `${request.environment} has a router without maintenance mode`,
        hint: "use router: 'gateway' for this environment",
      })
    },
    watch: (listener, signal) => {
      gateway.watch(listener, signal)
      haproxy.watch(listener, signal)
    },
  }
}

/** Whether the gateway has the route; one that does not run has none in force. */
const hasRoute = async (gateway: Router, key: RouteKey, signal: AbortSignal): Promise<boolean> => {
  try {
    return (await gateway.observe(key, signal)) !== null
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'gateway_unreachable') return false
    throw error
  }
}

type Move = { readonly route: Route; readonly from: Router; readonly to: Router; readonly isNew: boolean }

/** Two routers cannot listen on one port: the old one lets go, then the new one listens; should it not, the old one is given its route again. */
const move = async ({ route, from, to, isNew }: Move, signal: AbortSignal): Promise<RouteObservation> => {
  const held = isNew ? null : await from.observe(route, signal)
  await from.remove(route, signal)
  try {
    return await to.shift(route, signal)
  } catch (error) {
    if (held !== null) await from.shift({ ...held.route, fence: route.fence }, signal)
    throw error
  }
}
