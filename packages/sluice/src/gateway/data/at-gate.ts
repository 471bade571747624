/** What of a request is looked at when the gate of its route is shut. */
import type { RequestHead } from '../http/request-head.ts'
import type { LiveRoute } from '../routes/live-route.ts'
import type { Wish } from '../routes/steering.ts'

/**
 * Whether the request stops at the gate. Health requests pass (who asks for the health of the service hears of the service, as long as one serves), and
 * through maintenance whoever was let through by the config.
 */
export const stopsAtGate = (route: LiveRoute, head: RequestHead, wish: Wish | null): boolean => {
  if (route.gate.page !== null && wish?.passes === true) return false
  const { path } = route.route.health
  const isHealth = ['GET', 'HEAD'].some((method) => head.upstreamText.startsWith(`${method} ${path} `))
  return !isHealth || route.arms.length === 0
}
