/** What of a request is looked at when the gate of its route is shut. */
import type { RequestHead } from '../http/request-head.ts'
import type { LiveRoute } from '../routes/live-route.ts'
import type { Wish } from '../routes/steering.ts'

/**
 * Whether the request stops at the gate. Health requests pass (who asks for the health of the service hears of the service, as long as one serves), and
 * through maintenance whoever was let through by the config. Nobody stops at the preview address: it is not the service's users who look there.
 */
export const stopsAtGate = (route: LiveRoute, head: RequestHead, wish: Wish | null): boolean => {
  if (wish?.door === 'preview') return false
  if (route.gate.page !== null && wish?.passes === true) return false
  const { path } = route.route.health
  const isHealth = ['GET', 'HEAD'].some((method) => head.upstreamText.startsWith(`${method} ${path} `))
  return !isHealth || route.arms.length === 0
}

/** What a request is told that nobody serves. */
export const nobodyText = (wish: Wish | null): string =>
  wish?.door === 'preview' ? 'no release waits for its switch here' : 'no release serves here'
