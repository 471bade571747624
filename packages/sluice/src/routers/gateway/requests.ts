/** What the router asks of the gateway, as data: the command, how long its answer may take, and what a lost answer means. */
import { limits } from '../../core/limits.ts'
import type { GatewayAnswer, GatewayCommand, Route } from '../../core/routing.ts'
import type { Router, RouteKey } from '../../ports/router.ts'

/** One question to the gateway. */
export type GatewayRequest<Kind extends keyof GatewayAnswer = keyof GatewayAnswer> = {
  readonly command: Extract<GatewayCommand, { readonly kind: Kind }>
  readonly deadlineMs: number
  /** How long there may be no socket at all before it counts as unreachable. */
  readonly absentMs: number
  /** `change`: when the answer is lost nobody knows whether it happened. `question`: it changes nothing that anyone relies on. */
  readonly effect: 'change' | 'question'
}

/** A question of any kind, where the kind of its answer does not matter. */
export type AnyRequest = Omit<GatewayRequest, 'command'> & { readonly command: GatewayCommand }

/** Asks for a route to be in force. */
export const shiftRequest = (route: Route): GatewayRequest<'set_route'> => ({
  command: { kind: 'set_route', route },
  deadlineMs: limits.shiftDeadlineMs,
  absentMs: limits.shiftDeadlineMs,
  effect: 'change',
})

/** Asks for a route to be gone. */
export const removeRequest = (wanted: Parameters<Router['remove']>[0]): GatewayRequest<'remove_route'> => {
  const { service, environment, fence } = wanted
  return {
    command: { kind: 'remove_route', service, environment, fence },
    deadlineMs: limits.shiftDeadlineMs,
    absentMs: limits.shiftDeadlineMs,
    effect: 'change',
  }
}

/** Asks what is in force and what was counted. */
export const observeRequest = ({ service, environment }: RouteKey): GatewayRequest<'observe'> => ({
  command: { kind: 'observe', service, environment },
  deadlineMs: limits.measureDeadlineMs,
  absentMs: limits.gatewayAbsentMs,
  effect: 'question',
})

/** Asks the gateway to probe; the answer may take as long as the probing itself. */
export const probeRequest = (wanted: Parameters<Router['probe']>[0]): GatewayRequest<'probe'> => {
  const { upstreams, health, successes, deadlineMs, enough } = wanted
  const hurry = enough === undefined ? {} : { enough }
  return {
    command: { kind: 'probe', upstreams, health, successes, deadlineMs, ...hurry },
    deadlineMs: deadlineMs + limits.callMarginMs,
    absentMs: deadlineMs + limits.callMarginMs,
    effect: 'question',
  }
}

/** Asks the gateway to wait until nothing is in flight. */
export const drainRequest = (wanted: Parameters<Router['drain']>[0]): GatewayRequest<'drain'> => {
  const { service, environment, upstreams, deadlineMs } = wanted
  return {
    command: { kind: 'drain', service, environment, upstreams, deadlineMs },
    deadlineMs: deadlineMs + limits.callMarginMs,
    absentMs: deadlineMs + limits.callMarginMs,
    effect: 'question',
  }
}

/** Asks for maintenance, or for its end. */
export const maintainRequest = (wanted: Parameters<NonNullable<Router['maintain']>>[0]): GatewayRequest<'maintain'> => {
  const { service, environment, sequence, maintenance } = wanted
  return {
    command: { kind: 'maintain', service, environment, sequence, maintenance },
    deadlineMs: limits.shiftDeadlineMs,
    absentMs: limits.shiftDeadlineMs,
    effect: 'change',
  }
}

/** Asks who is there. */
export const helloRequest: GatewayRequest<'hello'> = {
  command: { kind: 'hello' },
  deadlineMs: limits.measureDeadlineMs,
  absentMs: limits.gatewayAbsentMs,
  effect: 'question',
}

/** Documented parser: who answered, or null when it speaks another protocol than this router. */
export const parseHello = (answer: unknown): GatewayAnswer['hello'] | null => {
  if (typeof answer !== 'object' || answer === null || !('protocol' in answer) || answer.protocol !== 1) return null
  const { pid, version, startedAt } = answer as Partial<GatewayAnswer['hello']>
  if (typeof pid !== 'number' || typeof version !== 'string' || typeof startedAt !== 'number') return null
  return { protocol: 1, pid, version, startedAt }
}
