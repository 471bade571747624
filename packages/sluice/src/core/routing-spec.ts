/** What an environment says about its traffic, as a part of its route. */
import type { EnvironmentSpec, ReleaseId } from './model.ts'
import type { Overlap, Route, RouteRule } from './routing.ts'

type Said = Pick<Route, 'rules' | 'skew' | 'overlap' | 'assets' | 'bypass' | 'drain'>

/** What a step of a rollout adds: its rules, and releases without a share that are still up and may serve who started on them. */
export type Step = { readonly rules?: readonly RouteRule[]; readonly overlap: readonly Overlap[] }

/** The fields of a route that come from the config and from a step. The config's rules go first: a tester who names an arm means it. */
export const routingOf = (
  { routing = {} }: Pick<EnvironmentSpec, 'routing'>,
  { rules: own = [], overlap }: Step,
): Said => {
  const { skew, assets, bypass, drain } = routing
  const rules = [...(routing.rules ?? []), ...own]
  const lasts = skew !== undefined || assets !== undefined
  return {
    ...(rules.length > 0 && { rules }),
    ...(skew && { skew }),
    ...(lasts && overlap.length > 0 && { overlap }),
    ...(assets && { assets }),
    ...(bypass && { bypass }),
    ...(drain && { drain }),
  }
}

/** How long draining an instance waits: what lasts is given the time that the config gives it. */
export const drainMsOf = ({ drainTimeoutMs, routing }: Pick<EnvironmentSpec, 'drainTimeoutMs' | 'routing'>): number =>
  Math.max(drainTimeoutMs, routing?.drain?.maxAgeMs ?? 0)

/** What decides which releases overlap: where the rollout goes, and where it came from. */
export type Direction = {
  readonly status: string
  readonly purpose: string
  readonly from: ReleaseId | null
  readonly shares: readonly { readonly release: ReleaseId; readonly shareBp: number }[]
}

/**
 * The release that clients may stay with although it has no share any more: the one that a rollout replaces, on the way forward. Never one that is taken
 * back: who started on a bad release is not kept on it.
 */
export const overlapping = ({ status, purpose, from, shares }: Direction): ReleaseId | null =>
  status === 'advancing' &&
  purpose !== 'rollback' &&
  from !== null &&
  !shares.some(({ release, shareBp }) => release === from && shareBp > 0)
    ? from
    : null
